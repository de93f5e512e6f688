import type Decimal from 'decimal.js';
import { dayCount, type DayCount } from '../time/day-count';
import type { BusinessDate } from '../time/dates';
import { LoanloomError } from '../errors';
import type { Fen } from '../money/money';
import type { Rational } from '../money/rational';
import { D, uniqueRate, type Flow } from '../money/roots';
import type { Installment } from './schedule';
import type { LoanTerms } from './terms';

/** Decimals of a printed rate. */
const PLACES = 16;

/** A rate as text, a fraction of one with 16 decimals. */
export function rateText(rate: Decimal): string {
  const text = rate.toFixed(PLACES);
  return /^-0\.0+$/.test(text) ? text.slice(1) : text;
}

/** Rate per period of equally spaced flows; money out to the borrower is negative. */
export function irr(flows: readonly bigint[]): Decimal {
  return uniqueRate(flows.map((amount, period) => ({ amount, time: { numerator: BigInt(period), denominator: 1n } })));
}

/**
 * Effective yearly rate of flows at exact fractions of a year (2008/48/EC Annex I). Years count from any common
 * moment: a flow before it (a deposit paid ahead of the first advance) has a negative time.
 */
export function effectiveRate(flows: readonly Flow[]): Decimal {
  const earliest = flows.reduce<Rational>((first, { time }) => (isLess(time, first) ? time : first), { numerator: 0n, denominator: 1n });
  return uniqueRate(flows.map(({ amount, time }) => ({ amount, time: difference(time, earliest) })));
}

const isLess = (a: Rational, b: Rational) => a.numerator * b.denominator < b.numerator * a.denominator;

const difference = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.denominator - b.numerator * a.denominator,
  denominator: a.denominator * b.denominator,
});

/** Effective yearly rate of dated flows, years counted from the earliest date by a day count. */
export function xirr(flows: readonly { readonly amount: bigint; readonly on: BusinessDate }[], convention: DayCount): Decimal {
  const [first] = flows.map((flow) => flow.on).sort();
  if (first === undefined) throw new LoanloomError('RATE_NO_SIGN_CHANGE', 'a rate needs flows', { path: 'flows' });
  return uniqueRate(flows.map(({ amount, on }) => ({ amount, time: dayCount(convention, first, on).years })));
}

/** A payment of the US actuarial method: after `unitPeriods` whole unit-periods and `fraction` of one, 0 ≤ fraction < 1. */
export interface UnitPeriodPayment {
  readonly amount: Fen;
  readonly unitPeriods: number;
  readonly fraction: Rational;
}

/**
 * 12 CFR 1026 Appendix J (b)(8): the yearly rate i × unit-periods per year at which
 * amountFinanced = Σ P / ((1 + f·i)(1 + i)^t). Every term falls as i grows, so the root is the only one.
 * RATE_NO_SIGN_CHANGE without a payment, RATE_NOT_FOUND with no root for i in (−1, 10⁶).
 */
export function usActuarialRate(amountFinanced: Fen, payments: readonly UnitPeriodPayment[], unitPeriodsPerYear: number): Decimal {
  if (!payments.some((payment) => payment.amount > 0))
    throw new LoanloomError('RATE_NO_SIGN_CHANGE', 'a rate needs at least one payment', { path: 'payments' });
  const terms = payments.map(({ amount, unitPeriods, fraction }) => ({
    amount,
    periods: unitPeriods,
    fraction: new D(fraction.numerator.toString()).div(fraction.denominator.toString()),
    share: Number(fraction.numerator) / Number(fraction.denominator),
  }));
  /** Where the root lies, in doubles: ln(1 + i), so that rates near −1 keep their digits. */
  const excess = (s: number) =>
    terms.reduce(
      (sum, { amount, periods, share }) => sum + (amount * Math.exp(-periods * s)) / (1 + share * Math.expm1(s)),
      0 - amountFinanced,
    );
  let [low, high] = [-700, Math.log1p(1e6)];
  if (excess(high) > 0 || excess(low) < 0)
    throw new LoanloomError('RATE_NOT_FOUND', 'no rate between −1 and 1,000,000 balances the payments', { path: 'payments' });
  for (let step = 0; step < 120; step += 1) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
  let rate: Decimal = new D((low + high) / 2).exp().minus(1);
  for (let step = 0; step < 2; step += 1) {
    let [value, slope] = [new D(amountFinanced).negated(), new D(0)];
    for (const { amount, periods, fraction } of terms) {
      const [simple, compound] = [fraction.times(rate).plus(1), rate.plus(1)];
      const part = new D(amount).div(simple.times(compound.pow(periods)));
      value = value.plus(part);
      slope = slope.minus(part.times(fraction.div(simple).plus(new D(periods).div(compound))));
    }
    if (!slope.isZero()) rate = rate.minus(value.div(slope));
  }
  return rate.times(unitPeriodsPerYear);
}

/** The true cost of a schedule, all fees that the borrower must bear included. */
export interface TrueCost {
  /** IRR of equal periods × periods per year (PBoC announcement 3 of 2021); null where the periods are not equal. */
  readonly irrNominal: string | null;
  /** XIRR on ACT/365F from the disbursement: what the same flows cost with interest on interest; null where it exceeds a million. */
  readonly effective: string | null;
}

/** INVALID_AMOUNT (path `fees`) where the fees at disbursement leave nothing to the borrower. */
export function trueCost(terms: LoanTerms, rows: readonly Installment[]): TrueCost {
  const flows = new Map<BusinessDate, bigint>([[terms.disbursedOn, -BigInt(terms.principal)]]);
  const add = (on: BusinessDate, amount: Fen) => flows.set(on, (flows.get(on) ?? 0n) + BigInt(amount));
  for (const fee of terms.fees) {
    if (fee.on === 'each_installment') continue;
    add(fee.on === 'disbursement' ? terms.disbursedOn : fee.on, fee.amount);
  }
  if ((flows.get(terms.disbursedOn) ?? 0n) >= 0n)
    throw new LoanloomError('INVALID_AMOUNT', 'the fees at disbursement leave nothing to the borrower', { path: 'fees' });
  for (const row of rows) add(row.dueOn, row.payment);
  const isRegular = flows.size === rows.length + 1;
  const ordered = [...flows].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    irrNominal: orNull(() => {
      const { periodsPerYear } = terms;
      return periodsPerYear === null || !isRegular ? null : perYear(irr(ordered.map(([, amount]) => amount)), periodsPerYear);
    }),
    effective: orNull(() =>
      xirr(
        ordered.map(([on, amount]) => ({ on, amount })),
        'ACT/365F',
      ),
    ),
  };
}

/** A rate as text; null where it lies outside the range in which rates are sought. */
function orNull(rate: () => Decimal | null): string | null {
  try {
    const found = rate();
    return found === null ? null : rateText(found);
  } catch (error) {
    if (error instanceof LoanloomError && error.code === 'RATE_NOT_FOUND') return null;
    throw error;
  }
}

function perYear(rate: Decimal, periods: Rational): Decimal {
  return rate.times(periods.numerator.toString()).div(periods.denominator.toString());
}

/** APR_CAP_EXCEEDED when the all-in figure lies above the cap; equality is allowed. */
export function assertWithinCap(apr: string, cap: string): void {
  if (new D(apr).gt(new D(cap)))
    throw new LoanloomError('APR_CAP_EXCEEDED', `the true yearly cost of ${apr} is above the cap of ${cap}`, { apr, cap });
}
