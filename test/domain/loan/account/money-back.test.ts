import { accountTold, duesOf, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: money that went back to the borrower without being theirs is owed again from its day on, costs nothing for the days before, and is found. */
const refund = (on: string, amount: string) => ({ id: 'back', on, type: 'refund', amount });
const paid = [pay('2026-01-11', '3060.00'), pay('2026-01-21', '3045.00')];

describe('a refund of what rows were paid', () => {
  it.each([
    ['100.00', '- - 60.00 3000.00', '- - 45.00 2900.00'],
    ['3000.00', '- - 60.00 3000.00', '- - 45.00 -'],
    ['3020.00', '- - 60.00 3000.00', '- - 25.00 -'],
    ['3145.00', '- - 60.00 2900.00', '- - - -'],
  ])('of %s takes principal before interest, and the latest row before those ahead of it', (amount, first, second) => {
    const rows = rowsOf(accountTold({ transactions: [...paid, refund('2026-01-25', amount)], asOf: '2026-01-25' }));
    expect(rows.slice(0, 2)).toEqual([`01-11 due - - 60.00 3000.00 paid ${first}`, `01-21 due - - 45.00 3000.00 paid ${second}`]);
  });

  it('makes that overdue from its day on: six days of penalty on 100.00, not ten', () => {
    const policy = { penalty: { rateMultiplier: '1.5' } };
    const told = (asOf: string) => accountTold({ policy, transactions: [paid[0]!, refund('2026-01-15', '100.00')], asOf });
    // 100.00 × 0.05 % × 1.5 is 0.075 a day.
    expect(['2026-01-15', '2026-01-17', '2026-01-21'].map((asOf) => told(asOf).penaltyAccrued)).toEqual([0, 15, 45]);
    expect(told('2026-01-21')).toMatchObject({ overdueSince: '2026-01-11', owedNow: 10_000 + 45 + 304_500 });
  });

  it.each([
    // 18.00 for four days on 9000.00, then six on 9100.00; or, where what is overdue bears none, on 9000.00.
    ['accrues', '01-21 - - 45.30 3000.00'],
    ['none', '01-21 - - 45.00 3000.00'],
  ])('bears interest again from then on where what is overdue does (%s)', (overdueInterest, row) => {
    const policy = { interestOn: 'actual', overdueInterest };
    expect(duesOf(accountTold({ policy, transactions: [paid[0]!, refund('2026-01-15', '100.00')], asOf: '2026-01-21' }))[1]).toBe(row);
  });

  it('of money that was ahead of its row bears interest again, and not what had waited for its date', () => {
    const transactions = [pay('2026-01-05', '1000.00'), refund('2026-01-08', '400.00')];
    const told = (earlyPayment: string, asOf: string) =>
      accountTold({ policy: { interestOn: 'actual', earlyPayment }, transactions, asOf });
    // 24.00, three days on 11000.00 and three on 11400.00.
    expect(rowsOf(told('principal', '2026-01-11'))[0]).toBe('01-11 due - - 57.60 3000.00 paid - - - 600.00');
    expect(rowsOf(told('hold_to_due', '2026-01-11'))[0]).toBe('01-11 due - - 60.00 3000.00 paid - - 60.00 540.00');
    // From the due date on 540.00 bear no more.
    expect(duesOf(told('hold_to_due', '2026-01-21'))[1]).toBe('01-21 - - 57.30 3000.00');
  });
});

describe('a refund of what was never paid', () => {
  const dues = (on: string, policy: object = {}, asOf = on) => duesOf(accountTold({ policy, transactions: [refund(on, '100.00')], asOf }));

  it.each([
    ['2026-01-05', '01-11'],
    ['2026-01-11', '01-11'],
    ['2026-01-12', '01-21'],
    ['2026-02-10', '02-10'],
    ['2026-02-15', '02-10'],
  ])('on %s is owed with the row of %s', (on, row) => {
    const rows = dues(on);
    expect(rows.filter((line) => line.endsWith(' 3100.00')).map((line) => line.slice(0, 5))).toEqual([row]);
    const account = accountTold({ transactions: [refund(on, '100.00')], asOf: on });
    expect(account).toMatchObject({ relentPrincipal: 10_000, refunded: 10_000, overpaid: 0, outstanding: { principal: 1_210_000 } });
    expect(account.remarks).toHaveLength(1);
  });

  it('bears interest from its day on where interest follows the balance', () => {
    // 24.00 and six days on 12100.00, then 9100.00, 6100.00 and 3100.00.
    expect(dues('2026-01-05', { interestOn: 'actual' })).toEqual([
      '01-11 - - 60.30 3000.00',
      '01-21 - - 45.50 3000.00',
      '01-31 - - 30.50 3000.00',
      '02-10 - - 15.50 3100.00',
    ]);
  });

  it('bears interest after the end only where what is overdue does', () => {
    const earned = (overdueInterest: string) =>
      accountTold({ policy: { interestOn: 'actual', overdueInterest }, transactions: [refund('2026-02-15', '100.00')], asOf: '2026-02-25' })
        .interestAccrued;
    // 45 days of 6.00 and ten of 6.05; or the rows' own 150.00.
    expect([earned('accrues'), earned('none')]).toEqual([33_050, 15_000]);
  });
});

describe('money that nearly settles', () => {
  const short = (amount: string, on = '2026-01-05') => accountTold({ transactions: [pay(on, amount)], asOf: on });

  it('settles at the quote: 24.00 for four days', () => {
    expect(short('12024.00')).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', overpaid: 0 });
    expect(short('12024.01')).toMatchObject({ status: 'OVERPAID', overpaid: 1 });
  });

  it.each([
    ['12023.99', '2999.99', 1],
    ['12000.00', '2976.00', 2_400],
  ])('of %s leaves what is short on the last row, and the interest that was spared is not owed', (amount, last, open) => {
    const account = short(amount);
    expect(account).toMatchObject({ status: 'ACTIVE', payoff: { total: open }, interestAccrued: 2_400 });
    expect(rowsOf(account)).toEqual([
      '01-11 due - - 24.00 3000.00 paid - - 24.00 3000.00',
      '01-21 due - - - 3000.00 paid - - - 3000.00',
      '01-31 due - - - 3000.00 paid - - - 3000.00',
      `02-10 due - - - 3000.00 paid - - - ${last}`,
    ]);
  });

  it('of one fen less than the principal is money ahead like any other', () => {
    expect(rowsOf(short('11999.99')).at(-1)).toBe('02-10 due - - 15.00 3000.00 paid - - 15.00 2849.99');
  });

  it('counts what is due beside the principal first', () => {
    // On 12 January 60.00 are due and 4.50 have run: the principal is reached with 12060.00.
    const due = short('12060.00', '2026-01-12');
    expect(due).toMatchObject({ status: 'ACTIVE', payoff: { total: 450 } });
    expect(rowsOf(due).at(-1)).toBe('02-10 due - - - 3000.00 paid - - - 2995.50');
    expect(rowsOf(short('12059.99', '2026-01-12')).at(-1)).toBe('02-10 due - - 15.00 3000.00 paid - - 15.00 2909.99');
  });
});

describe('a fee for early settlement', () => {
  it.each([
    // Paying all installments would cost 12150.00, settling 12024.00: the fee takes no more than the 126.00 between.
    ['2026-01-05', '125.99', 12_599],
    ['2026-01-05', '126.00', 12_600],
    ['2026-01-05', '126.01', 12_600],
    ['2026-01-05', { rate: '0.01' }, 12_000],
    // Of the 9000.00 that are not due yet; 12150.00 against 12064.50.
    ['2026-01-12', { rate: '0.005' }, 4_500],
    ['2026-01-12', { rate: '0.01' }, 8_550],
    ['2026-02-09', { rate: '0.0001' }, 30],
    ['2026-02-10', { rate: '0.0001' }, 0],
    ['2026-02-10', '50.00', 0],
  ])('on %s under %j is %d fen', (asOf, payoffFee, fee) => {
    expect(accountTold({ policy: { payoffFee }, asOf }).payoff.fee).toBe(fee);
  });
});
