import type { BusinessDate } from '../time/dates';
import { dayCount, type DayCount } from '../time/day-count';
import type { DueDate } from '../time/due-dates';
import { daysBetween } from '../time/dates';
import type { Fen } from '../money/money';
import type { Rational } from '../money/rational';
import { factor, type Factor, type Rounding } from '../money/rounding';

/** Repayment methods: 等额本息, 等额本金, 先息后本, a given installment with a balloon, a given principal, flat interest. */
export const METHODS = ['equal_installment', 'equal_principal', 'interest_first', 'balloon', 'fixed_principal', 'flat'] as const;
export type Method = (typeof METHODS)[number];

/** How interest is counted: by equal periods, by a day count on the annual rate, or by a daily rate on actual days. */
export type InterestBasis =
  | { readonly basis: 'periodic'; readonly annualRate: Rational; readonly periodsPerYear: number }
  | { readonly basis: 'day_count'; readonly annualRate: Rational; readonly convention: DayCount }
  | { readonly basis: 'daily'; readonly dailyRate: Rational };

/** The level payment: given, or the annuity over the real periods (`exact`) or over equal ones (`periodic`), rounded once. */
export type InstallmentRule =
  | { readonly amount: Fen }
  | { readonly annuity: 'exact'; readonly rounding: Rounding }
  | { readonly annuity: 'periodic'; readonly periodsPerYear: number; readonly rounding: Rounding };

/** A fee that the borrower bears besides interest: once at disbursement, with each installment, or on a date. */
export interface TermFee {
  readonly name: string;
  readonly amount: Fen;
  readonly on: 'disbursement' | 'each_installment' | BusinessDate;
}

/** Everything that fixes a schedule. Amounts in minor units; `dates` after the holiday rule, strictly increasing. */
export interface LoanTerms {
  readonly principal: Fen;
  readonly disbursedOn: BusinessDate;
  readonly dates: readonly DueDate[];
  readonly method: Method;
  readonly interest: InterestBasis;
  readonly interestRounding: Rounding;
  /** For equal_principal: rounding of principal / rows. */
  readonly principalRounding: Rounding;
  readonly installment: InstallmentRule;
  /** For fixed_principal. */
  readonly fixedPrincipal?: Fen;
  readonly grace: { readonly principalPeriods: number; readonly interestDeferredPeriods: number };
  readonly fees: readonly TermFee[];
  /** For irrNominal: null where the periods are not equal. */
  readonly periodsPerYear: Rational | null;
}

/** The interest rate of a stretch of days that lies within one period, as an exact factor of the balance. */
export function rateOver(
  interest: InterestBasis,
  from: BusinessDate,
  to: BusinessDate,
  period: { from: BusinessDate; to: BusinessDate },
): Factor {
  switch (interest.basis) {
    case 'periodic': {
      const { annualRate, periodsPerYear } = interest;
      const whole = daysBetween(period.from, period.to);
      const days = daysBetween(from, to);
      return factor({
        numerator: annualRate.numerator * BigInt(days),
        denominator: annualRate.denominator * BigInt(periodsPerYear) * BigInt(whole),
      });
    }
    case 'day_count': {
      const { years } = dayCount(interest.convention, from, to);
      return factor({
        numerator: interest.annualRate.numerator * years.numerator,
        denominator: interest.annualRate.denominator * years.denominator,
      });
    }
    case 'daily':
      return factor({
        numerator: interest.dailyRate.numerator * BigInt(daysBetween(from, to)),
        denominator: interest.dailyRate.denominator,
      });
  }
}

/** The rates of consecutive periods, from `start` over each date. Equal periods share one factor. */
export function periodRates(interest: InterestBasis, start: BusinessDate, dates: readonly DueDate[]): Factor[] {
  if (interest.basis === 'periodic') {
    const shared = factor({
      numerator: interest.annualRate.numerator,
      denominator: interest.annualRate.denominator * BigInt(interest.periodsPerYear),
    });
    return dates.map(() => shared);
  }
  let from = start;
  return dates.map(({ accruesTo }) => {
    const rate = rateOver(interest, from, accruesTo, { from, to: accruesTo });
    from = accruesTo;
    return rate;
  });
}
