import { VERBS } from '../../../ops/calc/verbs';

/** Corners of the account in which one rule meets another. Figures worked out by hand from the schedule of the terms. */
interface Components {
  penalty: string;
  fee: string;
  interest: string;
  principal: string;
}
interface Account {
  status: string;
  installments: { dueOn: string; due: Components; paid: Components; daysPastDue: number }[];
  payoff: Components & { total: string };
  outstanding: Components & { total: string };
  overpaid: string;
  daysPastDue: number;
  interestAccrued: string;
}

const TERMS = {
  principal: '12000.00',
  annualRate: '0.12',
  disbursedOn: '2026-01-01',
  every: { months: 1 },
  count: 6,
  method: 'equal_installment',
  interest: { basis: 'periodic', periodsPerYear: 12 },
};
const account = ({ terms, ...input }: { transactions?: object[]; policy?: object; asOf: string; terms?: object }) =>
  VERBS.account!({ terms: { ...TERMS, ...terms }, ...input }) as Account;
const pay = (on: string, amount: string, id?: string) => ({ on, type: 'repayment', amount, ...(id === undefined ? {} : { id }) });
const rowOn = (of: Account, dueOn: string) => of.installments.find((row) => row.dueOn === dueOn);

/** Rows of February to April paid (the last two ahead), then a prepayment of 3000.00. */
const paidAhead = (effect: string) => [
  pay('2026-02-01', '2070.58'),
  pay('2026-02-02', '4141.16'),
  { on: '2026-02-10', type: 'prepayment', amount: '3000.00', effect },
];

describe('money ahead of its time', () => {
  it.each(['reduce_installment', 'reduce_term'])('credits in the payoff the interest that a later %s released', (effect) => {
    // Paid as interest: 120.00 + 100.49 + 80.79; earned by 1 April: 250.93.
    const on = account({ transactions: paidAhead(effect), asOf: '2026-04-01' });
    expect(on).toMatchObject({ interestAccrued: '250.93', payoff: { interest: '-50.35', principal: '3089.54', total: '3039.19' } });
  });

  it('settles the loan by exactly the quoted payoff, credit included', () => {
    const transactions = [...paidAhead('reduce_installment'), pay('2026-04-15', '3053.61')];
    const settled = account({ transactions, asOf: '2026-04-15' });
    expect(settled).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', overpaid: '0.00', outstanding: { total: '0.00' } });
    for (const row of settled.installments) expect(Number(row.paid.interest)).toBeGreaterThanOrEqual(0);
  });

  it('spreads a reduced balance over the rows that are not paid already', () => {
    // 3089.54 at 1 % a month over the three rows left.
    const reduced = account({ transactions: paidAhead('reduce_installment'), asOf: '2026-02-10' });
    expect(rowOn(reduced, '2026-05-01')?.due).toMatchObject({ principal: '1050.51' });
  });

  it('lets interest that was never earned pay what is overdue before it becomes surplus', () => {
    const transactions = [
      pay('2026-02-01', '2070.58'),
      pay('2026-02-02', '8282.32'),
      { on: '2026-02-03', type: 'rate_change', annualRate: '0' },
    ];
    const late = account({ policy: { interestOn: 'actual' }, transactions, asOf: '2026-08-01' });
    expect(Number(late.outstanding.principal)).toBeGreaterThan(0);
    expect(late.overpaid).toBe('0.00');
  });
});

describe('a grace that defers interest', () => {
  it('collects the deferred interest on top of the installment where interest follows the balance', () => {
    const terms = { grace: { interestDeferredPeriods: 2 } };
    const opened = account({ terms, policy: { interestOn: 'actual' }, asOf: '2026-01-01' });
    expect(rowOn(opened, '2026-04-01')?.due).toMatchObject({ interest: '301.28', principal: '1989.79' });
  });

  it('still does after a prepayment, which leaves the installment as it is', () => {
    const terms = { grace: { interestDeferredPeriods: 2 } };
    const transactions = [{ on: '2026-01-15', type: 'prepayment', amount: '1000.00', effect: 'reduce_term' }];
    const row = rowOn(account({ terms, transactions, asOf: '2026-01-15' }), '2026-04-01');
    expect(Number(row?.due.principal)).toBeGreaterThan(1_950);
    expect(Number(row?.due.interest)).toBeGreaterThan(200);
  });
});

describe('overdue principal', () => {
  it('bears contract interest by the month in which its days lie', () => {
    // February's 28 days are one month: 1 % of 1950.58.
    const late = account({ policy: { overdueInterest: 'accrues' }, asOf: '2026-03-01' });
    expect(rowOn(late, '2026-02-01')?.due.interest).toBe('139.51');
  });

  it('bears no early-settlement fee', () => {
    // 12000.00 less 1950.58 and 1970.09 that are past due, at one per cent.
    expect(account({ policy: { payoffFee: { rate: '0.01' } }, asOf: '2026-03-15' }).payoff.fee).toBe('80.79');
  });
});

it('drops the interest of flat rows that a shorter term leaves without principal', () => {
  const transactions = [{ on: '2026-02-10', type: 'prepayment', amount: '8500.00', effect: 'reduce_term' }];
  const shorter = account({ terms: { method: 'flat' }, transactions, asOf: '2026-02-10' });
  expect(shorter.installments).toHaveLength(3);
  expect(shorter.outstanding).toMatchObject({ interest: '240.00', principal: '3620.00' });
});

it('counts a day once that lies in two pauses', () => {
  const pauses = [
    { on: '2026-02-10', type: 'hardship_pause', until: '2026-03-10', interest: 'none' },
    { on: '2026-02-20', type: 'hardship_pause', until: '2026-03-20', interest: 'none' },
  ];
  // 68 days since 1 February less the 38 from 10 February to 20 March; 9 of 28 and 12 of 31 days bear interest.
  const paused = account({ transactions: pauses, asOf: '2026-04-10' });
  expect(paused.daysPastDue).toBe(30);
  expect(rowOn(paused, '2026-03-01')?.due.interest).toBe('32.30');
  expect(rowOn(paused, '2026-04-01')?.due.interest).toBe('31.27');
});

describe('fees', () => {
  it('are owed by an early settlement once they are charged, due or not', () => {
    const charged = account({ transactions: [{ on: '2026-02-10', type: 'charge', amount: '50.00' }], asOf: '2026-02-15' });
    expect(charged.payoff.fee).toBe('50.00');
    const settled = account({
      transactions: [{ on: '2026-02-10', type: 'charge', amount: '50.00' }, pay('2026-02-15', charged.payoff.total)],
      asOf: '2026-02-15',
    });
    expect(settled).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', overpaid: '0.00' });
  });

  it('of the terms with a date fall due with the next installment, and are owed from their date on', () => {
    const terms = { fees: [{ name: 'insurance', amount: '30.00', on: '2026-02-10' }] };
    expect(rowOn(account({ terms, asOf: '2026-01-01' }), '2026-03-01')?.due.fee).toBe('30.00');
    expect(account({ terms, asOf: '2026-02-09' }).payoff.fee).toBe('0.00');
    expect(account({ terms, asOf: '2026-02-10' }).payoff.fee).toBe('30.00');
  });
});

it.each([
  { on: '2026-03-15', type: 're_amortize' },
  { on: '2026-03-15', type: 're_age', every: { months: 1 }, count: 8, firstDueOn: '2026-04-15' },
  { on: '2026-03-15', type: 'term_extension', periods: 4 },
])('accepts on the day of a $type the payoff that was quoted after it', (change) => {
  const policy = { penalty: { rateMultiplier: '1.5' } };
  const { payoff } = account({ policy, transactions: [change], asOf: '2026-03-15' });
  const settled = account({ policy, transactions: [pay('2026-03-15', payoff.total), change], asOf: '2026-03-15' });
  expect(settled).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', overpaid: '0.00' });
});

describe('a refund of what was overpaid', () => {
  const overpaid = [
    pay('2026-02-01', '2070.58', 'a'),
    pay('2026-07-01', '20000.00', 'b'),
    { on: '2026-07-02', type: 'refund', amount: '100.00' },
  ];

  it.each(['scheduled', 'actual'])('stands when the payment it came from is returned: the borrower owes it again (%s)', (interestOn) => {
    const transactions = [...overpaid, { on: '2026-07-05', type: 'reversal', of: 'b' }];
    const policy = { interestOn, earlyPayment: 'interest_then_principal' };
    const before = account({ policy, transactions: [pay('2026-02-01', '2070.58', 'a')], asOf: '2026-07-02' });
    const returned = account({ policy, transactions, asOf: '2026-07-05' });
    expect(returned.overpaid).toBe('0.00');
    expect((Number(returned.outstanding.principal) - Number(before.outstanding.principal)).toFixed(2)).toBe('100.00');
  });

  it('is owed again beyond the surplus, whether or not a payment was returned', () => {
    const refunded = account({ transactions: [{ on: '2026-02-01', type: 'refund', amount: '0.01' }], asOf: '2026-02-01' });
    const before = account({ asOf: '2026-02-01' });
    expect((Number(refunded.outstanding.principal) - Number(before.outstanding.principal)).toFixed(2)).toBe('0.01');
  });
});
