import type { HolidayRule } from './calendar';
import { addDays, businessDate, daysBetween, daysInMonth, monthsFromAnchor, weekday, type BusinessDate } from './dates';
import { LoanloomError } from '../errors';

/** The length of a period. */
export type Every = { readonly months: number } | { readonly weeks: number } | { readonly days: number };

/** Due dates by rule: `count` periods of `every`, the first on `firstDueOn` or one period after the disbursement. */
export interface DueRule {
  readonly every: Every;
  readonly count: number;
  readonly firstDueOn?: BusinessDate;
  /** Day of the month to which monthly dates keep; default the day of `firstDueOn`, else of the disbursement. */
  readonly anchorDay?: number;
}

/** What happens to a date on a day off. `interestFollows` says up to which date a period's interest runs. */
export interface Shift {
  readonly rule: HolidayRule;
  readonly interestFollows: 'shifted' | 'unshifted';
  /** INVALID_DATE, CALENDAR_YEAR_NOT_COVERED: where the calendar cannot tell. */
  isWorkingDay(date: BusinessDate): boolean;
}

/** One due date: when the payment is due, and the day up to which its interest runs. */
export interface DueDate {
  readonly dueOn: BusinessDate;
  readonly accruesTo: BusinessDate;
}

/** The longest stretch of days off that is looked through. */
const LONGEST_CLOSURE = 366;

/** The dates of a rule, before any shift. Monthly dates come from the anchor day and the period's number, never from the date before. */
export function datesByRule(rule: DueRule, disbursedOn: BusinessDate): BusinessDate[] {
  const { every, count, firstDueOn } = rule;
  const base = firstDueOn ?? disbursedOn;
  const offset = firstDueOn === undefined ? 1 : 0;
  const anchorDay = rule.anchorDay ?? Number(base.slice(8, 10));
  const dates: BusinessDate[] = [];
  for (let period = 0; period < count; period += 1) {
    if (period === 0 && firstDueOn !== undefined) dates.push(firstDueOn);
    else if ('months' in every) dates.push(monthsFromAnchor(base, (period + offset) * every.months, anchorDay));
    else dates.push(businessDate(addDays(base, (period + offset) * ('weeks' in every ? every.weeks * 7 : every.days)), 'every'));
  }
  return dates;
}

function shifted(date: BusinessDate, shift: Shift): BusinessDate {
  if (shift.rule === 'same_day') return date;
  const step = shift.rule === 'next_working_day' ? 1 : -1;
  let day = date;
  for (let tries = 0; tries <= LONGEST_CLOSURE; tries += 1) {
    if (shift.isWorkingDay(day)) return day;
    day = addDays(day, step);
  }
  throw new LoanloomError('INVALID_DATE', `no working day within a year of ${date}`, { path: 'shift' });
}

/**
 * Due dates after the holiday rule. They strictly increase from the disbursement on: where two would
 * meet, DATES_NOT_INCREASING says which, instead of merging installments.
 */
export function dueDates(dates: readonly BusinessDate[], disbursedOn: BusinessDate, shift: Shift | undefined, path = 'dueOn'): DueDate[] {
  const check = (later: BusinessDate, earlier: BusinessDate) => {
    if (later <= earlier) throw new LoanloomError('DATES_NOT_INCREASING', `the due date ${later} does not follow ${earlier}`, { path });
  };
  let [previous, previousUnshifted] = [disbursedOn, disbursedOn];
  return dates.map((date) => {
    const dueOn = shift === undefined ? date : shifted(date, shift);
    check(date, previousUnshifted);
    check(dueOn, previous);
    [previous, previousUnshifted] = [dueOn, date];
    return { dueOn, accruesTo: shift?.interestFollows === 'unshifted' ? date : dueOn };
  });
}

/** Working days from a list of holidays and weekend days (ISO weekdays, 1 = Monday). */
export function workingDays(holidays: readonly BusinessDate[], weekend: readonly number[]): (date: BusinessDate) => boolean {
  const off = new Set<string>(holidays);
  return (date) => !off.has(date) && !weekend.includes(weekday(date));
}

/** Periods a year of dates that are equally spaced in months, weeks or days, as a fraction; null where they are not. */
export function periodsPerYear(dates: readonly BusinessDate[]): { readonly numerator: bigint; readonly denominator: bigint } | null {
  const months = monthsApart(dates);
  if (months !== null) return { numerator: 12n, denominator: BigInt(months) };
  const [first, second] = dates;
  if (first === undefined || second === undefined) return null;
  const days = daysBetween(first, second);
  if (dates.some((date, index) => index > 0 && daysBetween(dates[index - 1] ?? date, date) !== days)) return null;
  return days % 7 === 0 ? { numerator: 52n, denominator: BigInt(days / 7) } : { numerator: 365n, denominator: BigInt(days) };
}

/** The number of months between neighbours, where all keep to one anchor day (clamped to short months). */
function monthsApart(dates: readonly BusinessDate[]): number | null {
  const anchor = Math.max(...dates.map((date) => Number(date.slice(8, 10))));
  let months: number | null = null;
  let previous: number | null = null;
  for (const date of dates) {
    const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))];
    if (day !== Math.min(anchor, daysInMonth(year, month))) return null;
    const index = year * 12 + month;
    if (previous !== null) {
      if (months !== null && index - previous !== months) return null;
      months = index - previous;
    }
    previous = index;
  }
  return months === 0 ? null : months;
}
