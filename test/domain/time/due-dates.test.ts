import { businessDate, type BusinessDate } from '../../../domain/time/dates';
import { datesByRule, dueDates, periodsPerYear, workingDays, type Every, type Shift } from '../../../domain/time/due-dates';

/** Guarantee: due dates come from the anchor day and the period's number, move only to a working day, and strictly increase. */
const d = (text: string): BusinessDate => businessDate(text);
const dates = (...texts: string[]) => texts.map(d);

describe('due dates by rule', () => {
  const from = (every: Every, more: { firstDueOn?: BusinessDate; anchorDay?: number } = {}) =>
    datesByRule({ every, count: 3, ...more }, d('2026-01-31'));

  it('keep to the anchor day through short months, and count weeks and days', () => {
    expect(from({ months: 1 })).toEqual(dates('2026-02-28', '2026-03-31', '2026-04-30'));
    expect(from({ months: 2 })).toEqual(dates('2026-03-31', '2026-05-31', '2026-07-31'));
    expect(from({ weeks: 2 })).toEqual(dates('2026-02-14', '2026-02-28', '2026-03-14'));
    expect(from({ days: 10 })).toEqual(dates('2026-02-10', '2026-02-20', '2026-03-02'));
  });

  it('begin with a first date that is given, and go on from it', () => {
    expect(from({ months: 1 }, { firstDueOn: d('2026-02-15') })).toEqual(dates('2026-02-15', '2026-03-15', '2026-04-15'));
    expect(from({ weeks: 1 }, { firstDueOn: d('2026-02-15') })).toEqual(dates('2026-02-15', '2026-02-22', '2026-03-01'));
    expect(from({ months: 1 }, { firstDueOn: d('2026-02-28'), anchorDay: 31 })).toEqual(dates('2026-02-28', '2026-03-31', '2026-04-30'));
    expect(from({ months: 1 }, { anchorDay: 15 })).toEqual(dates('2026-02-15', '2026-03-15', '2026-04-15'));
  });
});

describe('the holiday rule', () => {
  const isWorkingDay = workingDays(dates('2026-05-01', '2026-05-04'), [6, 7]);
  const shift = (rule: Shift['rule'], interestFollows: Shift['interestFollows'] = 'shifted'): Shift => ({
    rule,
    interestFollows,
    isWorkingDay,
  });
  const due = (on: string, with_?: Shift) => dueDates(dates(on), d('2026-04-01'), with_)[0];

  it('moves to the next or the previous working day, or not at all', () => {
    expect(due('2026-05-01', shift('next_working_day'))).toEqual({ dueOn: '2026-05-05', accruesTo: '2026-05-05' });
    expect(due('2026-05-01', shift('previous_working_day'))).toEqual({ dueOn: '2026-04-30', accruesTo: '2026-04-30' });
    expect(due('2026-05-01', shift('same_day'))).toEqual({ dueOn: '2026-05-01', accruesTo: '2026-05-01' });
    expect(due('2026-05-01')).toEqual({ dueOn: '2026-05-01', accruesTo: '2026-05-01' });
    expect(due('2026-04-29', shift('next_working_day'))).toEqual({ dueOn: '2026-04-29', accruesTo: '2026-04-29' });
    expect(due('2026-05-02', shift('next_working_day', 'unshifted'))).toEqual({ dueOn: '2026-05-05', accruesTo: '2026-05-02' });
  });

  it('refuses dates that would meet, and a year without a working day', () => {
    const meet = () => dueDates(dates('2026-05-01', '2026-05-02'), d('2026-04-01'), shift('next_working_day'));
    expect(meet).toThrow(expect.objectContaining({ code: 'DATES_NOT_INCREASING', details: { path: 'dueOn' } }));
    expect(meet).toThrow('the due date 2026-05-05 does not follow 2026-05-05');
    expect(() => dueDates(dates('2026-04-01'), d('2026-04-01'), undefined, 'here')).toThrow(
      expect.objectContaining({ code: 'DATES_NOT_INCREASING', details: { path: 'here' } }),
    );
    // Unshifted dates increase too: shifting back and forth cannot hide that they do not.
    expect(() => dueDates(dates('2026-05-02', '2026-05-01'), d('2026-04-01'), undefined)).toThrow(
      expect.objectContaining({ code: 'DATES_NOT_INCREASING' }),
    );
    const never = { rule: 'next_working_day', interestFollows: 'shifted', isWorkingDay: () => false } as const;
    expect(() => due('2026-05-01', never)).toThrow(expect.objectContaining({ code: 'INVALID_DATE', details: { path: 'shift' } }));
  });

  it('looks through a closure of a year, and no longer', () => {
    const opens = (on: string): Shift => ({ rule: 'next_working_day', interestFollows: 'shifted', isWorkingDay: (date) => date >= on });
    expect(due('2026-05-01', opens('2027-05-02'))?.dueOn).toBe('2027-05-02');
    expect(() => due('2026-05-01', opens('2027-05-03'))).toThrow('no working day within a year of 2026-05-01');
  });
});

describe('periods a year', () => {
  const of = (...texts: string[]) => {
    const found = periodsPerYear(dates(...texts));
    return found === null ? null : `${String(found.numerator)}/${String(found.denominator)}`;
  };

  it('of dates that are equally spaced in months, weeks or days; none of others', () => {
    expect(of('2026-01-31', '2026-02-28', '2026-03-31')).toBe('12/1');
    expect(of('2026-01-15', '2026-04-15', '2026-07-15')).toBe('12/3');
    expect(of('2025-11-15', '2026-01-15', '2026-03-15')).toBe('12/2');
    expect(of('2026-01-01', '2026-01-15', '2026-01-29')).toBe('52/2');
    expect(of('2026-01-01', '2026-01-11', '2026-01-21')).toBe('365/10');
    expect(of('2026-01-15', '2026-02-15', '2026-04-15')).toBeNull();
    expect(of('2026-01-01', '2026-01-11', '2026-01-22')).toBeNull();
    expect(of('2026-01-30', '2026-02-27', '2026-03-30')).toBeNull();
    expect(of('2026-01-15')).toBeNull();
  });
});
