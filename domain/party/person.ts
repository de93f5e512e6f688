import { businessDate, daysInMonth, type BusinessDate } from '../time/dates';

/** GB 11643: digits 7–14 are the date of birth. Undefined when the number is malformed. */
export function dateOfBirth(idNumber: string): BusinessDate | undefined {
  const match = /^\d{6}(\d{4})(\d{2})(\d{2})\d{3}[\dXx]$/.exec(idNumber);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1900 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return businessDate(`${match[1] ?? ''}-${match[2] ?? ''}-${match[3] ?? ''}`);
}

/** Completed years between two dates. */
export function ageOn(birth: BusinessDate, on: BusinessDate): number {
  const years = Number(on.slice(0, 4)) - Number(birth.slice(0, 4));
  return on.slice(5) < birth.slice(5) ? years - 1 : years;
}
