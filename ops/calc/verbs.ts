import { z } from 'zod';
import { allocate, COMPONENTS, type AllocationOrder, type Components } from '../../domain/money/allocation';
import { effectiveRate, irr, rateText, trueCost, usActuarialRate, xirr } from '../../domain/loan/apr';
import { dayCount, DAY_COUNTS } from '../../domain/time/day-count';
import { LoanloomError } from '../../domain/errors';
import { fen, minorText, type Fen, type MinorUnits } from '../../domain/money/money';
import { toDecimal } from '../../domain/money/rational';
import { scheduleOf, totals, type Installment } from '../../domain/loan/schedule';
import type { LoanTerms } from '../../domain/loan/terms';
import { account, componentsText } from './account-verb';
import { formOf, join, minorUnits, Reader, text } from './reading';
import { termsFrom, termsShape } from './terms-input';

type Verb = (input: unknown) => unknown;

const days = z.enum(DAY_COUNTS);

export function scheduleOutput(terms: LoanTerms, rows: readonly Installment[], units: MinorUnits) {
  const money = (amount: Fen) => minorText(amount, units);
  const sums = totals(rows);
  const otherFees = terms.fees.reduce((sum, fee) => (fee.on === 'each_installment' ? sum : sum + fee.amount), 0);
  return {
    installments: rows.map((row) => ({
      number: row.number,
      dueOn: row.dueOn,
      principal: money(row.principal),
      interest: money(row.interest),
      payment: money(fen(row.principal + row.interest)),
      balance: money(row.balance),
    })),
    totals: {
      principal: money(sums.principal),
      interest: money(sums.interest),
      ...(terms.fees.length === 0 ? {} : { fee: money(fen(sums.fee + otherFees)) }),
      payment: money(fen(sums.payment + otherFees)),
    },
    apr: trueCost(terms, rows),
  };
}

const schedule: Verb = (raw) => {
  const input = formOf(termsShape, raw);
  const terms = termsFrom(input);
  return scheduleOutput(terms, scheduleOf(terms), input.minorUnits);
};

const LONGEST = 10_000;
const aprShape = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('us_actuarial'),
    minorUnits,
    amountFinanced: text,
    unitPeriodsPerYear: z.int().min(1).max(366),
    payments: z
      .array(z.strictObject({ amount: text, unitPeriods: z.int().min(0).max(100_000), fraction: text.default('0') }))
      .min(1)
      .max(LONGEST),
  }),
  z.strictObject({
    method: z.literal('effective'),
    minorUnits,
    flows: z
      .array(z.strictObject({ amount: text, years: text }))
      .min(1)
      .max(LONGEST),
  }),
  z.strictObject({
    method: z.literal('xirr'),
    minorUnits,
    dayCount: days,
    flows: z
      .array(z.strictObject({ amount: text, on: text }))
      .min(1)
      .max(LONGEST),
  }),
  z.strictObject({ method: z.literal('irr'), minorUnits, flows: z.array(text).min(1).max(LONGEST) }),
]);

const apr: Verb = (raw) => {
  const input = formOf(aprShape, raw);
  const read = new Reader(input.minorUnits);
  const at = (index: number, name: string) => join('flows', index, name);
  switch (input.method) {
    case 'us_actuarial': {
      const payments = input.payments.map(({ amount, unitPeriods, fraction }, index) => {
        const part = read.fraction(fraction, join('payments', index, 'fraction'));
        if (part.numerator < 0n || part.numerator >= part.denominator)
          throw new LoanloomError('VALIDATION', 'a fraction of a unit-period lies in [0, 1)', {
            path: join('payments', index, 'fraction'),
          });
        return { amount: read.amount(amount, join('payments', index, 'amount')), unitPeriods, fraction: part };
      });
      const financed = read.positive(input.amountFinanced, 'amountFinanced');
      return { rate: rateText(usActuarialRate(financed, payments, input.unitPeriodsPerYear)) };
    }
    case 'effective': {
      const flows = input.flows.map(({ amount, years }, index) => {
        return { amount: BigInt(read.signed(amount, at(index, 'amount'))), time: read.fraction(years, at(index, 'years')) };
      });
      return { rate: rateText(effectiveRate(flows)) };
    }
    case 'xirr': {
      const flows = input.flows.map(({ amount, on }, index) => ({
        amount: BigInt(read.signed(amount, at(index, 'amount'))),
        on: read.date(on, at(index, 'on')),
      }));
      return { rate: rateText(xirr(flows, input.dayCount)) };
    }
    case 'irr':
      return { rate: rateText(irr(input.flows.map((amount, index) => BigInt(read.signed(amount, join('flows', index)))))) };
  }
};

const amounts = z.strictObject({
  penalty: text.default('0'),
  fee: text.default('0'),
  interest: text.default('0'),
  principal: text.default('0'),
});
const component = z.enum(COMPONENTS);
export const orderShape = z.array(component).max(COMPONENTS.length);

export function assertDistinct(order: AllocationOrder, path: string): void {
  for (const name of ['due', 'inAdvance'] as const) {
    if (new Set(order[name]).size !== order[name].length)
      throw new LoanloomError('VALIDATION', 'an order names each component once', { path: join(path, name) });
  }
}

const allocateShape = z.strictObject({
  minorUnits,
  due: amounts,
  notYetDue: amounts.default({ penalty: '0', fee: '0', interest: '0', principal: '0' }),
  payment: text,
  order: z.strictObject({ due: orderShape, inAdvance: orderShape.default([]) }),
});

const allocation: Verb = (raw) => {
  const input = formOf(allocateShape, raw);
  const read = new Reader(input.minorUnits);
  const components = (name: 'due' | 'notYetDue'): Components => ({
    penalty: read.amount(input[name].penalty, join(name, 'penalty')),
    fee: read.amount(input[name].fee, join(name, 'fee')),
    interest: read.amount(input[name].interest, join(name, 'interest')),
    principal: read.amount(input[name].principal, join(name, 'principal')),
  });
  assertDistinct(input.order, 'order');
  const split = allocate(components('due'), components('notYetDue'), read.amount(input.payment, 'payment'), input.order);
  return {
    due: componentsText(split.due, input.minorUnits),
    notYetDue: componentsText(split.notYetDue, input.minorUnits),
    unallocated: minorText(split.unallocated, input.minorUnits),
  };
};

const dayCountShape = z.strictObject({ minorUnits, convention: days, from: text, to: text });

const interval: Verb = (raw) => {
  const input = formOf(dayCountShape, raw);
  const read = new Reader(input.minorUnits);
  const { days: counted, years } = dayCount(input.convention, read.date(input.from, 'from'), read.date(input.to, 'to'));
  return { days: counted, yearFraction: toDecimal(years, 12) };
};

/** The verbs of the calculator contract. */
export const VERBS: Readonly<Record<string, Verb>> = { schedule, apr, allocate: allocation, dayCount: interval, account };
