import { LoanloomError } from '../errors';

/** 'YYYY-MM-DD' in the product's zone: the date that decides interest, due dates and days past due. */
export type BusinessDate = string & { readonly __brand: 'BusinessDate' };

/** ISO 8601 UTC with milliseconds: when something happened. */
export type Instant = string & { readonly __brand: 'Instant' };

/** Asia/Shanghai, the zone of every product so far. China has had no daylight saving since 1992, so the offset is fixed. */
const ZONE_OFFSET_MS = 8 * 3_600_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const FIRST_YEAR = 1900;
const LAST_YEAR = 2199;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Checks a real calendar date between 1900 and 2199; INVALID_DATE otherwise. */
export function businessDate(text: string, path?: string): BusinessDate {
  const match = DATE.exec(text);
  const [year, month, day] = match ? [Number(match[1]), Number(match[2]), Number(match[3])] : [0, 0, 0];
  if (!match || year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    throw new LoanloomError(
      'INVALID_DATE',
      `"${text.slice(0, 40)}" is not a calendar date in the form YYYY-MM-DD`,
      path === undefined ? {} : { path },
    );
  }
  return text as BusinessDate;
}

/** Checks and normalises an ISO instant; INVALID_DATE otherwise. */
export function instant(value: string | number | Date): Instant {
  const ms = value instanceof Date ? value.getTime() : typeof value === 'number' ? value : Date.parse(value);
  if (!Number.isFinite(ms)) throw new LoanloomError('INVALID_DATE', 'an instant must be ISO 8601, such as 2026-01-31T08:00:00.000Z');
  return new Date(ms).toISOString() as Instant;
}

export function epochMs(at: Instant): number {
  return Date.parse(at);
}

/** The later of two instants. */
export function laterOf(a: Instant, b: Instant): Instant {
  return a >= b ? a : b;
}

/** Two digits of a date's text. */
const pair = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
const padded = (value: number): string => (value < 10 ? `0${String(value)}` : String(value));

const DAYS_IN_ERA = 146_097;
const DAYS_BEFORE_EPOCH = 719_468;

/** Days since 1970-01-01, by the Gregorian calendar's eras of 400 years that begin on 1 March. */
export function dayNumber(date: BusinessDate): number {
  const month = pair(date, 5);
  const year = pair(date, 0) * 100 + pair(date, 2) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + pair(date, 8) - 1;
  return era * DAYS_IN_ERA + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - DAYS_BEFORE_EPOCH;
}

export function fromDayNumber(days: number): BusinessDate {
  const shifted = days + DAYS_BEFORE_EPOCH;
  const era = Math.floor(shifted / DAYS_IN_ERA);
  const dayOfEra = shifted - era * DAYS_IN_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year)}-${padded(month)}-${padded(day)}` as BusinessDate;
}

export function addDays(date: BusinessDate, days: number): BusinessDate {
  return fromDayNumber(dayNumber(date) + days);
}

/** Days from `from` up to but not including `to`; negative when `to` is earlier. */
export function daysBetween(from: BusinessDate, to: BusinessDate): number {
  return dayNumber(to) - dayNumber(from);
}

export function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * `months` whole months after the month of `anchor`, on `anchorDay` or on the month's last day where it is shorter.
 * Always from the anchor, never from the previous due date: 31 Jan gives 28 Feb and then 31 Mar.
 */
export function monthsFromAnchor(anchor: BusinessDate, months: number, anchorDay = Number(anchor.slice(8, 10))): BusinessDate {
  const index = Number(anchor.slice(0, 4)) * 12 + Number(anchor.slice(5, 7)) - 1 + months;
  const year = Math.floor(index / 12);
  if (year < FIRST_YEAR || year > LAST_YEAR)
    throw new LoanloomError(
      'INVALID_DATE',
      `dates from ${String(FIRST_YEAR)} to ${String(LAST_YEAR)} can be computed with, not ${String(year)}`,
    );
  const month = (index % 12) + 1;
  const day = anchorDay > 28 ? Math.min(anchorDay, daysInMonth(year, month)) : anchorDay;
  return `${String(year)}-${padded(month)}-${padded(day)}` as BusinessDate;
}

/** ISO weekday, 1 = Monday … 7 = Sunday. */
export function weekday(date: BusinessDate): number {
  // The remainder of a day before 1970 is negative.
  return ((((dayNumber(date) + 3) % 7) + 7) % 7) + 1;
}

/** The business date on which an instant falls. */
export function businessDateOf(at: Instant): BusinessDate {
  return fromDayNumber(Math.floor((epochMs(at) + ZONE_OFFSET_MS) / DAY_MS));
}

/** The instant of a local wall-clock time ("09:30") on a business date. */
export function at(date: BusinessDate, time: string): Instant {
  const [hours, minutes] = time.split(':').map(Number);
  return instant(dayNumber(date) * DAY_MS - ZONE_OFFSET_MS + ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000);
}

/** "HH:MM" local wall-clock time of an instant. */
export function localTime(value: Instant): string {
  return new Date(epochMs(value) + ZONE_OFFSET_MS).toISOString().slice(11, 16);
}
