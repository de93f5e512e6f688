import { accountTold, duesOf, pay } from '../../../support/ten-day-loan';

/** Guarantee: each method keeps its own way of repaying through a longer term, new dates and a prepayment. */
describe('each method', () => {
  const FLAT = { method: 'flat', every: { months: 1 }, annualRate: '0.12', interest: { basis: 'periodic', periodsPerYear: 12 } };
  const longer = [{ on: '2026-01-05', type: 'term_extension', periods: 2 }];
  const aged = (on: string) => [{ on, type: 're_age', every: { days: 10 }, count: 2, firstDueOn: '2026-01-25' }];
  const dues = (terms: object, transactions: object[], asOf: string) => duesOf(accountTold({ terms, transactions, asOf }));

  it('of flat interest bears the same in every row, also in those that are added', () => {
    const flat = ['02-01', '03-01', '04-01', '05-01'];
    expect(dues(FLAT, [], '2026-01-05')).toEqual(flat.map((day) => `${day} - - 120.00 3000.00`));
    expect(dues(FLAT, longer, '2026-01-05')).toEqual([...flat, '06-01', '07-01'].map((day) => `${day} - - 120.00 2000.00`));
    // Earned by days: 13 of February's 28.
    expect(accountTold({ terms: FLAT, asOf: '2026-02-14' }).interestAccrued).toBe(12_000 + 5_571);
  });

  it('of interest first repays in the last row, wherever that comes to stand', () => {
    const first = { method: 'interest_first' };
    const only = (days: string[]) => days.map((day) => `${day} - - 60.00 -`);
    expect(dues(first, [], '2026-01-05')).toEqual([...only(['01-11', '01-21', '01-31']), '02-10 - - 60.00 12000.00']);
    expect(dues(first, longer, '2026-01-05')).toEqual([...only(['01-11', '01-21', '01-31', '02-10', '02-20']), '03-02 - - 60.00 12000.00']);
    // Re-aged on 15 January: 60.00 overdue, 24.00 for four days, 60.00 for ten.
    expect(dues(first, aged('2026-01-15'), '2026-01-15')).toEqual(['01-11 - - - -', '01-25 - - 144.00 -', '02-04 - - 60.00 12000.00']);
    const reduced = accountTold({
      terms: first,
      policy: { prepayment: 'reduce_installment', earlyPayment: 'interest_then_principal' },
      transactions: [pay('2026-01-11', '2060.00')],
      asOf: '2026-01-11',
    });
    expect(duesOf(reduced).slice(1)).toEqual(['01-21 - - 50.00 -', '01-31 - - 50.00 -', '02-10 - - 50.00 10000.00']);
  });

  it('of given installments keeps them, and the last takes the rest', () => {
    const balloon = { method: 'balloon', installment: { amount: '1060.00' } };
    const rows = ['01-11 - - 60.00 1000.00', '01-21 - - 55.00 1005.00', '01-31 - - 49.98 1010.02'];
    // 8984.98 are left: 44.92 of interest, half up.
    expect(dues(balloon, [], '2026-01-05')).toEqual([...rows, '02-10 - - 44.92 8984.98']);
    expect(dues(balloon, [{ ...longer[0]!, periods: 1 }], '2026-01-05')).toEqual([
      ...rows,
      '02-10 - - 44.92 1015.08',
      '02-20 - - 39.85 7969.90',
    ]);
  });

  it('of a given principal keeps it', () => {
    const given = { method: 'fixed_principal', fixedPrincipal: '1000.00' };
    expect(dues(given, [{ ...longer[0]!, periods: 1 }], '2026-01-05')).toEqual([
      '01-11 - - 60.00 1000.00',
      '01-21 - - 55.00 1000.00',
      '01-31 - - 50.00 1000.00',
      '02-10 - - 45.00 1000.00',
      '02-20 - - 40.00 8000.00',
    ]);
  });

  it.each<[string, object, string[]]>([
    // 240.00 of interest are overdue, and ten days on 12000.00 fall due with the first new row.
    ['interest first', { method: 'interest_first' }, ['03-02 - - 300.00 -', '03-12 - - 60.00 12000.00']],
    // 60.00, 55.00, 50.00 and 45.00 are overdue; then 60.00, and ten days on 11000.00.
    [
      'a given principal',
      { method: 'fixed_principal', fixedPrincipal: '1000.00' },
      ['03-02 - - 270.00 1000.00', '03-12 - - 55.00 11000.00'],
    ],
    // 60.00, 55.00, 49.98 and 44.92; of 1060.00 with 269.90 of interest 790.10 repay, and 11209.90 bear 56.05.
    [
      'given installments',
      { method: 'balloon', installment: { amount: '1060.00' } },
      ['03-02 - - 269.90 790.10', '03-12 - - 56.05 11209.90'],
    ],
  ])('that is re-aged after its end goes on as agreed: %s', (_name, terms, rows) => {
    const transactions = [{ on: '2026-02-20', type: 're_age', every: { days: 10 }, count: 2, firstDueOn: '2026-03-02' }];
    expect(dues(terms, transactions, '2026-02-20').slice(4)).toEqual(rows);
  });
});
