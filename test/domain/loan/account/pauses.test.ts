import { accountTold, cells, duesOf, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: an agreed pause takes exactly its own days of interest off the rows in which they lie. */
const pause = (from: string, until: string, interest = 'none') => ({
  id: `pause-${from}`,
  on: `2026-01-${from}`,
  type: 'hardship_pause',
  until: `2026-01-${until}`,
  interest,
});

describe.each(['scheduled', 'actual'])('a pause without interest, where interest is %s', (interestOn) => {
  const policy = { interestOn, overdueInterest: 'none' };
  const told = (pauses: object[], asOf: string) => accountTold({ policy, transactions: pauses, asOf });

  it.each<[string, object[], string, string]>([
    ['three days', [pause('03', '06')], '42.00', '45.00'],
    ['the row’s first day', [pause('01', '02')], '54.00', '45.00'],
    ['the row’s last day', [pause('10', '11')], '54.00', '45.00'],
    ['the whole row', [pause('01', '11')], '-', '45.00'],
    ['days of two rows', [pause('09', '13')], '48.00', '36.00'],
    ['days that lie in two pauses', [pause('03', '06'), pause('05', '08')], '30.00', '45.00'],
    ['a pause within a pause', [pause('03', '08'), pause('04', '06')], '30.00', '45.00'],
    ['two pauses that meet', [pause('03', '05'), pause('05', '07')], '36.00', '45.00'],
    ['two pauses apart', [pause('02', '04'), pause('06', '07')], '42.00', '45.00'],
    ['a pause with interest', [pause('03', '06', 'accrues')], '60.00', '45.00'],
  ])('of %s', (_name, pauses, first, second) => {
    // Told on the first due date, nothing being paid: the first row is final, the second shows what it will bear.
    const account = told(pauses, '2026-01-11');
    expect(duesOf(account).slice(0, 3)).toEqual([`01-11 - - ${first} 3000.00`, `01-21 - - ${second} 3000.00`, '01-31 - - 30.00 3000.00']);
    expect(account.interestAccrued).toBe(first === '-' ? 0 : Number(first) * 100);
    expect(account.remarks).toEqual([]);
  });

  it('earns nothing on its days and as before on the others', () => {
    const earned = (asOf: string) => told([pause('03', '06')], asOf).interestAccrued;
    expect(['2026-01-03', '2026-01-04', '2026-01-06', '2026-01-07', '2026-01-10'].map(earned)).toEqual([1_200, 1_200, 1_200, 1_800, 3_600]);
  });

  it('ends after it begins, or is remarked and changes nothing', () => {
    const wrong = pause('03', '03');
    const account = told([wrong], '2026-01-11');
    expect(account.remarks).toEqual([{ key: wrong.id, message: 'a pause ends after it begins' }]);
    expect(duesOf(account)).toEqual(duesOf(told([], '2026-01-11')));
    expect(told([pause('03', '04')], '2026-01-11').remarks).toEqual([]);
  });
});

describe('interest that was paid before a pause took it away', () => {
  it('stays with its row as a credit of the payoff', () => {
    const transactions = [pay('2026-01-02', '60.00'), pause('03', '06')];
    const account = accountTold({ transactions, asOf: '2026-01-06' });
    expect(rowsOf(account)[0]).toBe('01-11 due - - 60.00 3000.00 paid - - 60.00 -');
    // 12.00 are earned of the 60.00.
    expect(cells(account.payoff)).toBe('- - -48.00 12000.00');
  });
});
