import { dayNumber, daysInMonth, type BusinessDate } from './dates';
import { LoanloomError } from '../errors';
import type { Rational } from '../money/rational';

/**
 * Day-count conventions, by their ISDA names (2006 ISDA Definitions §4.16). `30/360` is the bond basis
 * without a February rule; `30/360-US` applies the end-of-February rule first (SIA Standard Securities
 * Calculation Methods 1993; QuantLib's Thirty360.USA); `30E/360` is the Eurobond basis.
 */
export const DAY_COUNTS = ['ACT/365F', 'ACT/360', 'ACT/364', 'ACT/ACT-ISDA', '30/360', '30E/360', '30/360-US'] as const;
export type DayCount = (typeof DAY_COUNTS)[number];

export interface Interval {
  /** Days by the convention; the interval includes its first date and excludes its last. */
  readonly days: number;
  readonly years: Rational;
}

const parts = (date: BusinessDate) => ({ year: Number(date.slice(0, 4)), month: Number(date.slice(5, 7)), day: Number(date.slice(8, 10)) });

function isEndOfFebruary({ year, month, day }: { year: number; month: number; day: number }): boolean {
  return month === 2 && day === daysInMonth(year, 2);
}

/** Days between two dates in years of twelve months of thirty days. */
function days360(convention: '30/360' | '30E/360' | '30/360-US', from: BusinessDate, to: BusinessDate): number {
  const [start, end] = [parts(from), parts(to)];
  let [first, last] = [start.day, end.day];
  if (convention === '30E/360') {
    first = Math.min(first, 30);
    last = Math.min(last, 30);
  } else {
    if (convention === '30/360-US' && isEndOfFebruary(start)) {
      if (isEndOfFebruary(end)) last = 30;
      first = 30;
    }
    if (first === 31) first = 30;
    if (last === 31 && first === 30) last = 30;
  }
  return 360 * (end.year - start.year) + 30 * (end.month - start.month) + (last - first);
}

function isLeap(year: number): boolean {
  return daysInMonth(year, 2) === 29;
}

/** ISDA: the days in leap years over 366 plus the days in other years over 365. */
function actualActual(from: BusinessDate, to: BusinessDate): Rational {
  let [leapDays, commonDays] = [0, 0];
  const [firstYear, lastYear] = [Number(from.slice(0, 4)), Number(to.slice(0, 4))];
  for (let year = firstYear; year <= lastYear; year += 1) {
    const opens = Math.max(dayNumber(from), dayNumber(`${String(year)}-01-01` as BusinessDate));
    const closes = Math.min(dayNumber(to), dayNumber(`${String(year + 1)}-01-01` as BusinessDate));
    if (isLeap(year)) leapDays += closes - opens;
    else commonDays += closes - opens;
  }
  return { numerator: BigInt(leapDays * 365 + commonDays * 366), denominator: 133_590n };
}

const DENOMINATORS = { 'ACT/365F': 365n, 'ACT/360': 360n, 'ACT/364': 364n } as const;

/** The days and the exact fraction of a year from `from` up to `to`. INVALID_DATE (path `from`) where from lies after to. */
export function dayCount(convention: DayCount, from: BusinessDate, to: BusinessDate): Interval {
  if (from > to) throw new LoanloomError('INVALID_DATE', `${from} lies after ${to}`, { path: 'from' });
  switch (convention) {
    case '30/360':
    case '30E/360':
    case '30/360-US': {
      const days = days360(convention, from, to);
      return { days, years: { numerator: BigInt(days), denominator: 360n } };
    }
    case 'ACT/ACT-ISDA':
      return { days: dayNumber(to) - dayNumber(from), years: actualActual(from, to) };
    default: {
      const days = dayNumber(to) - dayNumber(from);
      return { days, years: { numerator: BigInt(days), denominator: DENOMINATORS[convention] } };
    }
  }
}
