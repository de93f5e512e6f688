import { COMPONENTS, type AllocationOrder, type Component } from '../../money/allocation';
import type { DayCount } from '../../time/day-count';
import type { Fen } from '../../money/money';
import type { Rational } from '../../money/rational';
import type { Rounding } from '../../money/rounding';
import type { PrepaymentEffect } from './facts';

/** Penalty interest (罚息) on what is overdue. */
export interface PenaltyPolicy {
  /** Multiple of the contract rate, such as 1.5. */
  readonly rateMultiplier: Rational;
  readonly on: 'principal' | 'principal_and_interest';
  /** Null where interest follows a daily rate: days × rate. */
  readonly dayCount: DayCount | null;
  /** Days after the due date that bear no penalty. */
  readonly graceDays: number;
  /** The most that one loan is ever charged; null = none. */
  readonly cap: Fen | null;
}

/** What a product says about an account once money moves. */
export interface AccountPolicy {
  readonly allocation: AllocationOrder & { readonly mode: 'horizontal' | 'vertical' };
  /** `scheduled`: the rows stand. `actual`: interest follows the balance day by day, each stretch rounded, then summed. */
  readonly interestOn: 'scheduled' | 'actual';
  readonly earlyPayment: 'principal' | 'interest_then_principal' | 'hold_to_due';
  readonly prepayment: { readonly effect: PrepaymentEffect; readonly rounding: Rounding | null };
  readonly penalty: PenaltyPolicy | null;
  /** Contract interest on overdue principal. */
  readonly overdueInterest: 'accrues' | 'none';
  readonly payoffInterest: 'to_date' | 'to_period_end';
  /** A fee for settling before the last due date: an amount, or a share of the principal settled early (rounded down). */
  readonly payoffFee: { readonly amount: Fen } | { readonly rate: Rational } | null;
}

export const DEFAULT_POLICY: AccountPolicy = {
  allocation: { due: COMPONENTS, inAdvance: COMPONENTS, mode: 'horizontal' },
  interestOn: 'scheduled',
  earlyPayment: 'hold_to_due',
  prepayment: { effect: 'advance_next', rounding: null },
  penalty: null,
  overdueInterest: 'none',
  payoffInterest: 'to_date',
  payoffFee: null,
};

/** In which order a coming installment takes money, under the policy's view of early payments. */
export function advanceOrder(policy: AccountPolicy): readonly Component[] {
  const { inAdvance } = policy.allocation;
  const without = (...first: Component[]) => [...first, ...inAdvance.filter((each) => !first.includes(each))];
  if (policy.earlyPayment === 'principal') return without('principal');
  return policy.earlyPayment === 'interest_then_principal' ? without('interest', 'principal') : inAdvance;
}
