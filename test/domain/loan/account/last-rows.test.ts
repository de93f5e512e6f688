import { accountTold, cells, duesOf, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: interest that a grace defers is collected once, an installment that was filled ahead keeps its total, and the last row takes exactly the rest. */
describe.each(['scheduled', 'actual'])('a grace that defers the interest of two rows, where interest is %s', (interestOn) => {
  const terms = { grace: { interestDeferredPeriods: 2 } };
  const policy = { interestOn, overdueInterest: 'none' };
  const paid = [pay('2026-01-11', '3000.00'), pay('2026-01-21', '3000.00'), pay('2026-01-31', '3135.00')];
  const told = (asOf: string, transactions: object[] = paid.filter((each) => each.on <= asOf)) =>
    accountTold({ terms, policy, transactions, asOf });

  it('collects 60.00 and 45.00 with the third row’s own 30.00, whatever day it is', () => {
    for (const asOf of ['2026-01-01', '2026-01-05', '2026-01-11', '2026-01-25', '2026-01-31', '2026-02-10'])
      expect(duesOf(told(asOf))).toEqual([
        '01-11 - - - 3000.00',
        '01-21 - - - 3000.00',
        '01-31 - - 135.00 3000.00',
        '02-10 - - 15.00 3000.00',
      ]);
  });

  it('earns it by days, and a settlement owes it at once', () => {
    const earned = ['2026-01-05', '2026-01-11', '2026-01-15', '2026-01-21', '2026-01-31', '2026-02-10'].map(
      (asOf) => told(asOf).interestAccrued,
    );
    expect(earned).toEqual([2_400, 6_000, 7_800, 10_500, 13_500, 15_000]);
    expect(cells(told('2026-01-15').payoff)).toBe('- - 78.00 9000.00');
    expect(told('2026-01-15', [paid[0]!, pay('2026-01-15', '9078.00')])).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', overpaid: 0 });
  });

  it('carries it through a new rate: 78.00 earned, then 0.1 % a day', () => {
    const change = { on: '2026-01-15', type: 'rate_change', annualRate: '0.365' };
    // Six days on 9000.00 are 54.00, ten on 6000.00 60.00, and on 3000.00 30.00.
    expect(duesOf(told('2026-01-15', [paid[0]!, change])).slice(1)).toEqual([
      '01-21 - - - 3000.00',
      '01-31 - - 192.00 3000.00',
      '02-10 - - 30.00 3000.00',
    ]);
  });
});

describe('a given installment that is partly paid as principal', () => {
  const terms = { method: 'balloon', installment: { amount: '1060.00' } };
  const policy = { interestOn: 'actual', earlyPayment: 'principal', overdueInterest: 'none' };

  it.each([
    // What is left of 1060.00 beside the principal, against 24.00 and six days on the rest of 12000.00.
    ['1000.00', '- - 57.00 1003.00'],
    ['1003.01', '- - 56.99 1003.01'],
    ['1003.02', '- - - 1060.00'],
    ['1010.00', '- - - 1060.00'],
  ])('with %s keeps its total; interest that no longer fits beside it waits for the next row', (amount, row) => {
    const account = accountTold({ terms, policy, transactions: [pay('2026-01-05', amount)], asOf: '2026-01-11' });
    expect(rowsOf(account)[0]).toBe(`01-11 due ${row} paid - - - ${amount}`);
  });
});

describe('the last row', () => {
  const policy = { interestOn: 'actual', earlyPayment: 'principal', overdueInterest: 'none' };
  const rest = [pay('2026-01-11', '3060.00'), pay('2026-01-21', '3045.00'), pay('2026-01-31', '3030.00')];

  it('takes what is left, and counts what was paid ahead of it', () => {
    const account = accountTold({ policy, transactions: [...rest, pay('2026-02-05', '1000.00')], asOf: '2026-02-10' });
    // Five days on 3000.00 and five on 2000.00.
    expect(rowsOf(account).at(-1)).toBe('02-10 due - - 12.50 3000.00 paid - - - 1000.00');
    expect(account).toMatchObject({ owedNow: 201_250, interestAccrued: 6_000 + 4_500 + 3_000 + 1_250 });
  });

  it('of a given principal takes all that the others left', () => {
    const terms = { method: 'fixed_principal', fixedPrincipal: '1000.00' };
    expect(duesOf(accountTold({ terms, policy, asOf: '2026-02-10' }))).toEqual([
      '01-11 - - 60.00 1000.00',
      '01-21 - - 55.00 1000.00',
      '01-31 - - 50.00 1000.00',
      '02-10 - - 45.00 9000.00',
    ]);
  });

  it('of a loan whose principal all but a little was paid ahead bears interest on that little', () => {
    // 100.00 for forty days at 0.05 %.
    const account = accountTold({ policy, transactions: [pay('2026-01-01', '11900.00')], asOf: '2026-02-10' });
    expect(account).toMatchObject({ interestAccrued: 200, outstanding: { interest: 200, principal: 10_000 } });
  });
});
