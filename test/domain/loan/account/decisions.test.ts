import { beginAccount, foldAccount, type LoanFact } from '../../../../domain/loan/account';
import { fen } from '../../../../domain/money/money';
import { businessDate } from '../../../../domain/time/dates';
import { accountTold, cells, duesOf, lifeTold, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: what is charged, waived, refunded, discounted or given up lands on the row and the day that it names, to the fen, and is told. */
const EACH_FEE = { fees: [{ name: 'service', amount: '5.00', on: 'each_installment' }] };
const charge = (on: string, amount: string, component = 'fee') => ({
  id: `charge-${on}-${component}`,
  on,
  type: 'charge',
  amount,
  component,
});
const waive = (on: string, amount: string, component: string) => ({ id: 'waiver', on, type: 'waiver', amount, component });

describe('a charge', () => {
  it.each([
    ['2026-01-10', '01-11'],
    ['2026-01-11', '01-11'],
    ['2026-01-12', '01-21'],
    ['2026-02-10', '02-10'],
    ['2026-02-11', '02-10'],
  ])('of %s falls on the row of %s: the first due on its day or after, else the last', (on, row) => {
    for (const [component, cell] of [
      ['fee', '- 20.00'],
      ['penalty', '20.00 -'],
    ] as const) {
      const dues = duesOf(accountTold({ transactions: [charge(on, '20.00', component)], asOf: on }));
      expect(dues.filter((line) => line.includes('20.00'))).toEqual([expect.stringContaining(`${row} ${cell} `)]);
    }
  });

  it('of a penalty makes no fee of a coming row owed', () => {
    const account = accountTold({ terms: EACH_FEE, transactions: [charge('2026-01-05', '7.00', 'penalty')], asOf: '2026-01-05' });
    // Four days at 6.00.
    expect(cells(account.payoff)).toBe('7.00 - 24.00 12000.00');
  });

  it('on a loan that is paid is owed until it is paid too', () => {
    const paid = [pay('2026-02-10', '12150.00'), charge('2026-02-12', '20.00')];
    const owed = accountTold({ transactions: paid, asOf: '2026-02-12' });
    expect(owed).toMatchObject({ status: 'ACTIVE', owedNow: 2_000, overdueSince: '2026-02-10', daysPastDue: 2, feesCharged: 2_000 });
    expect(rowsOf(owed).at(-1)).toBe('02-10 due - 20.00 15.00 3000.00 paid - - 15.00 3000.00');
    const settled = accountTold({ transactions: [...paid, pay('2026-02-13', '20.00')], asOf: '2026-02-13' });
    expect(settled).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', overpaid: 0, feesCharged: 2_000 });
  });

  it('after a write-off finds no row, and says so', () => {
    const transactions = [{ id: 'off', on: '2026-01-02', type: 'write_off' }, charge('2026-01-03', '20.00')];
    const account = accountTold({ transactions, asOf: '2026-01-03' });
    expect(account.remarks).toEqual([{ key: 'charge-2026-01-03-fee', message: 'there is no installment to charge' }]);
    expect(account.feesCharged).toBe(0);
  });
});

describe('a waiver', () => {
  it.each([
    ['2026-01-20', '60.00', ['01-11 - - - 3000.00', '01-21 - - 45.00 3000.00'], 9_000],
    ['2026-01-21', '105.00', ['01-11 - - - 3000.00', '01-21 - - - 3000.00'], 4_500],
  ])('of interest on %s takes at most the %s that are due by that very day, and none of the rows to come', (on, most, rows, left) => {
    const account = accountTold({ transactions: [waive(on, '150.00', 'interest')], asOf: on });
    expect(duesOf(account)).toEqual([...rows, '01-31 - - 30.00 3000.00', '02-10 - - 15.00 3000.00']);
    expect(cells(account.waived)).toBe(`- - ${most} -`);
    expect(account.remarks).toEqual([
      { key: 'waiver', message: `the waiver exceeds the interest that is due by ${String(left)} minor units` },
    ]);
  });

  it('of exactly what is due, or of less, leaves nothing to remark, and its interest was not earned', () => {
    const all = accountTold({ transactions: [waive('2026-01-21', '105.00', 'interest')], asOf: '2026-01-21' });
    expect([all.remarks, all.interestAccrued]).toEqual([[], 0]);
    const part = accountTold({ transactions: [waive('2026-01-21', '70.00', 'interest')], asOf: '2026-01-21' });
    expect([part.remarks, part.interestAccrued]).toEqual([[], 3_500]);
    expect(duesOf(part).slice(0, 2)).toEqual(['01-11 - - - 3000.00', '01-21 - - 35.00 3000.00']);
  });

  it('of interest takes only what is unpaid: what was paid stays paid', () => {
    const transactions = [pay('2026-01-10', '40.00'), waive('2026-01-11', '30.00', 'interest')];
    const account = accountTold({ transactions, asOf: '2026-01-11' });
    expect(rowsOf(account)[0]).toBe('01-11 due - - 40.00 3000.00 paid - - 40.00 -');
    expect(cells(account.waived)).toBe('- - 20.00 -');
  });

  it('of fees takes those of rows to come too, oldest first, and leaves the interest alone', () => {
    const account = accountTold({ terms: EACH_FEE, transactions: [waive('2026-01-01', '12.00', 'fee')], asOf: '2026-01-11' });
    expect(duesOf(account)).toEqual([
      '01-11 - - 60.00 3000.00',
      '01-21 - - 45.00 3000.00',
      '01-31 - 3.00 30.00 3000.00',
      '02-10 - 5.00 15.00 3000.00',
    ]);
    expect([account.interestAccrued, account.feesCharged, cells(account.waived)]).toEqual([6_000, 0, '- 12.00 - -']);
  });

  it('of a fee that was charged takes it off what an early settlement owes; of a penalty leaves the fee owed', () => {
    const charged = [charge('2026-01-05', '20.00'), charge('2026-01-05', '7.00', 'penalty')];
    const quote = (waived: object) =>
      cells(accountTold({ terms: EACH_FEE, transactions: [...charged, waived], asOf: '2026-01-06' }).payoff);
    expect(quote(waive('2026-01-06', '8.00', 'fee'))).toBe('7.00 12.00 30.00 12000.00');
    expect(quote(waive('2026-01-06', '7.00', 'penalty'))).toBe('- 20.00 30.00 12000.00');
    // More than was charged: the rest comes off the row's own fee, which was not owed yet.
    expect(quote(waive('2026-01-06', '23.00', 'fee'))).toBe('7.00 - 30.00 12000.00');
  });
});

describe('a write-off', () => {
  const off = { id: 'off', on: '2026-01-15', type: 'write_off' };
  const transactions = [pay('2026-01-11', '3060.00'), charge('2026-01-14', '20.00'), off];

  it('gives up what is owed on its day, keeps what was paid, and nothing is owed or earned afterwards', () => {
    for (const asOf of ['2026-01-15', '2026-03-01']) {
      const account = accountTold({ transactions, asOf });
      expect(account).toMatchObject({ status: 'CLOSED_WRITTEN_OFF', owedNow: 0, nextDue: null, daysPastDue: 0, payoff: { total: 0 } });
      // Four days of 4.50 on the 9000.00 that were left.
      expect(cells(account.writtenOff!)).toBe('- 20.00 18.00 9000.00');
      expect(rowsOf(account)).toEqual([
        '01-11 due - - 60.00 3000.00 paid - - 60.00 3000.00',
        ...['01-21', '01-31', '02-10'].map((row) => `${row} due - - - - paid - - - -`),
      ]);
      expect([account.interestAccrued, account.remarks]).toEqual([6_000, []]);
    }
  });

  it('is remarked where nothing is outstanding, and a second one changes nothing', () => {
    const message = 'nothing is outstanding that could be written off';
    const paid = accountTold({ transactions: [pay('2026-01-15', '12078.00'), off], asOf: '2026-01-15' });
    expect([paid.status, paid.writtenOff, paid.remarks]).toEqual(['CLOSED_OBLIGATIONS_MET', null, [{ key: 'off', message }]]);
    const again = accountTold({ transactions: [...transactions, { ...off, id: 'again', on: '2026-01-16' }], asOf: '2026-01-16' });
    expect(again.remarks).toEqual([{ key: 'again', message }]);
    expect(cells(again.writtenOff!)).toBe('- 20.00 18.00 9000.00');
  });

  it('is recovered up to what was given up, over several payments; the rest is the borrower’s', () => {
    const more = [
      { id: 'r1', on: '2026-02-01', type: 'recovery', amount: '9000.00' },
      { id: 'r2', on: '2026-02-02', type: 'recovery', amount: '50.00' },
    ];
    const account = accountTold({ transactions: [...transactions, ...more], asOf: '2026-02-02' });
    expect([account.recovered, account.overpaid, account.status]).toEqual([903_800, 1_200, 'CLOSED_WRITTEN_OFF']);
    const nothing = { penalty: 0, fee: 0, interest: 0, principal: 0 };
    expect(account.allocations.slice(-2)).toEqual([
      { key: 'r1', components: nothing, recovered: 900_000, surplus: 0 },
      { key: 'r2', components: nothing, recovered: 3_800, surplus: 1_200 },
    ]);
  });
});

describe('a refund', () => {
  const overpaid = pay('2026-02-10', '12190.00');
  const refund = (amount: string) => ({ id: 'back', on: '2026-02-11', type: 'refund', amount });

  it.each([
    ['39.99', { refunded: 3_999, overpaid: 1, status: 'OVERPAID', relentPrincipal: 0 }],
    ['40.00', { refunded: 4_000, overpaid: 0, status: 'CLOSED_OBLIGATIONS_MET', relentPrincipal: 0 }],
  ])('of %s out of a surplus of 40.00 is given back without remark', (amount, expected) => {
    expect(accountTold({ transactions: [overpaid, refund(amount)], asOf: '2026-02-11' })).toMatchObject({ ...expected, remarks: [] });
  });

  it('beyond the surplus first takes back what rows were paid, and says so', () => {
    const account = accountTold({ transactions: [overpaid, refund('40.01')], asOf: '2026-02-11' });
    expect(account).toMatchObject({ refunded: 4_001, overpaid: 0, status: 'ACTIVE', relentPrincipal: 0, owedNow: 1 });
    expect(account.remarks).toEqual([{ key: 'back', message: 'more was refunded than is overpaid: the difference is owed again' }]);
    expect(rowsOf(account).at(-1)).toBe('02-10 due - - 15.00 3000.00 paid - - 15.00 2999.99');
  });
});

describe('a settlement discount', () => {
  const discount = (id: string, amount: string) => ({ id, on: '2026-01-01', type: 'settlement_discount', amount });

  it('works like money for what the day’s payments leave, and no further', () => {
    const transactions = [pay('2026-01-01', '11990.00'), discount('d1', '6.00'), discount('d2', '8.00'), discount('d3', '1.00')];
    const account = accountTold({ transactions, asOf: '2026-01-01' });
    expect(account).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', discounted: 1_000, overpaid: 0 });
    expect(account.remarks).toEqual([
      { key: 'd2', message: 'the discount exceeds what is owed by 400 minor units' },
      { key: 'd3', message: 'the discount exceeds what is owed by 100 minor units' },
    ]);
    // A discount of which nothing is left is no money, and appears in no allocation.
    expect(account.allocations.map(({ key, components }) => [key, components.principal])).toEqual([
      ['000000', 1_199_000],
      ['d1', 600],
      ['d2', 400],
    ]);
  });
});

describe('facts that find nothing to act on', () => {
  const life = lifeTold({ asOf: '2026-01-01' });
  const asOf = businessDate('2026-01-05');
  const on = businessDate('2026-01-02');

  it('leave a loan that was not paid out as it was approved, and money is the borrower’s', () => {
    const facts: LoanFact[] = [
      { key: 'c', type: 'CHARGE', valueDate: on, amount: fen(100), component: 'fee' },
      { key: 'm', type: 'RECOVERY_REPAYMENT', valueDate: on, amount: fen(250) },
    ];
    const account = foldAccount({ ...life, facts, asOf });
    expect(account).toMatchObject({
      status: 'APPROVED',
      overpaid: 250,
      interestAccrued: 0,
      feesCharged: 0,
      payoff: { total: 0 },
      nextDue: null,
    });
    expect(account.remarks).toEqual([{ key: 'c', message: 'a fact of 2026-01-02 precedes the disbursement' }]);
    expect(account.bucketHistory).toEqual([{ from: '2026-01-01', bucket: 'CURRENT' }]);
    expect(foldAccount({ ...life, facts: [], asOf })).toMatchObject({ status: 'APPROVED', remarks: [], outstanding: { principal: 0 } });
  });

  it('keep the day of the first charge-off', () => {
    const off = (day: string) => ({ on: `2026-01-${day}`, type: 'charge_off' });
    expect(accountTold({ asOf: '2026-01-20' }).chargedOffOn).toBeNull();
    expect(accountTold({ transactions: [off('12'), off('15')], asOf: '2026-01-20' })).toMatchObject({
      chargedOffOn: '2026-01-12',
      remarks: [],
    });
  });

  it('pass over a reversal where a fold is continued: it is what is in force that is folded', () => {
    const reversal: LoanFact = { key: 'r', type: 'REVERSAL', valueDate: on, of: 'ghost' };
    const [plain, passed] = [[], [reversal]].map((more) =>
      beginAccount(life)
        .apply([...life.facts, ...more])
        .on(asOf),
    );
    expect(passed).toEqual(plain);
  });

  it('but a defect of ours is thrown, never told as a remark', () => {
    const broken = { key: 'x', type: 'RATE_CHANGE', valueDate: on, annualRate: null } as unknown as LoanFact;
    expect(() => foldAccount({ ...life, facts: [...life.facts, broken], asOf })).toThrow(TypeError);
    const unread: LoanFact = { key: 'x', type: 'RATE_CHANGE', valueDate: on, annualRate: 'low' };
    expect(foldAccount({ ...life, facts: [...life.facts, unread], asOf }).remarks).toEqual([
      { key: 'x', message: '"low" is not a plain decimal number such as "0.12"' },
    ]);
  });
});
