import { LoanloomError } from './errors';

/** 'YYYY-MM-DD' in the product's zone: the date that decides interest, due dates and days past due. */
export type BusinessDate = string & { readonly __brand: 'BusinessDate' };

/** ISO 8601 UTC with milliseconds: when something happened. */
export type Instant = string & { readonly __brand: 'Instant' };

/** Asia/Shanghai, the zone of every product so far. China has had no daylight saving since 1992, so the offset is fixed. */
const ZONE_OFFSET_MS = 8 * 3_600_000;
export const DAY_MS = 86_400_000;

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Checks a real calendar date between 1900 and 2199; INVALID_DATE otherwise. */
export function businessDate(text: string, path?: string): BusinessDate {
  const match = DATE.exec(text);
  const [year, month, day] = match ? [Number(match[1]), Number(match[2]), Number(match[3])] : [0, 0, 0];
  if (!match || year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
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

/** Days since 1970-01-01, for arithmetic. */
export function dayNumber(date: BusinessDate): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10))) / DAY_MS;
}

export function fromDayNumber(days: number): BusinessDate {
  return new Date(days * DAY_MS).toISOString().slice(0, 10) as BusinessDate;
}

export function addDays(date: BusinessDate, days: number): BusinessDate {
  return fromDayNumber(dayNumber(date) + days);
}

/** Days from `from` up to but not including `to`; negative when `to` is earlier. */
export function daysBetween(from: BusinessDate, to: BusinessDate): number {
  return dayNumber(to) - dayNumber(from);
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/**
 * `months` whole months after the month of `anchor`, on `anchorDay` or on the month's last day where it is shorter.
 * Always from the anchor, never from the previous due date: 31 Jan gives 28 Feb and then 31 Mar.
 */
export function monthsFromAnchor(anchor: BusinessDate, months: number, anchorDay = Number(anchor.slice(8, 10))): BusinessDate {
  const index = Number(anchor.slice(0, 4)) * 12 + Number(anchor.slice(5, 7)) - 1 + months;
  const year = Math.floor(index / 12);
  const month = (index % 12) + 1;
  const day = Math.min(anchorDay, daysInMonth(year, month));
  return businessDate(`${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`);
}

/** ISO weekday, 1 = Monday … 7 = Sunday. */
export function weekday(date: BusinessDate): number {
  return ((dayNumber(date) + 3) % 7) + 1;
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
