import { z } from 'zod';
import { DAY_COUNTS } from '../../domain/time/day-count';
import { daysBetween, type BusinessDate } from '../../domain/time/dates';
import { datesByRule, dueDates, periodsPerYear, workingDays, type Shift } from '../../domain/time/due-dates';
import { LoanloomError } from '../../domain/errors';
import type { Rounding } from '../../domain/money/rounding';
import { METHODS, type InstallmentRule, type InterestBasis, type LoanTerms, type TermFee } from '../../domain/loan/terms';
import { join, minorUnits, Reader, rounding, text } from './reading';

/** The most rows of one schedule: 100 years of months, or ten of days. */
const ROWS = 3_660;
const count = z.int().min(1).max(ROWS);
const perYear = z.int().min(1).max(366);

export const every = z.union([
  z.strictObject({ months: z.int().min(1).max(1_200) }),
  z.strictObject({ weeks: z.int().min(1).max(5_200) }),
  z.strictObject({ days: z.int().min(1).max(36_500) }),
]);

const interest = z.discriminatedUnion('basis', [
  z.strictObject({ basis: z.literal('periodic'), periodsPerYear: perYear }),
  z.strictObject({ basis: z.literal('day_count'), convention: z.enum(DAY_COUNTS) }),
  z.strictObject({ basis: z.literal('daily'), dailyRate: text }),
]);

/** The input of `schedule`, and the `terms` of `account`. */
export const termsShape = z.strictObject({
  minorUnits,
  principal: text,
  annualRate: text.optional(),
  disbursedOn: text,
  dueOn: z.array(text).min(1).max(ROWS).optional(),
  every: every.optional(),
  count: count.optional(),
  firstDueOn: text.optional(),
  anchorDay: z.int().min(1).max(31).optional(),
  method: z.enum(METHODS),
  interest,
  interestRounding: rounding.optional(),
  principalRounding: rounding.optional(),
  installment: z
    .strictObject({
      amount: text.optional(),
      rounding: rounding.optional(),
      annuity: z.enum(['exact', 'periodic']).optional(),
      periodsPerYear: perYear.optional(),
    })
    .optional(),
  grace: z
    .strictObject({
      principalPeriods: z.int().min(0).max(ROWS).default(0),
      interestDeferredPeriods: z.int().min(0).max(ROWS).default(0),
    })
    .default({ principalPeriods: 0, interestDeferredPeriods: 0 }),
  fixedPrincipal: text.optional(),
  shift: z
    .strictObject({
      rule: z.enum(['same_day', 'next_working_day', 'previous_working_day']),
      holidays: z.array(text).max(20_000).default([]),
      weekend: z.array(z.int().min(1).max(7)).max(7).default([6, 7]),
      interestFollows: z.enum(['shifted', 'unshifted']).default('shifted'),
    })
    .optional(),
  fees: z
    .array(z.strictObject({ name: z.string().min(1).max(200), amount: text, on: text }))
    .max(100)
    .default([]),
});
type TermsInput = z.output<typeof termsShape>;

const invalid = (message: string, path: string) => new LoanloomError('VALIDATION', message, { path });

function interestOf(input: TermsInput, read: Reader): InterestBasis {
  if (input.interest.basis === 'daily') {
    if (input.annualRate !== undefined) throw invalid('a daily rate stands alone: leave annualRate out', 'annualRate');
    return { basis: 'daily', dailyRate: read.rate(input.interest.dailyRate, 'interest.dailyRate') };
  }
  if (input.annualRate === undefined) throw invalid('annualRate is missing', 'annualRate');
  return { ...input.interest, annualRate: read.rate(input.annualRate, 'annualRate') };
}

function rawDates(input: TermsInput, disbursedOn: BusinessDate, read: Reader): BusinessDate[] {
  if (input.dueOn !== undefined) {
    for (const name of ['every', 'count', 'firstDueOn', 'anchorDay'] as const)
      if (input[name] !== undefined) throw invalid(`dueOn already gives the due dates: leave ${name} out`, name);
    return input.dueOn.map((each, index) => read.date(each, join('dueOn', index)));
  }
  if (input.every === undefined) throw invalid('give dueOn, or every and count', 'dueOn');
  if (input.count === undefined) throw invalid('count is missing', 'count');
  if (input.anchorDay !== undefined && !('months' in input.every)) throw invalid('an anchor day belongs to months', 'anchorDay');
  const firstDueOn = input.firstDueOn === undefined ? undefined : read.date(input.firstDueOn, 'firstDueOn');
  if (firstDueOn !== undefined && firstDueOn <= disbursedOn)
    throw new LoanloomError('DATES_NOT_INCREASING', 'the first due date must follow the disbursement', { path: 'firstDueOn' });
  return datesByRule(
    {
      every: input.every,
      count: input.count,
      ...(firstDueOn === undefined ? {} : { firstDueOn }),
      ...(input.anchorDay === undefined ? {} : { anchorDay: input.anchorDay }),
    },
    disbursedOn,
  );
}

function shiftOf(input: TermsInput, read: Reader): Shift | undefined {
  if (input.shift === undefined) return undefined;
  const { rule, interestFollows, weekend } = input.shift;
  const holidays = input.shift.holidays.map((each, index) => read.date(each, join('shift', 'holidays', index)));
  return { rule, interestFollows, isWorkingDay: workingDays(holidays, weekend) };
}

function installmentOf(input: TermsInput, read: Reader, fallback: Rounding): InstallmentRule {
  const rule = input.installment;
  if (rule?.amount !== undefined) {
    for (const name of ['rounding', 'annuity', 'periodsPerYear'] as const)
      if (rule[name] !== undefined) throw invalid(`the amount is given: leave ${name} out`, `installment.${name}`);
    if (!['equal_installment', 'balloon', 'flat'].includes(input.method))
      throw invalid(`${input.method} has no given installment`, 'installment.amount');
    return { amount: read.positive(rule.amount, 'installment.amount') };
  }
  if (input.method === 'balloon') throw invalid('a balloon needs its installment', 'installment.amount');
  const rounded = read.rounding(rule?.rounding, 'installment.rounding', fallback);
  if (rule?.annuity !== 'periodic') {
    if (rule?.periodsPerYear !== undefined) throw invalid('periodsPerYear belongs to the periodic annuity', 'installment.periodsPerYear');
    return { annuity: 'exact', rounding: rounded };
  }
  const periods = rule.periodsPerYear;
  if (periods === undefined) throw invalid('the periodic annuity needs periodsPerYear', 'installment.periodsPerYear');
  return { annuity: 'periodic', periodsPerYear: periods, rounding: rounded };
}

function feesOf(input: TermsInput, disbursedOn: BusinessDate, read: Reader): TermFee[] {
  return input.fees.map(({ name, amount, on }, index) => {
    const path = join('fees', index);
    const isNamed = on === 'disbursement' || on === 'each_installment';
    const date = isNamed ? on : read.date(on, join(path, 'on'));
    if (!isNamed && date < disbursedOn)
      throw new LoanloomError('INVALID_DATE', 'a fee cannot fall before the disbursement', { path: join(path, 'on') });
    return { name, amount: read.amount(amount, join(path, 'amount')), on: date };
  });
}

/** Loan terms from the calculator's input. Errors name the field's path within it. */
export function termsFrom(input: TermsInput): LoanTerms {
  const read = new Reader(input.minorUnits);
  const principal = read.positive(input.principal, 'principal');
  const disbursedOn = read.date(input.disbursedOn, 'disbursedOn');
  const interestRounding = read.rounding(input.interestRounding, 'interestRounding');
  const raw = rawDates(input, disbursedOn, read);
  if ((input.fixedPrincipal !== undefined) !== (input.method === 'fixed_principal'))
    throw invalid('fixedPrincipal belongs to the method fixed_principal', 'fixedPrincipal');
  if (input.method === 'flat' && input.interest.basis !== 'periodic')
    throw invalid('flat interest is counted by equal periods', 'interest.basis');
  return {
    principal,
    disbursedOn,
    dates: dueDates(raw, disbursedOn, shiftOf(input, read), input.dueOn === undefined ? 'every' : 'dueOn'),
    method: input.method,
    interest: interestOf(input, read),
    interestRounding,
    principalRounding: read.rounding(input.principalRounding, 'principalRounding', interestRounding),
    installment: installmentOf(input, read, interestRounding),
    ...(input.fixedPrincipal === undefined ? {} : { fixedPrincipal: read.positive(input.fixedPrincipal, 'fixedPrincipal') }),
    grace: input.grace,
    fees: feesOf(input, disbursedOn, read),
    periodsPerYear: yearlyPeriods(input, disbursedOn, raw),
  };
}

/** Periods a year for the nominal rate, where the dates before any shift are equally spaced: as the basis states them, else by the unit of `every`, else by the dates. */
function yearlyPeriods(input: TermsInput, disbursedOn: BusinessDate, raw: readonly BusinessDate[]): LoanTerms['periodsPerYear'] {
  const spacing = periodsPerYear([disbursedOn, ...raw]);
  if (spacing === null) return null;
  if (input.interest.basis === 'periodic') return { numerator: BigInt(input.interest.periodsPerYear), denominator: 1n };
  const isByDays = input.every !== undefined && 'days' in input.every && spacing.numerator !== 12n;
  return isByDays ? { numerator: 365n, denominator: BigInt(daysBetween(disbursedOn, raw[0] ?? disbursedOn)) } : spacing;
}
