import { COMPONENTS, type Components } from '../../money/allocation';
import type { BusinessDate } from '../../time/dates';
import type { DueDate } from '../../time/due-dates';
import type { Fen } from '../../money/money';
import { factor, roundProduct, type Factor } from '../../money/rounding';
import type { Installment } from '../schedule';
import { periodRates, type InterestBasis, type LoanTerms } from '../terms';
import type { AccountPolicy } from './policy';

/** Amounts that the fold adds to; whole minor units, kept within the safe range by their source. */
export type Tally = { -readonly [K in keyof Components]: number };

export const tally = (): Tally => ({ penalty: 0, fee: 0, interest: 0, principal: 0 });

/**
 * Sums over the rows that the fold needs at every payment, kept as rows change so that a payment does not
 * walk through all of them. `resum` makes them anew, after whatever rebuilds rows.
 */
export interface Sums {
  /** Principal paid on rows. */
  paidPrincipal: number;
  /** Principal that rows with a final split owe, paid or not. */
  finalPrincipal: number;
  /** Paid on rows that are still to come. */
  aheadPrincipal: number;
  aheadOther: number;
  /** Every row before this index is final and paid. */
  firstOpen: number;
  /** Every row before this index is due on or before the fold's cursor. */
  nextDue: number;
}

export const noSums = (): Sums => ({ paidPrincipal: 0, finalPrincipal: 0, aheadPrincipal: 0, aheadOther: 0, firstOpen: 0, nextDue: 0 });

/** One installment while the fold runs. */
export interface Row {
  readonly number: number;
  readonly dueOn: BusinessDate;
  /** The stretch whose interest it bears. */
  readonly startsOn: BusinessDate;
  readonly accruesTo: BusinessDate;
  rate: Factor;
  /** The total that the row keeps when its interest changes; null where its principal is given instead. */
  level: number | null;
  /** Principal of a row without a level. */
  share: number;
  /** Interest earned in its own stretch (differs from due.interest where interest is deferred). */
  earns: number;
  /** Interest counted apart up to a day on which its balance changed (interestOn scheduled). */
  counted: { readonly upTo: BusinessDate; readonly interest: number };
  /** Part of its interest was cut: what is left is earned by days. */
  byDays: boolean;
  /** Fees charged by hand that fall due with this row: owed from their day on, also by an early settlement. */
  charged: number;
  /** Fees of the terms that have a date of their own, owed from then on. */
  dated: readonly { readonly on: BusinessDate; readonly amount: number }[];
  due: Tally;
  paid: Tally;
  /** Its own interest is shown, and collected, by the first row after the grace. */
  deferred: boolean;
  /** Its split is final: the due date has come, or it was filled ahead of it. */
  final: boolean;
  /** Principal of this row that no longer bears interest. */
  relieved: number;
  /** Up to when penalty and overdue interest are charged. */
  penalisedTo: BusinessDate;
}

/** Where one repayment went; components, what it recovered of a write-off, and surplus sum to its amount. */
export interface Allocation {
  readonly key: string;
  readonly components: Components;
  readonly recovered: Fen;
  readonly surplus: Fen;
}

/** What a recorded fact could not do, because of what else is known: a waiver of what is paid, a write-off of nothing. */
export interface Remark {
  readonly key: string;
  readonly message: string;
}

export interface BucketChange {
  readonly from: BusinessDate;
  readonly bucket: Bucket;
}

export type Bucket = 'CURRENT' | 'DPD_1_30' | 'DPD_31_60' | 'DPD_61_90' | 'DPD_90_PLUS';

/** A stretch in which days past due stand still and no penalty is charged; `until` null = until further notice. */
export interface Freeze {
  readonly since: BusinessDate;
  readonly until: BusinessDate | null;
  readonly kind: 'doubt' | 'hardship';
}

/** The fold between two facts. Mutable inside the fold, never handed out. */
export interface State {
  readonly terms: LoanTerms;
  readonly policy: AccountPolicy;
  interest: InterestBasis;
  rows: Row[];
  cursor: BusinessDate;
  disbursed: boolean;
  /** Principal on which contract interest runs (interestOn actual). */
  bearing: number;
  accruedTo: BusinessDate;
  /** Interest of closed stretches that no final row holds yet. */
  running: number;
  /** Principal repaid outside the rows (reduce_installment, reduce_term). */
  unscheduled: number;
  /** Refunded although the payment it came from was returned: money that we lent once more. */
  relent: number;
  surplus: number;
  penaltyCharged: number;
  refunded: number;
  recovered: number;
  discounted: number;
  waived: Tally;
  writtenOff: Tally | null;
  chargedOffOn: BusinessDate | null;
  /** Days past due stand still: since when, and why. */
  frozen: Freeze[];
  /** The borrower withdrew: on these days, both included, the loan ends without a fee. */
  withdrawals: { readonly from: BusinessDate; readonly until: BusinessDate }[];
  /** Stretches without interest (hardship), whenever they end; they may overlap. */
  interestFree: { readonly from: BusinessDate; readonly until: BusinessDate }[];
  /** Stretches of hardship that are over: their days never count as past due. */
  paused: { readonly from: BusinessDate; readonly until: BusinessDate }[];
  allocations: Allocation[];
  history: BucketChange[];
  settledEarly: boolean;
  /** Facts that found less to act on than they name, or nothing. */
  remarks: Remark[];
  sums: Sums;
}

const isLevel = (terms: LoanTerms) => terms.method === 'equal_installment' || terms.method === 'balloon' || terms.method === 'flat';

/** Whether interest follows the actual balance; flat interest never does. */
export function followsBalance(state: Pick<State, 'terms' | 'policy'>): boolean {
  return state.policy.interestOn === 'actual' && state.terms.method !== 'flat';
}

/** The rows of a schedule, the first stretch starting on `start`. */
export function rowsFrom(
  state: Pick<State, 'terms' | 'policy' | 'interest'>,
  start: BusinessDate,
  schedule: readonly Installment[],
  dates: readonly DueDate[],
): Row[] {
  const { terms, interest } = state;
  const stretches = followsBalance(state) ? dates.map(({ dueOn }) => ({ dueOn, accruesTo: dueOn })) : dates;
  const rates = periodRates(interest, start, stretches);
  const datedFees = terms.fees.flatMap(({ on, amount }) => (on === 'disbursement' || on === 'each_installment' ? [] : [{ on, amount }]));
  let from = start;
  let [balance, deferredSoFar] = [schedule.reduce((sum, row) => sum + row.principal, 0), 0];
  return schedule.map((row, index): Row => {
    const accruesTo = stretches[index]?.accruesTo ?? row.dueOn;
    const rate = rates[index] ?? factor({ numerator: 0n, denominator: 1n });
    const deferred = index < terms.grace.interestDeferredPeriods;
    const earns = deferred ? roundProduct(balance as Fen, rate, terms.interestRounding) : row.interest - deferredSoFar;
    deferredSoFar = deferred ? deferredSoFar + earns : 0;
    balance -= row.principal;
    const startsOn = from;
    from = accruesTo;
    const previous = schedule[index - 1]?.dueOn;
    const isLast = index === schedule.length - 1;
    const dated = datedFees.filter((fee) => (previous === undefined || fee.on > previous) && (isLast || fee.on <= row.dueOn));
    return {
      number: row.number,
      dueOn: row.dueOn,
      startsOn,
      accruesTo,
      rate,
      level: isLevel(terms) && index >= terms.grace.principalPeriods ? row.principal + earns : null,
      charged: 0,
      dated,
      share: row.principal,
      earns,
      deferred,
      counted: { upTo: startsOn, interest: 0 },
      byDays: terms.method === 'flat',
      due: {
        penalty: 0,
        fee: dated.reduce((sum: number, fee) => sum + fee.amount, row.fee),
        interest: row.interest,
        principal: row.principal,
      },
      paid: tally(),
      final: false,
      relieved: 0,
      penalisedTo: row.dueOn,
    };
  });
}

export function copyState(state: State): State {
  return {
    ...state,
    rows: state.rows.map((row) => ({ ...row, due: { ...row.due }, paid: { ...row.paid } })),
    waived: { ...state.waived },
    frozen: [...state.frozen],
    paused: [...state.paused],
    interestFree: [...state.interestFree],
    withdrawals: [...state.withdrawals],
    allocations: [...state.allocations],
    history: [...state.history],
    remarks: [...state.remarks],
    sums: { ...state.sums },
  };
}

/** Whether the borrower has withdrawn, and is still to pay back, on a day. */
export const isWithdrawn = (state: State, on: BusinessDate): boolean =>
  state.withdrawals.some(({ from, until }) => from <= on && on <= until);

export function openOf(row: Row): number {
  return totalOf(row.due) - totalOf(row.paid);
}

export function totalOf(amounts: Tally): number {
  return amounts.penalty + amounts.fee + amounts.interest + amounts.principal;
}

export function addTo(target: Tally, amounts: Components, sign: 1 | -1 = 1): void {
  for (const component of COMPONENTS) target[component] += sign * amounts[component];
}
