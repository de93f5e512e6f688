import { DEFAULT_POLICY, foldAccount } from '../../../../domain/loan/account';
import { businessDate } from '../../../../domain/time/dates';
import { accountTold, duesOf, lifeTold, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: being late costs what was agreed for exactly the days that it lasts, and its days are counted from the due date on. */
const PENALTY = { penalty: { rateMultiplier: '1.5' } };
const firstRow = (transactions: object[], asOf: string, policy: object = PENALTY) => rowsOf(accountTold({ transactions, policy, asOf }))[0];
const penaltyOn = (asOf: string, penalty: object, transactions: object[] = []) =>
  accountTold({ transactions, policy: { penalty: { rateMultiplier: '1.5', ...penalty } }, asOf }).penaltyAccrued;

describe('a penalty', () => {
  // 3000.00 × 0.05 % × 1.5 is 2.25 a day.
  it.each([
    ['2026-01-11', {}, 0],
    ['2026-01-12', {}, 225],
    ['2026-01-13', {}, 450],
    ['2026-01-14', { graceDays: 3 }, 0],
    ['2026-01-15', { graceDays: 3 }, 225],
    ['2026-01-13', { cap: '4.49' }, 449],
    ['2026-01-13', { cap: '4.50' }, 450],
    ['2026-01-13', { cap: '4.51' }, 450],
    ['2026-01-21', { cap: '30.00' }, 2_250],
    // The second row is late for one day beside the first's eleven; the cap is the loan's, not the row's.
    ['2026-01-22', {}, 2_700],
    ['2026-01-22', { cap: '25.00' }, 2_500],
    ['2026-02-10', { cap: '25.00' }, 2_500],
    // 3060.00 × 0.05 % × 1.5 × 2 is 4.59.
    ['2026-01-13', { on: 'principal_and_interest' }, 459],
  ])('on %s under %j is %d fen', (asOf, penalty, expected) => {
    expect(penaltyOn(asOf, penalty)).toBe(expected);
  });

  it('is counted on what was open on each day: a part payment ends the stretch before it', () => {
    // 4.50 of penalty, 60.00 of interest and 1000.00 of principal; then 2000.00 for two days at 1.50.
    const part = pay('2026-01-13', '1064.50');
    expect(firstRow([part], '2026-01-13')).toBe('01-11 due 4.50 - 60.00 3000.00 paid 4.50 - 60.00 1000.00');
    expect(firstRow([part], '2026-01-15')).toBe('01-11 due 7.50 - 60.00 3000.00 paid 4.50 - 60.00 1000.00');
    // 4.59 and 20.00 of interest; then 3040.00 for two days at 2.28.
    expect(penaltyOn('2026-01-15', { on: 'principal_and_interest' }, [pay('2026-01-13', '24.59')])).toBe(915);
  });

  it('on principal ends when the principal is paid, whatever else is open', () => {
    const policy = { ...PENALTY, allocation: { due: ['principal', 'interest', 'fee', 'penalty'] } };
    expect(firstRow([pay('2026-01-13', '3000.00')], '2026-01-20', policy)).toBe('01-11 due 4.50 - 60.00 3000.00 paid - - - 3000.00');
  });

  it('stands still in a pause of its days of grace, and does not start early after it', () => {
    const pause = { on: '2026-01-12', type: 'hardship_pause', until: '2026-01-13' };
    expect(penaltyOn('2026-01-15', { graceDays: 3 }, [pause])).toBe(225);
  });

  it('follows the day count that it names, else the contract’s own', () => {
    const terms = { interest: { basis: 'day_count', convention: 'ACT/360' }, annualRate: '0.18' };
    // 3000.00 × 0.18 × 1.5 × 10 / 365 and … / 360.
    const named = { penalty: { rateMultiplier: '1.5', dayCount: 'ACT/365F' } };
    expect(accountTold({ terms, policy: named, asOf: '2026-01-21' }).penaltyAccrued).toBe(2_219);
    expect(accountTold({ terms, policy: PENALTY, asOf: '2026-01-21' }).penaltyAccrued).toBe(2_250);
    const life = lifeTold({ terms, asOf: '2026-01-01' });
    const own = { rateMultiplier: { numerator: 3n, denominator: 2n }, on: 'principal', dayCount: null, graceDays: 0, cap: null } as const;
    const account = foldAccount({ ...life, policy: { ...DEFAULT_POLICY, penalty: own }, asOf: businessDate('2026-01-21') });
    expect(account.penaltyAccrued).toBe(2_250);
  });
});

describe('contract interest on overdue principal', () => {
  const ACCRUES = { overdueInterest: 'accrues' };

  it('runs at 1.50 a day on each late row where it was agreed, and is earned and owed', () => {
    const account = accountTold({ policy: ACCRUES, asOf: '2026-01-23' });
    // Twelve days of the first row, two of the second.
    expect(duesOf(account).slice(0, 3)).toEqual(['01-11 - - 78.00 3000.00', '01-21 - - 48.00 3000.00', '01-31 - - 30.00 3000.00']);
    // Beside them two days of 3.00 in the third.
    expect([account.interestAccrued, account.payoff.interest]).toEqual([13_200, 13_200]);
    expect(accountTold({ policy: ACCRUES, asOf: '2026-01-11' }).interestAccrued).toBe(6_000);
    expect(accountTold({ asOf: '2026-01-23' }).interestAccrued).toBe(11_100);
  });

  it('runs on what is left after a part payment', () => {
    // On 14 January 64.50 of interest and 1000.00 of principal; then 1.00 a day.
    expect(firstRow([pay('2026-01-14', '1064.50')], '2026-01-17', ACCRUES)).toBe('01-11 due - - 67.50 3000.00 paid - - 64.50 1000.00');
  });

  it('runs, where interest follows the balance, with the next row, and not where it was not agreed', () => {
    const second = (overdueInterest: string) =>
      duesOf(accountTold({ policy: { interestOn: 'actual', overdueInterest }, asOf: '2026-01-21' }))[1];
    // Ten days on 12000.00, or on 9000.00.
    expect(second('accrues')).toBe('01-21 - - 60.00 3000.00');
    expect(second('none')).toBe('01-21 - - 45.00 3000.00');
  });

  it('falls due with the last row after the end of the term', () => {
    const tail = (overdueInterest: string, asOf: string) =>
      duesOf(accountTold({ policy: { interestOn: 'actual', overdueInterest }, asOf })).at(-1);
    // All four rows are open: 6.00 a day.
    expect(tail('accrues', '2026-02-10')).toBe('02-10 - - 60.00 3000.00');
    expect(tail('accrues', '2026-02-11')).toBe('02-10 - - 66.00 3000.00');
    expect(tail('accrues', '2026-02-13')).toBe('02-10 - - 78.00 3000.00');
    expect(tail('none', '2026-02-13')).toBe('02-10 - - 15.00 3000.00');
  });
});

describe('days past due', () => {
  it.each([
    ['2026-01-11', 0, 'CURRENT', null],
    ['2026-01-12', 1, 'DPD_1_30', '2026-01-11'],
    ['2026-02-10', 30, 'DPD_1_30', '2026-01-11'],
    ['2026-02-11', 31, 'DPD_31_60', '2026-01-11'],
    ['2026-03-12', 60, 'DPD_31_60', '2026-01-11'],
    ['2026-03-13', 61, 'DPD_61_90', '2026-01-11'],
    ['2026-04-11', 90, 'DPD_61_90', '2026-01-11'],
    ['2026-04-12', 91, 'DPD_90_PLUS', '2026-01-11'],
  ])('on %s are %d, %s', (asOf, daysPastDue, bucket, overdueSince) => {
    expect(accountTold({ asOf })).toMatchObject({ daysPastDue, bucket, overdueSince });
  });

  const history = (asOf: string, transactions: object[] = []) =>
    accountTold({ transactions, asOf }).bucketHistory.map(({ from, bucket }) => `${from.slice(5)} ${bucket}`);
  const ALL = ['01-01 CURRENT', '01-12 DPD_1_30', '02-11 DPD_31_60', '03-13 DPD_61_90', '04-12 DPD_90_PLUS'];

  it('keep a history with the first day of each bucket, whatever day it is asked on', () => {
    expect(history('2026-06-01')).toEqual(ALL);
    expect(history('2026-04-12')).toEqual(ALL);
    expect(history('2026-04-11')).toEqual(ALL.slice(0, 4));
    expect(history('2026-01-12')).toEqual(ALL.slice(0, 2));
    expect(history('2026-01-11')).toEqual(ALL.slice(0, 1));
  });

  it('leave no trace of a day on which the money came after all: a bucket is where the day ends', () => {
    expect(history('2026-01-15', [pay('2026-01-12', '3060.00')])).toEqual(['01-01 CURRENT']);
    expect(history('2026-01-15', [pay('2026-01-13', '3060.00')])).toEqual(['01-01 CURRENT', '01-12 DPD_1_30', '01-13 CURRENT']);
    // The second row falls due on the day on which the first is paid: nothing is late.
    expect(history('2026-01-21', [pay('2026-01-21', '3060.00')])).toEqual(['01-01 CURRENT', '01-12 DPD_1_30', '01-21 CURRENT']);
    expect(history('2026-01-22', [pay('2026-01-21', '3060.00')]).at(-1)).toBe('01-22 DPD_1_30');
  });

  it('move on after a pause without its days: ten days of it are ten days until the next bucket', () => {
    const pause = { on: '2026-01-21', type: 'hardship_pause', until: '2026-01-31' };
    expect(history('2026-02-25', [pause])).toEqual(['01-01 CURRENT', '01-12 DPD_1_30', '02-21 DPD_31_60']);
    const days = (asOf: string) => accountTold({ transactions: [pause], asOf }).daysPastDue;
    expect(['2026-01-20', '2026-01-21', '2026-01-25', '2026-01-31', '2026-02-01', '2026-02-20'].map(days)).toEqual([9, 10, 10, 10, 11, 30]);
  });

  it('jump to the true days when a doubt is resolved', () => {
    const doubt = { on: '2026-01-21', type: 'debit_in_doubt', until: '2026-02-20' };
    expect(history('2026-02-25', [doubt])).toEqual(['01-01 CURRENT', '01-12 DPD_1_30', '02-20 DPD_31_60']);
    const days = (asOf: string) => accountTold({ transactions: [doubt], asOf }).daysPastDue;
    expect(['2026-02-19', '2026-02-20'].map(days)).toEqual([10, 40]);
  });

  it('do not begin where a debit was in doubt before the due date', () => {
    const account = accountTold({ transactions: [{ on: '2026-01-05', type: 'debit_in_doubt' }], policy: PENALTY, asOf: '2026-01-20' });
    expect(account).toMatchObject({ daysPastDue: 0, bucket: 'CURRENT', overdueSince: '2026-01-11', penaltyAccrued: 0 });
    expect(account.installments[0]!.daysPastDue).toBe(0);
  });

  it('and penalty stand still from the first of two stretches to the end of the last; only hardship’s own days are forgiven', () => {
    const transactions = [
      { on: '2026-01-13', type: 'debit_in_doubt', until: '2026-01-19' },
      { on: '2026-01-14', type: 'hardship_pause', until: '2026-01-16' },
    ];
    const at = (asOf: string) => {
      const { daysPastDue, penaltyAccrued } = accountTold({ transactions, policy: PENALTY, asOf });
      return [daysPastDue, penaltyAccrued];
    };
    expect(at('2026-01-18')).toEqual([2, 450]);
    expect(at('2026-01-19')).toEqual([6, 450]);
    expect(at('2026-01-21')).toEqual([8, 900]);
  });

  it('are each row’s own', () => {
    const rows = accountTold({ asOf: '2026-01-25', transactions: [pay('2026-01-12', '60.00')] }).installments;
    expect(rows.map((row) => row.daysPastDue)).toEqual([14, 4, 0, 0]);
    const paid = accountTold({ asOf: '2026-01-25', transactions: [pay('2026-01-12', '3060.00')] }).installments;
    expect(paid.map((row) => row.daysPastDue)).toEqual([0, 4, 0, 0]);
  });
});
