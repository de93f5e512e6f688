import { accountTold, cells, duesOf, pay, rowsOf } from '../../../support/ten-day-loan';

/** Guarantee: money that comes early goes where the product says, costs no interest that it spared, and a row is never asked for it twice. */
const ahead = (on: string, amount: string, policy: object, more: object = {}) => {
  const { terms, asOf = on, transactions = [] } = more as { terms?: object; asOf?: string; transactions?: object[] };
  return accountTold({ ...(terms ? { terms } : {}), policy, transactions: [...transactions, pay(on, amount)], asOf });
};
const EACH_FEE = { fees: [{ name: 'service', amount: '5.00', on: 'each_installment' }] };

describe('money before its day where rows stand', () => {
  it('pays the coming rows one after another, in the order for money in advance', () => {
    expect(rowsOf(ahead('2026-01-05', '4000.00', {}))).toEqual([
      '01-11 due - - 60.00 3000.00 paid - - 60.00 3000.00',
      '01-21 due - - 45.00 3000.00 paid - - 45.00 895.00',
      '01-31 due - - 30.00 3000.00 paid - - - -',
      '02-10 due - - 15.00 3000.00 paid - - - -',
    ]);
  });

  it.each([
    ['hold_to_due', ['fee', 'interest', 'penalty', 'principal'], '100.00', '- 5.00 60.00 35.00'],
    ['hold_to_due', ['principal', 'interest', 'penalty', 'fee'], '3010.00', '- - 10.00 3000.00'],
    ['principal', ['fee', 'interest', 'penalty', 'principal'], '3004.00', '- 4.00 - 3000.00'],
    ['interest_then_principal', ['fee', 'principal', 'penalty', 'interest'], '3064.00', '- 4.00 60.00 3000.00'],
    ['interest_then_principal', ['fee', 'principal', 'penalty', 'interest'], '61.00', '- - 60.00 1.00'],
  ])('under %s and the order %j pays of %s: %s', (earlyPayment, inAdvance, amount, paid) => {
    const policy = { earlyPayment, allocation: { inAdvance } };
    expect(cells(ahead('2026-01-05', amount, policy, { terms: EACH_FEE }).installments[0]!.paid)).toBe(paid);
  });

  it.each([
    ['horizontal', ['- - 60.00 55.00', '- - - -']],
    ['vertical', ['- - 60.00 10.00', '- - 45.00 -']],
  ])('and what is due is paid %s: row by row, or component by component', (mode, paid) => {
    const account = ahead('2026-01-21', '115.00', { allocation: { mode } });
    expect(account.installments.slice(0, 2).map((row) => cells(row.paid))).toEqual(paid);
    expect(account.installments[2]!.paid.interest).toBe(0);
  });
});

describe('money before its day where interest follows the balance', () => {
  const actual = (earlyPayment: string) => ({ interestOn: 'actual', earlyPayment });

  it('bears no interest from its day on where it is principal: 24.00 for four days on 12000.00, 33.00 for six on 11000.00', () => {
    expect(rowsOf(ahead('2026-01-05', '1000.00', actual('principal')))[0]).toBe('01-11 due - - 57.00 3000.00 paid - - - 1000.00');
    expect(rowsOf(ahead('2026-01-05', '1024.00', actual('interest_then_principal')))[0]).toBe(
      '01-11 due - - 57.00 3000.00 paid - - 24.00 1000.00',
    );
    // Less than the interest to date is interest alone, and changes no balance.
    expect(rowsOf(ahead('2026-01-05', '20.00', actual('interest_then_principal')))[0]).toBe('01-11 due - - 60.00 3000.00 paid - - 20.00 -');
    // On the first day nothing is earned yet: all is principal.
    expect(rowsOf(ahead('2026-01-01', '1000.00', actual('interest_then_principal')))[0]).toBe(
      '01-11 due - - 55.00 3000.00 paid - - - 1000.00',
    );
  });

  it('waits for the due date, and spares no interest, where the product holds it', () => {
    expect(rowsOf(ahead('2026-01-05', '1000.00', actual('hold_to_due')))[0]).toBe('01-11 due - - 60.00 3000.00 paid - - 60.00 940.00');
    // From the due date on it does: 12000.00 less 940.00 for ten days.
    expect(duesOf(ahead('2026-01-05', '1000.00', actual('hold_to_due'), { asOf: '2026-01-21' }))[1]).toBe('01-21 - - 55.30 3000.00');
  });

  it('pays what is due first: on a due date only the rest is ahead', () => {
    const rows = rowsOf(ahead('2026-01-11', '4060.00', actual('principal')));
    expect(rows.slice(0, 2)).toEqual([
      '01-11 due - - 60.00 3000.00 paid - - 60.00 3000.00',
      '01-21 due - - 40.00 3000.00 paid - - - 1000.00',
    ]);
  });

  it('closes a row that it fills to the fen, and the interest that still ran in it comes with the next', () => {
    const policy = actual('principal');
    // The row's 3060.00 as principal; the next bears 24.00, six days on 8940.00 and ten: 24.00 + 26.82 + 44.70.
    const filled = ahead('2026-01-05', '3060.00', policy);
    expect(rowsOf(filled)).toEqual([
      '01-11 due - - - 3060.00 paid - - - 3060.00',
      '01-21 due - - 95.52 3000.00 paid - - - -',
      '01-31 due - - 29.70 3000.00 paid - - - -',
      '02-10 due - - 14.70 2940.00 paid - - - -',
    ]);
    expect(filled.nextDue).toMatchObject({ number: 2 });
    // One fen less, and the row still waits for its date, with the interest that it collects then.
    const short = ahead('2026-01-05', '3059.99', policy);
    expect(short.nextDue).toMatchObject({ number: 1, amount: 5_082 });
    expect(rowsOf(short)[0]).toBe('01-11 due - - 50.82 3059.99 paid - - - 3059.99');
    // One fen more goes to the next row.
    expect(rowsOf(ahead('2026-01-05', '3060.01', policy))[1]).toBe('01-21 due - - 95.52 3000.00 paid - - - 0.01');
  });

  it('does not ask again, on the day that a row falls due, for what was filled ahead of it', () => {
    const account = ahead('2026-01-05', '3060.00', actual('principal'), { asOf: '2026-01-21' });
    expect(account).toMatchObject({ owedNow: 309_552, daysPastDue: 0, interestAccrued: 9_552 });
  });
});

describe('a prepayment', () => {
  const early = (effect: string, on: string, amount: string, more: object = {}) =>
    ahead(on, amount, { prepayment: effect, earlyPayment: 'interest_then_principal', ...more });
  const LOWER = ['01-11 - - 51.00 2250.00', '01-21 - - 33.75 2250.00', '01-31 - - 22.50 2250.00', '02-10 - - 11.25 2250.00'];

  it.each(['scheduled', 'actual'])(
    'that reduces the installment pays the interest to date and spreads the rest over all rows (%s)',
    (interestOn) => {
      // 24.00 for four days, 3000.00 of principal; the first row bears six days on 9000.00 beside it.
      const account = early('reduce_installment', '2026-01-05', '3024.00', { interestOn });
      expect(duesOf(account)).toEqual(LOWER);
      expect(cells(account.installments[0]!.paid)).toBe('- - 24.00 -');
      expect(account).toMatchObject({ prepaidPrincipal: 300_000, interestAccrued: 2_400, overpaid: 0 });
      expect(account.allocations).toEqual([
        { key: '000000', components: { penalty: 0, fee: 0, interest: 2_400, principal: 300_000 }, recovered: 0, surplus: 0 },
      ]);
    },
  );

  it.each(['scheduled', 'actual'])(
    'that reduces the term leaves the installments as they are and drops those at the end (%s)',
    (interestOn) => {
      const rows = (amount: string) => duesOf(early('reduce_term', '2026-01-05', amount, { interestOn }));
      expect(rows('3024.00')).toEqual(['01-11 - - 51.00 3000.00', '01-21 - - 30.00 3000.00', '01-31 - - 15.00 3000.00']);
      // One fen less than a whole row leaves a row of one fen, which bears no interest worth a fen.
      expect(rows('3023.99').slice(2)).toEqual(['01-31 - - 15.00 3000.00', '02-10 - - - 0.01']);
      expect(rows('4024.00')).toEqual(['01-11 - - 48.00 3000.00', '01-21 - - 25.00 3000.00', '01-31 - - 10.00 2000.00']);
      // The first row always stays.
      expect(rows('9024.00')).toEqual(['01-11 - - 33.00 3000.00']);
      expect(rows('11024.00')).toEqual(['01-11 - - 27.00 1000.00']);
    },
  );

  it('drops the fees of the rows that it drops, and keeps a row on which something was paid', () => {
    const account = early('reduce_term', '2026-01-05', '6024.00');
    const withFees = ahead(
      '2026-01-05',
      '6024.00',
      { prepayment: 'reduce_term', earlyPayment: 'interest_then_principal' },
      { terms: EACH_FEE },
    );
    expect(duesOf(account)).toEqual(['01-11 - - 42.00 3000.00', '01-21 - - 15.00 3000.00']);
    expect(duesOf(withFees)).toEqual(['01-11 - 5.00 42.00 3000.00', '01-21 - 5.00 15.00 3000.00']);
  });

  it('of no more than the interest to date is that interest, and changes no row', () => {
    const account = early('reduce_installment', '2026-01-05', '24.00');
    expect(duesOf(account)[0]).toBe('01-11 - - 60.00 3000.00');
    expect([account.prepaidPrincipal, cells(account.installments[0]!.paid)]).toEqual([0, '- - 24.00 -']);
  });

  it('on a due date pays the row that falls due, and then reduces', () => {
    // 9000.00 less 3000.00 over the three rows to come.
    const account = early('reduce_installment', '2026-01-11', '6060.00');
    expect(duesOf(account)).toEqual([
      '01-11 - - 60.00 3000.00',
      '01-21 - - 30.00 2000.00',
      '01-31 - - 20.00 2000.00',
      '02-10 - - 10.00 2000.00',
    ]);
  });

  it('follows the borrower’s wish before the product’s rule', () => {
    const wish = { on: '2026-01-05', type: 'prepayment', amount: '3024.00', effect: 'reduce_installment' };
    const policy = { prepayment: 'reduce_term', earlyPayment: 'interest_then_principal' };
    expect(duesOf(accountTold({ policy, transactions: [wish], asOf: '2026-01-05' }))).toEqual(LOWER);
    // Without a wish, money that the product holds to its date reduces nothing.
    const held = ahead('2026-01-05', '3024.00', { prepayment: 'reduce_term', earlyPayment: 'hold_to_due' });
    expect(held).toMatchObject({ prepaidPrincipal: 0 });
    expect(duesOf(held)).toHaveLength(4);
  });

  it('rounds the new installment as the product says', () => {
    const up = { prepayment: { effect: 'reduce_installment', recompute: { rounding: { mode: 'up', multiple: '100' } } } };
    // 9000.00 over four rows is 2250.00: to whole hundreds 2300.00, and the last takes the rest.
    const account = ahead('2026-01-05', '3024.00', { ...up, earlyPayment: 'interest_then_principal' });
    expect(account.installments.map((row) => row.due.principal)).toEqual([230_000, 230_000, 230_000, 210_000]);
  });

  it('of a level installment reduces it to the annuity of what is left, and of nothing else', () => {
    // Four rows at 0.5 %: 12000.00 gives 3037.59; on the due date that is paid and 3000.00 more.
    const terms = { method: 'equal_installment' };
    const policy = { prepayment: 'reduce_installment', earlyPayment: 'interest_then_principal' };
    const annuity = (balance: number, rows: number) => Math.round((balance * 0.005) / (1 - 1.005 ** -rows));
    const account = ahead('2026-01-11', '6037.59', policy, { terms });
    const left = 1_200_000 - (annuity(1_200_000, 4) - 6_000) - 300_000;
    const totals = account.installments.map((row) => row.due.interest + row.due.principal);
    expect(totals.slice(0, 3)).toEqual([annuity(1_200_000, 4), annuity(left, 3), annuity(left, 3)]);
    expect(account.installments[1]!.due.interest).toBe(Math.round(left * 0.005));
  });
});
