import cnMainland from './calendars/cn-mainland.json';
import cnStatutory from './calendars/cn-statutory.json';
import { addDays, businessDate, weekday, type BusinessDate } from './dates';
import { LoanloomError } from '../errors';

/** What to do with a due date that falls on a day off. */
export type HolidayRule = 'same_day' | 'next_working_day' | 'previous_working_day';

interface YearTable {
  readonly holidays: readonly string[];
  readonly workdays: readonly string[];
}

export interface CalendarData {
  readonly id: string;
  readonly version: number;
  readonly source: string;
  readonly years: Readonly<Record<string, YearTable>>;
}

/** The days off of a year by law alone; undefined for a year that is not known so far ahead. */
export type Statutory = (year: string) => readonly BusinessDate[] | undefined;

/**
 * Working days of one jurisdiction, from a versioned table. Beyond its last year the calendar is provisional: weekends
 * and the days that the law fixes are off, working weekends are not known yet. Where the law's days are not known
 * either, a year is refused (CALENDAR_YEAR_NOT_COVERED), not guessed.
 */
export interface Calendar {
  readonly id: string;
  readonly version: number;
  isWorkingDay(date: BusinessDate): boolean;
  /** Whether the date's year is not in the table yet, so that a working day may still become one off, and the reverse. */
  isProvisional(date: BusinessDate): boolean;
  shift(date: BusinessDate, rule: HolidayRule): BusinessDate;
}

function expand(entries: readonly string[]): Set<string> {
  const days = new Set<string>();
  for (const entry of entries) {
    const [first, last = first] = entry.split('..');
    const end = businessDate(last ?? '');
    for (let day = businessDate(first ?? ''); day <= end; day = addDays(day, 1)) days.add(day);
  }
  return days;
}

export function createCalendar(data: CalendarData, statutory: Statutory = () => undefined): Calendar {
  const years = new Map(
    Object.entries(data.years).map(([year, table]) => [year, { holidays: expand(table.holidays), workdays: expand(table.workdays) }]),
  );

  const lastYear = [...years.keys()].sort().at(-1) ?? '';
  const isProvisional = (date: BusinessDate) => date.slice(0, 4) > lastYear;

  function tableOf(date: BusinessDate): { holidays: Set<string>; workdays: Set<string> } {
    const year = date.slice(0, 4);
    const known = years.get(year);
    if (known) return known;
    const fixed = isProvisional(date) ? statutory(year) : undefined;
    if (!fixed)
      throw new LoanloomError(
        'CALENDAR_YEAR_NOT_COVERED',
        `calendar ${data.id} version ${String(data.version)} does not cover ${year}: add the year's official table before dates in it are promised`,
        { year },
      );
    const table = { holidays: new Set<string>(fixed), workdays: new Set<string>() };
    years.set(year, table);
    return table;
  }

  function isWorkingDay(date: BusinessDate): boolean {
    const table = tableOf(date);
    if (table.workdays.has(date)) return true;
    return weekday(date) <= 5 && !table.holidays.has(date);
  }

  function shift(date: BusinessDate, rule: HolidayRule): BusinessDate {
    if (rule === 'same_day') return date;
    const step = rule === 'next_working_day' ? 1 : -1;
    let day = date;
    while (!isWorkingDay(day)) day = addDays(day, step);
    return day;
  }

  return { id: data.id, version: data.version, isWorkingDay, isProvisional, shift };
}

/** The statutory days of mainland China, 2024 to 2100: fixed by decree 795, the lunar ones and Qingming from a committed table. */
export function statutoryDays(year: string): readonly BusinessDate[] | undefined {
  const lunar = (cnStatutory.years as Readonly<Record<string, readonly string[]>>)[year];
  if (!lunar) return undefined;
  const [spring, qingming, dragonBoat, midAutumn] = lunar.map((day) => businessDate(`${year}-${day}`));
  const from = (day: BusinessDate | undefined, first: number, last: number) =>
    day === undefined ? [] : Array.from({ length: last - first + 1 }, (_, index) => addDays(day, first + index));
  const solar = (day: string) => businessDate(`${year}-${day}`);
  return [
    ...from(solar('01-01'), 0, 0),
    ...from(spring, -1, 2),
    ...from(qingming, 0, 0),
    ...from(solar('05-01'), 0, 1),
    ...from(dragonBoat, 0, 0),
    ...from(midAutumn, 0, 0),
    ...from(solar('10-01'), 0, 2),
  ];
}

/** Mainland China, by the State Council's yearly notices, and beyond them provisionally by law. */
export const CN_MAINLAND = createCalendar(cnMainland, statutoryDays);
