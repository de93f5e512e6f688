import fc from 'fast-check';
import { addDays, businessDate } from '../../domain/time/dates';
import { termsInput, type TermsInput } from './loan-terms';

/** Arbitrary accounts of the calculator: terms, a policy, payments on any day. */
const policy = fc.record({
  allocation: fc.record({
    due: fc.shuffledSubarray(['penalty', 'fee', 'interest', 'principal'], { minLength: 4, maxLength: 4 }),
    inAdvance: fc.shuffledSubarray(['penalty', 'fee', 'interest', 'principal'], { minLength: 4, maxLength: 4 }),
    mode: fc.constantFrom('horizontal', 'vertical'),
  }),
  interestOn: fc.constantFrom('scheduled', 'actual'),
  earlyPayment: fc.constantFrom('principal', 'interest_then_principal', 'hold_to_due'),
  prepayment: fc.constantFrom('reduce_installment', 'reduce_term', 'advance_next'),
  penalty: fc.option(
    fc.record({
      rateMultiplier: fc.constantFrom('1.5', '2'),
      on: fc.constantFrom('principal', 'principal_and_interest'),
      dayCount: fc.constantFrom('ACT/360', 'ACT/365F'),
      graceDays: fc.constantFrom(0, 3),
    }),
    { nil: undefined },
  ),
  overdueInterest: fc.constantFrom('accrues', 'none'),
  payoffInterest: fc.constantFrom('to_date', 'to_period_end'),
});

export interface Payment {
  id: string;
  on: string;
  type: 'repayment';
  amount: string;
}
export interface AccountCase {
  terms: TermsInput;
  policy: object;
  transactions: Payment[];
  asOf: string;
}

/** The names of members that are undefined are left out, as JSON would. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export const accountCase: fc.Arbitrary<AccountCase> = fc
  .record({
    terms: termsInput(undefined, 18),
    policy,
    payments: fc.array(
      fc.record({
        day: fc.oneof(fc.integer({ min: 0, max: 700 }), fc.constantFrom(0, 31, 59, 90)),
        share: fc.integer({ min: 1, max: 3_000 }),
      }),
      { maxLength: 8 },
    ),
    asOf: fc.integer({ min: 0, max: 900 }),
  })
  .map(({ terms, policy, payments, asOf }) => {
    const start = businessDate(terms.disbursedOn);
    return plain({
      terms,
      policy,
      transactions: payments.map(({ day, share }, index): Payment => ({
        id: `p${String(index)}`,
        on: addDays(start, day),
        type: 'repayment',
        amount: Math.max(0.01, (Number(terms.principal) * share) / 10_000).toFixed(2),
      })),
      asOf: addDays(start, asOf),
    });
  });

/** Everything else that can happen to a loan, on any day: sensible or not. */
const event = fc.oneof(
  fc.record({ type: fc.constant('charge'), amount: fc.constant('12.34'), component: fc.constantFrom('fee', 'penalty') }),
  fc.record({
    type: fc.constant('waiver'),
    amount: fc.constantFrom('0.01', '0.50', '3.00'),
    component: fc.constantFrom('penalty', 'fee', 'interest'),
  }),
  fc.record({ type: fc.constant('rate_change'), annualRate: fc.constantFrom('0', '0.03', '0.24') }),
  fc.record({ type: fc.constant('re_amortize') }),
  fc.record({ type: fc.constant('term_extension'), periods: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ type: fc.constant('settlement_discount'), amount: fc.constant('25.00') }),
  fc.record({ type: fc.constant('charge_off') }),
  fc.record({ type: fc.constant('write_off') }),
);

/** An account with repayments and one to three other things that happened. */
export const eventfulCase = eventful(accountCase, event, 3);

/** Also money after the end, and a refund of what was never there. */
const anything = fc.oneof(
  { weight: 7, arbitrary: event },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('recovery'), amount: fc.constantFrom('5.00', '400.00') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refund'), amount: fc.constantFrom('0.01', '30.00') }) },
);

const payoffFee = fc.option(fc.oneof(fc.constant('50.00'), fc.record({ rate: fc.constantFrom('0.005', '0.03') })), { nil: undefined });

/** The same with a fee for early settlement and more that happened: lives to try the account's laws on. */
export const randomLife = fc
  .record({ base: eventful(accountCase, anything, 6), payoffFee })
  .map(({ base, payoffFee: fee }) => plain({ ...base, policy: { ...base.policy, payoffFee: fee } }));

/** The same where the borrower withdraws one day, and may pay back for a while. */
export const withdrawnLife = fc
  .record({
    life: eventful(accountCase, event, 3),
    payoffFee,
    day: fc.integer({ min: 0, max: 300 }),
    span: fc.integer({ min: 1, max: 90 }),
  })
  .map(({ life, payoffFee: fee, day, span }) => {
    const on = addDays(businessDate(life.terms.disbursedOn), day);
    const withdrawal = { id: 'w', on, type: 'withdrawal', until: addDays(on, span) };
    return plain({ ...life, policy: { ...life.policy, payoffFee: fee }, transactions: [...life.transactions, withdrawal] });
  });

function eventful(cases: fc.Arbitrary<AccountCase>, what: fc.Arbitrary<object>, most: number) {
  return fc
    .record({
      base: cases,
      events: fc.array(
        fc.record({
          day: fc.integer({ min: 0, max: 500 }),
          event: what,
          span: fc.integer({ min: 1, max: 90 }),
          kind: fc.integer({ min: 0, max: 9 }),
        }),
        {
          minLength: 1,
          maxLength: most,
        },
      ),
    })
    .map(({ base, events }) => {
      const start = businessDate(base.terms.disbursedOn);
      const more = events.map(({ day, event: what, span, kind }, index) => {
        const [on, id] = [addDays(start, day), `e${String(index)}`];
        const until = addDays(on, span);
        if (kind === 0) return { id, on, type: 'hardship_pause', until, interest: span % 2 === 0 ? 'none' : 'accrues' };
        if (kind === 1) return { id, on, type: 'debit_in_doubt', until };
        if (kind === 2) return { id, on, type: 're_age', every: { months: 1 }, count: 1 + (span % 24), firstDueOn: until };
        if (kind === 3 && base.transactions[0])
          return { id, on: addDays(businessDate(base.transactions[0].on), span), type: 'reversal', of: 'p0' };
        return { id, on, ...what };
      });
      return { ...base, transactions: [...base.transactions, ...more] };
    });
}
