import cnMainland from './calendars/cn-mainland.json';
import { addDays, businessDate, weekday, type BusinessDate } from './dates';
import { LoanloomError } from './errors';

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

/** Working days of one jurisdiction, from a versioned table. A year that the table lacks is refused (CALENDAR_YEAR_NOT_COVERED), not guessed. */
export interface Calendar {
  readonly id: string;
  readonly version: number;
  isWorkingDay(date: BusinessDate): boolean;
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

export function createCalendar(data: CalendarData): Calendar {
  const years = new Map(
    Object.entries(data.years).map(([year, table]) => [year, { holidays: expand(table.holidays), workdays: expand(table.workdays) }]),
  );

  function isWorkingDay(date: BusinessDate): boolean {
    const table = years.get(date.slice(0, 4));
    if (!table) {
      throw new LoanloomError(
        'CALENDAR_YEAR_NOT_COVERED',
        `calendar ${data.id} version ${String(data.version)} does not cover ${date.slice(0, 4)}: add the year's official table before dates in it are promised`,
        { year: date.slice(0, 4) },
      );
    }
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

  return { id: data.id, version: data.version, isWorkingDay, shift };
}

/** Mainland China, by the State Council's yearly notices. */
export const CN_MAINLAND = createCalendar(cnMainland);
