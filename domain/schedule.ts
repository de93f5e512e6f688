import type { Calendar, HolidayRule } from './calendar';
import { monthsFromAnchor, type BusinessDate } from './dates';
import { LoanloomError } from './errors';
import { fen, minus, plus, timesRate, ZERO, type Fen } from './money';
import { divideRounded, type Rational, type RoundingMode } from './rational';

/** One row of a repayment schedule. `balance` is the principal left after it. */
export interface Installment {
  readonly number: number;
  readonly dueOn: BusinessDate;
  readonly principal: Fen;
  readonly interest: Fen;
  readonly fee: Fen;
  readonly payment: Fen;
  readonly balance: Fen;
}

/** What the contract fixes. `annualRate` is a fraction of one; `count` monthly installments; `feePerInstallment` is charged on each. */
export interface ScheduleTerms {
  readonly principal: Fen;
  readonly annualRate: Rational;
  readonly periodsPerYear: number;
  readonly count: number;
  readonly disbursedOn: BusinessDate;
  readonly interestRounding: RoundingMode;
  readonly feePerInstallment: Fen;
  readonly holidayRule: HolidayRule;
  readonly calendar: Calendar;
}

/**
 * Due dates from the anchor day and the period number, then the holiday rule. They strictly increase:
 * where shifting would make two meet, VALIDATION says so instead of merging installments.
 */
export function dueDates(terms: Pick<ScheduleTerms, 'disbursedOn' | 'count' | 'holidayRule' | 'calendar'>): BusinessDate[] {
  const dates: BusinessDate[] = [];
  for (let period = 1; period <= terms.count; period += 1) {
    const due = terms.calendar.shift(monthsFromAnchor(terms.disbursedOn, period), terms.holidayRule);
    const previous = dates.at(-1) ?? terms.disbursedOn;
    if (due <= previous) throw new LoanloomError('VALIDATION', `due date ${due} does not follow ${previous}`, { path: 'dueOn' });
    dates.push(due);
  }
  return dates;
}

/**
 * The level payment P·r·(1+r)^n / ((1+r)^n − 1), exact until its one rounding to a fen; P/n where r = 0.
 * With r = a/b it is P·a·(a+b)^n / (b·((a+b)^n − b^n)).
 */
export function levelPayment(principal: Fen, periodRate: Rational, count: number, rounding: RoundingMode): Fen {
  if (periodRate.numerator === 0n) return fen(divideRounded(BigInt(principal), BigInt(count), rounding));
  const grown = (periodRate.numerator + periodRate.denominator) ** BigInt(count);
  const base = periodRate.denominator ** BigInt(count);
  return fen(divideRounded(BigInt(principal) * periodRate.numerator * grown, periodRate.denominator * (grown - base), rounding));
}

/**
 * Equal installments (等额本息) on periodic interest: every payment is the level payment, the last row
 * takes the remaining balance. Rows = count, principal sums exactly, the last balance is 0.
 * INSTALLMENT_TOO_SMALL where rounding leaves a payment that does not cover the interest.
 */
export function equalInstallmentSchedule(terms: ScheduleTerms): Installment[] {
  const periodRate = { numerator: terms.annualRate.numerator, denominator: terms.annualRate.denominator * BigInt(terms.periodsPerYear) };
  const level = levelPayment(terms.principal, periodRate, terms.count, terms.interestRounding);
  const dates = dueDates(terms);
  const rows: Installment[] = [];
  let balance = terms.principal;
  for (const [index, dueOn] of dates.entries()) {
    const interest = timesRate(balance, periodRate, terms.interestRounding);
    const isLast = index === dates.length - 1;
    const principal = isLast ? balance : minus(level, interest);
    if (principal < 0 || principal > balance || (!isLast && principal === 0)) {
      throw new LoanloomError(
        'INSTALLMENT_TOO_SMALL',
        `${String(terms.count)} installments of ${String(terms.principal)} fen cannot be paid in whole fen: choose a shorter term or a larger amount`,
        { path: 'count' },
      );
    }
    balance = minus(balance, principal);
    rows.push({
      number: index + 1,
      dueOn,
      principal,
      interest,
      fee: terms.feePerInstallment,
      payment: plus(principal, interest, terms.feePerInstallment),
      balance,
    });
  }
  return rows;
}

export function totals(rows: readonly Installment[]): { principal: Fen; interest: Fen; fee: Fen; payment: Fen } {
  let sums = { principal: ZERO, interest: ZERO, fee: ZERO, payment: ZERO };
  for (const row of rows) {
    sums = {
      principal: plus(sums.principal, row.principal),
      interest: plus(sums.interest, row.interest),
      fee: plus(sums.fee, row.fee),
      payment: plus(sums.payment, row.payment),
    };
  }
  return sums;
}
