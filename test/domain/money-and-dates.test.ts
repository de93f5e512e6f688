import fc from 'fast-check';
import { createCalendar, CN_MAINLAND, statutoryDays } from '../../domain/time/calendar';
import { isProvisionalDue } from '../../domain/product/offer';
import { createCatalogue } from '../../domain/product/products';
import {
  addDays,
  at,
  businessDate,
  businessDateOf,
  daysBetween,
  daysInMonth,
  fromDayNumber,
  localTime,
  monthsFromAnchor,
  weekday,
  type BusinessDate,
} from '../../domain/time/dates';
import { fen, fenFromYuan, yuan } from '../../domain/money/money';
import { divideRounded, rational, ratio, toDecimal } from '../../domain/money/rational';

const date = fc.integer({ min: 0, max: 65_000 }).map(fromDayNumber);

describe('money', () => {
  it('reads what it prints, to the fen', () => {
    fc.assert(fc.property(fc.integer({ min: -(10 ** 14), max: 10 ** 14 }), (amount) => fenFromYuan(yuan(fen(amount))) === fen(amount)));
  });

  it.each(['', '1.234', '1e3', 'NaN', '--1', '１２', ' 1', '1.', '.5', '99999999999999'])('refuses %p as an amount in yuan', (text) => {
    expect(() => fenFromYuan(text, 'amount')).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT', details: { path: 'amount' } }));
  });

  it.each([0.5, Number.NaN, Infinity, 2 ** 53])('refuses %p fen', (value) => {
    expect(() => fen(value)).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT' }));
  });

  it('has no negative zero', () => {
    expect(Object.is(fen(-0), 0)).toBe(true);
  });
});

describe('rounding', () => {
  it('is within half a unit for the halves, within one for the rest, and exact where it can be', () => {
    const operands = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 10n }));
    fc.assert(
      fc.property(operands, fc.constantFrom('half_up', 'half_even', 'down', 'up', 'ceiling' as const), ([n, d], mode) => {
        const error = divideRounded(n, d, mode) * d - n;
        const size = error < 0n ? -error : error;
        if (n % d === 0n) return size === 0n;
        return mode === 'half_up' || mode === 'half_even' ? size * 2n <= d : size < d;
      }),
    );
  });

  it.each([
    ['half_up', [3n, -3n, 2n, -2n]],
    ['half_even', [2n, -2n, 2n, -2n]],
    ['down', [2n, -2n, 1n, -1n]],
    ['up', [3n, -3n, 2n, -2n]],
    ['ceiling', [3n, -2n, 2n, -1n]],
  ] as const)('%s rounds 2.5, -2.5, 1.5 and -1.5 as its name says', (mode, expected) => {
    expect([5n, -5n, 3n, -3n].map((n) => divideRounded(n, 2n, mode))).toEqual(expected);
  });

  it('keeps a rate exact from text to text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), (n) => rational(toDecimal(ratio(n, 10n ** 8n), 8)).numerator === n),
    );
  });

  it.each(['NaN', 'Infinity', '1e-3', '0x1', '', '+1', '1,5'])('refuses %p as a rate', (text) => {
    expect(() => rational(text)).toThrow(expect.objectContaining({ code: 'INVALID_RATE' }));
  });
});

describe('business dates', () => {
  it.each(['2026-02-29', '2026-13-01', '2026-00-10', '26-01-01', '2026-1-1', '2026-04-31', '', '2026-01-01T00:00'])(
    'refuses %p',
    (text) => {
      expect(() => businessDate(text)).toThrow(expect.objectContaining({ code: 'INVALID_DATE' }));
    },
  );

  it('adds and subtracts days as one another’s inverse', () => {
    fc.assert(fc.property(date, fc.integer({ min: -20_000, max: 20_000 }), (day, n) => daysBetween(day, addDays(day, n)) === n));
  });

  it('keeps the anchor day in every month that has it, and takes the last day of every other', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 600 }), (anchor, months) => {
        const due = monthsFromAnchor(anchor, months);
        const wanted = Number(anchor.slice(8));
        return Number(due.slice(8)) === Math.min(wanted, daysInMonth(Number(due.slice(0, 4)), Number(due.slice(5, 7))));
      }),
    );
  });

  it('goes from 31 January to 28 February and back to 31 March', () => {
    expect([1, 2, 3, 13].map((months) => monthsFromAnchor(businessDate('2026-01-31'), months))).toEqual([
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
      '2027-02-28',
    ]);
  });

  it('turns a local time into an instant and back', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 1_439 }), (day, minute) => {
        const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        const moment = at(day, time);
        return businessDateOf(moment) === day && localTime(moment) === time;
      }),
    );
  });

  it('knows that 23 November 2026 is a Monday', () => {
    expect(weekday('2026-11-23' as BusinessDate)).toBe(1);
  });
});

describe('the calendar', () => {
  it('follows the State Council: a holiday on a Tuesday, a working Saturday', () => {
    expect(CN_MAINLAND.isWorkingDay(businessDate('2026-02-17'))).toBe(false);
    expect(CN_MAINLAND.isWorkingDay(businessDate('2026-02-28'))).toBe(true);
    expect(CN_MAINLAND.shift(businessDate('2026-10-01'), 'next_working_day')).toBe('2026-10-08');
    expect(CN_MAINLAND.shift(businessDate('2026-10-04'), 'previous_working_day')).toBe('2026-09-30');
  });

  it('is provisional beyond its table: weekends and the days that the law fixes are off, and a due date says so', () => {
    const next = (day: string) => CN_MAINLAND.shift(businessDate(day), 'next_working_day');
    // Spring Festival's eve, a Friday, to its third day, a Monday; then a Tuesday.
    expect(['2027-02-05', '2027-02-06', '2027-02-08'].map(next)).toEqual(['2027-02-09', '2027-02-09', '2027-02-09']);
    expect([next('2030-02-02'), next('2033-10-01'), next('2100-06-12')]).toEqual(['2030-02-06', '2033-10-04', '2100-06-14']);
    expect([CN_MAINLAND.isProvisional(businessDate('2026-12-31')), CN_MAINLAND.isProvisional(businessDate('2027-01-01'))]).toEqual([
      false,
      true,
    ]);
    const product = createCatalogue().current('consumer-installment', businessDate('2026-11-25'));
    const shifting = { dueDates: { ...product.dueDates, holidayRule: 'next_working_day' as const } };
    expect([isProvisionalDue(shifting, businessDate('2028-01-03')), isProvisionalDue(product, businessDate('2028-01-03'))]).toEqual([
      true,
      false,
    ]);
  });

  it.each(['2025', '2026'])('gives off by law only what the notice of %s gives off too', (year) => {
    for (const day of statutoryDays(year) ?? []) expect([day, CN_MAINLAND.isWorkingDay(day)]).toEqual([day, false]);
    expect(statutoryDays(year)).toHaveLength(13);
  });

  it('refuses a year whose days nobody knows instead of guessing', () => {
    expect(() => CN_MAINLAND.shift(businessDate('2101-02-08'), 'next_working_day')).toThrow(
      expect.objectContaining({ code: 'CALENDAR_YEAR_NOT_COVERED' }),
    );
    expect(CN_MAINLAND.shift(businessDate('2101-02-08'), 'same_day')).toBe('2101-02-08');
  });

  it('reads ranges', () => {
    const calendar = createCalendar({
      id: 'test',
      version: 1,
      source: 'test',
      years: { '2026': { holidays: ['2026-06-01..2026-06-03'], workdays: [] } },
    });
    expect(['2026-06-01', '2026-06-03', '2026-06-04'].map((day) => calendar.isWorkingDay(day as BusinessDate))).toEqual([
      false,
      false,
      true,
    ]);
  });
});
