import { dueOn } from '../../../domain/reconciliation/breaks';
import { CN_MAINLAND, createCalendar } from '../../../domain/time/calendar';
import {
  at,
  businessDate,
  businessDateOf,
  dayNumber,
  daysInMonth,
  epochMs,
  fromDayNumber,
  instant,
  laterOf,
  localTime,
  weekday,
  type BusinessDate,
  type Instant,
} from '../../../domain/time/dates';
import { dayCount } from '../../../domain/time/day-count';

/** Guarantee: every day between 1900 and 2199 is the day that the Gregorian calendar has, and an hour of Shanghai belongs to its day. */
const DAY = 86_400_000;

describe('every day from 1900 to 2199', () => {
  it('has its number, its weekday and its month’s length as the standard library has them', () => {
    const wrong: string[] = [];
    for (let number = Date.UTC(1900, 0, 1) / DAY; number <= Date.UTC(2199, 11, 31) / DAY; number += 1) {
      const date = new Date(number * DAY);
      const text = date.toISOString().slice(0, 10);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
      const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const isRight =
        fromDayNumber(number) === text &&
        dayNumber(text as BusinessDate) === number &&
        weekday(text as BusinessDate) === ((date.getUTCDay() + 6) % 7) + 1 &&
        daysInMonth(year, month) === length;
      if (!isRight) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a date’s text', () => {
  it('is refused with what was wrong, and where', () => {
    const refused = (text: string, details: object) =>
      expect.objectContaining({
        code: 'INVALID_DATE',
        message: `"${text}" is not a calendar date in the form YYYY-MM-DD`,
        details,
      }) as Error;
    expect(() => businessDate('2026-02-29', 'here')).toThrow(refused('2026-02-29', { path: 'here' }));
    expect(() => businessDate('soon')).toThrow(refused('soon', {}));
    expect(() => businessDate('9'.repeat(60))).toThrow(refused('9'.repeat(40), {}));
  });
});

describe('a moment', () => {
  const MORNING = '2026-11-30T01:30:00.000Z' as Instant;

  it('is the same, read from text, from a number or from a date', () => {
    expect([instant('2026-11-30T09:30:00+08:00'), instant(epochMs(MORNING)), instant(new Date(MORNING))]).toEqual(Array(3).fill(MORNING));
    for (const value of ['soon', NaN, new Date(NaN)])
      expect(() => instant(value)).toThrow(
        expect.objectContaining({ code: 'INVALID_DATE', message: 'an instant must be ISO 8601, such as 2026-01-31T08:00:00.000Z' }),
      );
  });

  it('is later than another, or the same', () => {
    const later = instant(epochMs(MORNING) + 1);
    expect([laterOf(MORNING, later), laterOf(later, MORNING), laterOf(MORNING, MORNING)]).toEqual([later, later, MORNING]);
  });

  it.each([
    ['2026-11-29T15:59:59.999Z', '2026-11-29', '23:59'],
    ['2026-11-29T16:00:00.000Z', '2026-11-30', '00:00'],
    ['2026-11-30T01:30:00.000Z', '2026-11-30', '09:30'],
  ])('%s is in Shanghai %s %s', (moment, date, time) => {
    expect([businessDateOf(moment as Instant), localTime(moment as Instant)]).toEqual([date, time]);
    expect(at(date as BusinessDate, time)).toBe(instant(Math.floor(epochMs(moment as Instant) / 60_000) * 60_000));
  });
});

it('a stretch of days that runs backwards is refused', () => {
  expect(() => dayCount('ACT/360', businessDate('2026-01-02'), businessDate('2026-01-01'))).toThrow(
    expect.objectContaining({ code: 'INVALID_DATE', message: '2026-01-02 lies after 2026-01-01', details: { path: 'from' } }),
  );
  expect(dayCount('ACT/360', businessDate('2026-01-01'), businessDate('2026-01-01')).days).toBe(0);
});

describe('a working day', () => {
  const days = (from: number) => Array.from({ length: 7 }, (_, index) => fromDayNumber(from + index));

  it('is each from Monday to Friday where nothing else is said, in and beyond the table', () => {
    // Monday 9 November 2026, and Monday 8 November 2027, whose table is not published.
    for (const monday of ['2026-11-09', '2027-11-08'])
      expect(days(dayNumber(businessDate(monday))).map((day) => CN_MAINLAND.isWorkingDay(day))).toEqual([
        ...Array<boolean>(5).fill(true),
        false,
        false,
      ]);
  });

  it('is not guessed for a year between or before those of the table, nor beyond what the law fixes', () => {
    const table = { holidays: [], workdays: [] };
    const calendar = createCalendar({ id: 'c', version: 2, source: 'test', years: { '2024': table, '2026': table } }, (year) =>
      year === '2027' || year === '2025' ? [businessDate(`${year}-05-03`)] : undefined,
    );
    const refused = (year: string) =>
      expect.objectContaining({
        code: 'CALENDAR_YEAR_NOT_COVERED',
        message: `calendar c version 2 does not cover ${year}: add the year's official table before dates in it are promised`,
        details: { year },
      }) as Error;
    for (const year of ['2023', '2025', '2028']) expect(() => calendar.isWorkingDay(businessDate(`${year}-05-03`))).toThrow(refused(year));
    // 3 and 4 May 2027 are a Monday and a Tuesday.
    expect(['2027-05-03', '2027-05-04', '2026-05-04'].map((day) => calendar.isWorkingDay(businessDate(day)))).toEqual([false, true, true]);
    expect(['2026-12-31', '2027-01-01'].map((day) => calendar.isProvisional(businessDate(day)))).toEqual([false, true]);
  });
});

it('a break has its days from the day on which it was opened', () => {
  const opened = businessDate('2026-02-27');
  expect([dueOn('LONG', opened), dueOn('CUTOFF', opened), dueOn('FEE', opened)]).toEqual(['2026-03-02', '2026-02-28', '2026-03-06']);
});
