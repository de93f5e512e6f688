import fc from 'fast-check';
import { addDays, businessDate, type BusinessDate } from '../../domain/time/dates';

/** Arbitrary inputs of the calculator, as JSON: valid, but close to every edge that we know. */
const money = (max: number) => fc.integer({ min: 1, max }).map((fen) => (fen / 100).toFixed(2));
export const date = (from = '2023-01-01', days = 2_000): fc.Arbitrary<BusinessDate> =>
  fc.integer({ min: 0, max: days }).map((offset) => addDays(businessDate(from), offset));

const mode = fc.constantFrom('half_up', 'half_even', 'down', 'up', 'ceiling');
const cents = mode.map((each) => ({ mode: each, scale: 2 }));
const rate = fc.integer({ min: 0, max: 3_600 }).map((n) => `0.${String(n).padStart(4, '0')}`);

const interest = fc.oneof(
  fc.constant({ basis: 'periodic', periodsPerYear: 12 }),
  fc
    .constantFrom('ACT/365F', 'ACT/360', 'ACT/364', 'ACT/ACT-ISDA', '30/360', '30E/360', '30/360-US')
    .map((convention) => ({ basis: 'day_count', convention })),
  fc.integer({ min: 0, max: 10 }).map((n) => ({ basis: 'daily', dailyRate: `0.000${String(n)}` })),
);

export interface TermsInput {
  principal: string;
  disbursedOn: string;
  every: { months: number };
  count: number;
  method: string;
  interest: { basis: string };
  interestRounding: { mode: string; scale: number };
  [more: string]: unknown;
}

const METHODS = ['equal_installment', 'equal_principal', 'interest_first', 'balloon', 'fixed_principal', 'flat'];

/** Terms of any method, or of the named ones. */
export function termsInput(methods: readonly string[] = METHODS, maxCount = 48): fc.Arbitrary<TermsInput> {
  return fc
    .record({
      principal: money(50_000_000),
      annualRate: rate,
      disbursedOn: date(),
      count: fc.integer({ min: 1, max: maxCount }),
      months: fc.constantFrom(1, 1, 1, 2, 3),
      method: fc.constantFrom(...methods),
      interest,
      interestRounding: cents,
      grace: fc.record({ principalPeriods: fc.integer({ min: 0, max: 4 }), interestDeferredPeriods: fc.integer({ min: 0, max: 3 }) }),
      withGrace: fc.boolean(),
      shift: fc.option(
        fc.record({
          rule: fc.constantFrom('same_day', 'next_working_day', 'previous_working_day'),
          interestFollows: fc.constantFrom('shifted', 'unshifted'),
        }),
      ),
      share: fc.integer({ min: 1, max: 60 }),
    })
    .map(({ withGrace, grace, months, share, shift, annualRate, ...rest }): TermsInput => {
      const flat = rest.method === 'flat';
      const basis = flat ? { basis: 'periodic', periodsPerYear: 12 } : rest.interest;
      const principal = Number(rest.principal);
      return {
        ...rest,
        interest: basis,
        ...(basis.basis === 'daily' ? {} : { annualRate }),
        every: { months },
        ...(withGrace && grace.principalPeriods < rest.count && grace.interestDeferredPeriods < rest.count ? { grace } : {}),
        ...(shift === null ? {} : { shift: { ...shift, holidays: ['2024-05-01', '2024-05-02', '2025-10-01'], weekend: [6, 7] } }),
        ...(rest.method === 'fixed_principal' ? { fixedPrincipal: Math.max(0.01, principal / share).toFixed(2) } : {}),
        // Enough to cover any interest up to three months at 36 % and three at 0.1 % a day.
        ...(rest.method === 'balloon' ? { installment: { amount: (principal * 0.2 + 1).toFixed(2) } } : {}),
      };
    });
}

export const fenOf = (text: string): number => Math.round(Number(text) * 100);
