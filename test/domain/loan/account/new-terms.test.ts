import { accountTold, cells, duesOf, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: a new rate, a longer term, spread arrears or new dates change the rows to come from their day on, and lose nothing that was owed. */
const EACH_FEE = { fees: [{ name: 'service', amount: '5.00', on: 'each_installment' }] };
const FLAT = { method: 'flat', annualRate: '0.12', interest: { basis: 'periodic', periodsPerYear: 12 } };
const ON = '2026-01-15';
const paid = pay('2026-01-11', '3060.00');

describe.each(['scheduled', 'actual'])('where interest is %s', (interestOn) => {
  const policy = { interestOn, overdueInterest: 'none' };
  const told = (transactions: object[], asOf = ON, more: object = {}) => accountTold({ policy, transactions, asOf, ...more });

  describe('a new rate', () => {
    // 36.5 % a year is 0.1 % a day.
    const rate = (on: string, annualRate = '0.365') => [{ on, type: 'rate_change', annualRate }];

    it.each([
      ['2026-01-01', ['120.00', '90.00', '60.00', '30.00']],
      ['2026-01-05', ['96.00', '90.00', '60.00', '30.00']],
      ['2026-01-10', ['66.00', '90.00', '60.00', '30.00']],
      ['2026-01-11', ['60.00', '90.00', '60.00', '30.00']],
      ['2026-01-12', ['60.00', '85.50', '60.00', '30.00']],
      ['2026-02-09', ['60.00', '45.00', '30.00', '16.50']],
      ['2026-02-10', ['60.00', '45.00', '30.00', '15.00']],
    ])('of %s is charged from that day on', (on, interest) => {
      const dates = ['01-11', '01-21', '01-31', '02-10'];
      const due = [pay('2026-01-11', '3060.00'), pay('2026-01-21', '3045.00'), pay('2026-01-31', '3030.00')];
      const known = due.filter((each) => each.on < on);
      // What follows the balance shows interest as though every row were paid on its day; so do rows that stand.
      expect(duesOf(told([...known, ...rate(on)], on))).toEqual(dates.map((day, index) => `${day} - - ${interest[index]!} 3000.00`));
    });

    it('of nothing earns nothing from then on', () => {
      const account = told(rate('2026-01-05', '0'), '2026-01-11');
      expect(duesOf(account)).toEqual(['01-11 - - 24.00 3000.00', ...['01-21', '01-31', '02-10'].map((day) => `${day} - - - 3000.00`)]);
      expect(account.interestAccrued).toBe(2_400);
    });

    it('is remarked where interest is flat', () => {
      const account = told([{ id: 'x', ...rate(ON)[0]! }], ON, { terms: FLAT });
      expect(account.remarks).toEqual([{ key: 'x', message: 'flat interest has no rate that could change' }]);
    });
  });

  describe('a longer term', () => {
    const longer = (on: string, periods = 2) => ({ id: 'longer', on, type: 'term_extension', periods });

    it('spreads the principal over all rows to come, by the spacing of the last', () => {
      // 9000.00 over five rows; 18.00 for four days, then six on 9000.00.
      expect(duesOf(told([paid, longer(ON)]))).toEqual([
        '01-11 - - 60.00 3000.00',
        '01-21 - - 45.00 1800.00',
        '01-31 - - 36.00 1800.00',
        '02-10 - - 27.00 1800.00',
        '02-20 - - 18.00 1800.00',
        '03-02 - - 9.00 1800.00',
      ]);
      expect(told([paid, longer(ON)]).installments.map((row) => row.number)).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('is granted up to the day before the last due date, and remarked from then on', () => {
      const rest = [paid, pay('2026-01-21', '3045.00'), pay('2026-01-31', '3030.00')];
      // 13.50 for nine days, then one day on 3000.00, and ten on 1500.00.
      expect(duesOf(told([...rest, longer('2026-02-09', 1)], '2026-02-09')).slice(-2)).toEqual([
        '02-10 - - 15.00 1500.00',
        '02-20 - - 7.50 1500.00',
      ]);
      const late = told([...rest, longer('2026-02-10', 1)], '2026-02-10');
      expect(late.remarks).toEqual([{ key: 'longer', message: 'a term is extended before its last due date; after it, re-age' }]);
      expect(late.installments).toHaveLength(4);
    });
  });

  describe('arrears that are spread anew', () => {
    const spread = { id: 'spread', on: ON, type: 're_amortize' };

    it('leave nothing late: their principal goes over the rows to come, their interest and charges to the first of them', () => {
      const charged = { on: '2026-01-12', type: 'charge', amount: '7.00', component: 'penalty' };
      const account = told([{ ...charged, on: '2026-01-11' }, spread], ON, { terms: EACH_FEE });
      // 60.00 of the first row and 18.00 for four days on 9000.00; then six on all 12000.00. Fees of both rows.
      expect(duesOf(account)).toEqual([
        '01-11 - - - -',
        '01-21 7.00 10.00 114.00 4000.00',
        '01-31 - 5.00 40.00 4000.00',
        '02-10 - 5.00 20.00 4000.00',
      ]);
      expect(account).toMatchObject({ daysPastDue: 0, bucket: 'CURRENT', overdueSince: null, interestAccrued: 7_800 });
      // The late row's fee is owed by a settlement too, the coming row's own is not.
      expect(cells(account.payoff)).toBe('7.00 5.00 78.00 12000.00');
    });

    it('keep what was paid of them on their row', () => {
      const account = told([pay('2026-01-12', '1060.00'), spread]);
      // 2000.00 are left of the row: 11000.00 over three; 18.00 for four days on 9000.00, then six on 11000.00.
      expect(rowsOf(account).slice(0, 2)).toEqual([
        '01-11 due - - 60.00 1000.00 paid - - 60.00 1000.00',
        '01-21 due - - 51.00 3666.67 paid - - - -',
      ]);
    });

    it('are remarked where no row is left', () => {
      const account = told([{ ...spread, on: '2026-02-10' }], '2026-02-10');
      expect(account.remarks).toEqual([{ key: 'spread', message: 'no due date is left to spread arrears over' }]);
      expect(told([{ ...spread, on: '2026-02-09' }], '2026-02-09').remarks).toEqual([]);
    });
  });

  describe('new dates', () => {
    const reage = (more: object = {}) => ({
      id: 'aged',
      on: ON,
      type: 're_age',
      every: { days: 10 },
      count: 3,
      firstDueOn: '2026-01-25',
      ...more,
    });

    it('take everything outstanding: 78.00 of interest owed, and ten days on 12000.00 with the first', () => {
      const account = told([reage()]);
      expect(duesOf(account)).toEqual(['01-11 - - - -', '01-25 - - 138.00 4000.00', '02-04 - - 40.00 4000.00', '02-14 - - 20.00 4000.00']);
      expect(account.installments.map((row) => row.number)).toEqual([1, 2, 3, 4]);
      expect(account).toMatchObject({ daysPastDue: 0, bucket: 'CURRENT', interestAccrued: 7_800, remarks: [] });
    });

    it('may begin on the day after, and not on the very day or before a row that is paid', () => {
      expect(told([paid, reage({ firstDueOn: '2026-01-16' })]).remarks).toEqual([]);
      const message = 'the first due date of a re-aged loan must follow the day of re-aging and every installment that is paid';
      expect(told([paid, reage({ firstDueOn: ON })]).remarks).toEqual([{ key: 'aged', message }]);
      expect(duesOf(told([paid, reage({ firstDueOn: ON })]))).toEqual(duesOf(told([paid])));
      const settled = told([pay('2026-01-14', '12073.50'), reage()]);
      expect(settled.remarks).toEqual([{ key: 'aged', message: 'nothing is outstanding that could be re-aged' }]);
    });

    it('move money that was paid ahead of interest to the first new row', () => {
      // 45.00 of the second row's interest is paid: 63.00 fall due, 18.00 for four days and 45.00 for ten.
      const account = accountTold({
        policy: { ...policy, earlyPayment: 'hold_to_due' },
        transactions: [paid, pay('2026-01-12', '45.00'), reage()],
        asOf: ON,
      });
      expect(rowsOf(account).slice(1)).toEqual([
        '01-25 due - - 63.00 3000.00 paid - - 45.00 -',
        '02-04 due - - 30.00 3000.00 paid - - - -',
        '02-14 due - - 15.00 3000.00 paid - - - -',
      ]);
    });

    it('keep charges and penalty, and drop the fees of rows that will not be', () => {
      const charges = [
        { on: '2026-01-12', type: 'charge', amount: '20.00', component: 'fee' },
        { on: '2026-01-12', type: 'charge', amount: '7.00', component: 'penalty' },
      ];
      const account = told([paid, ...charges, reage()], ON, { terms: { fees: [] } });
      expect(duesOf(account)[1]).toBe('01-25 7.00 20.00 63.00 3000.00');
      expect(cells(account.payoff)).toBe('7.00 20.00 18.00 9000.00');
      expect(duesOf(told([{ ...paid, amount: '3065.00' }, reage()], ON, { terms: EACH_FEE }))[1]).toBe('01-25 - - 63.00 3000.00');
    });

    it.each([
      ['2026-01-15', '01-25', 'is owed already'],
      ['2026-01-16', '01-25', 'has still to come'],
      ['2026-01-25', '01-25', 'falls due with the row of its day'],
      ['2026-01-26', '02-04', 'falls due with the row after it'],
      ['2026-02-10', '02-14', 'falls due with the last'],
    ])('leave a fee of the terms of %s on the row of %s: it %s', (on, row) => {
      const terms = { fees: [{ name: 'insurance', amount: '30.00', on }] };
      const transactions = [pay('2026-01-11', '3060.00'), reage()];
      const account = told(transactions, ON, { terms });
      expect(account.installments.filter((each) => each.due.fee > 0).map((each) => each.dueOn.slice(5))).toEqual([row]);
      const owed = (asOf: string) => told(transactions, asOf, { terms }).payoff.fee;
      expect(owed(on)).toBe(3_000);
      if (on > ON) expect(owed(ON)).toBe(0);
    });
  });
});

describe('a longer term of months', () => {
  const dates = (terms: object, periods: number) => {
    const loan = { principal: '6000.00', method: 'equal_principal', interest: { basis: 'daily', dailyRate: '0' }, ...terms };
    const transactions = [{ on: (terms as { disbursedOn: string }).disbursedOn, type: 'term_extension', periods }];
    return accountTold({ terms: loan, transactions, asOf: transactions[0]!.on })
      .installments.slice(-periods)
      .map((row) => row.dueOn);
  };

  it.each([
    [{ disbursedOn: '2026-01-31', every: { months: 1 }, count: 3 }, ['2026-05-31', '2026-06-30']],
    [{ disbursedOn: '2026-11-30', every: { months: 1 }, count: 3 }, ['2027-03-30', '2027-04-30']],
    [{ disbursedOn: '2026-08-31', every: { months: 3 }, count: 3 }, ['2027-08-31', '2027-11-30']],
    [{ disbursedOn: '2026-01-31', every: { months: 1 }, count: 1 }, ['2026-03-28', '2026-04-28']],
    [{ disbursedOn: '2026-01-15', every: { weeks: 2 }, count: 3 }, ['2026-03-12', '2026-03-26']],
    [{ disbursedOn: '2026-01-15', every: { days: 30 }, count: 3 }, ['2026-05-15', '2026-06-14']],
  ])('after %j falls on %j', (terms, expected) => {
    expect(dates(terms, 2)).toEqual(expected);
  });
});
