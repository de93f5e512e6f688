import fc from 'fast-check';
import { addDays, businessDate } from '../../domain/dates';
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
