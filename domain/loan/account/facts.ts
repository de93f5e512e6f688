import { dayNumber, type BusinessDate } from '../../time/dates';
import type { Every } from '../../time/due-dates';
import { LoanloomError } from '../../errors';
import type { Fen } from '../../money/money';
import type { Component } from '../../money/allocation';

/** What follows from principal paid before its due date. */
export type PrepaymentEffect = 'reduce_installment' | 'reduce_term' | 'advance_next';

interface Dated {
  /** Business key; orders facts of one kind on one day. */
  readonly key: string;
  /** The day from which the fact has its effect, whenever it was learned. */
  readonly valueDate: BusinessDate;
}

/**
 * What happened to a loan. Facts are never changed; a mistake is undone by a REVERSAL, after which the
 * loan is folded as though the reversed fact had not been. Types follow Fineract's transaction types where
 * it has one. Amounts in minor units, greater than 0; rates are decimal strings.
 */
export type LoanFact = Dated &
  (
    | { readonly type: 'DISBURSEMENT'; readonly amount: Fen }
    /** Money from the borrower. `effect` overrides the product's prepayment effect: a prepayment by wish. */
    | { readonly type: 'REPAYMENT'; readonly amount: Fen; readonly effect?: PrepaymentEffect }
    /** A fact undone: a returned payment, a booking error. Takes effect for every as-of date from its own value date on. */
    | { readonly type: 'REVERSAL'; readonly of: string }
    /** A fee or a penalty charged by hand; due with the first installment due on or after the value date. */
    | { readonly type: 'CHARGE'; readonly amount: Fen; readonly component: 'fee' | 'penalty' }
    /** Forgives what is due of one component, oldest first. */
    | { readonly type: 'WAIVER'; readonly amount: Fen; readonly component: Exclude<Component, 'principal'> }
    | { readonly type: 'RATE_CHANGE'; readonly annualRate: string }
    /** New dates for everything outstanding. */
    | { readonly type: 'REAGE'; readonly every: Every; readonly count: number; readonly firstDueOn: BusinessDate }
    /** Arrears spread over the remaining dates. */
    | { readonly type: 'REAMORTIZE' }
    /** More rows at the end, by the schedule's own spacing. */
    | { readonly type: 'TERM_EXTENSION'; readonly periods: number }
    /** From the value date up to `until`: no penalty, days past due stand still; with interest `none` no interest either. */
    | { readonly type: 'HARDSHIP_PAUSE'; readonly until: BusinessDate; readonly interest: 'accrues' | 'none' }
    /**
     * The borrower withdraws after the payout: until `until` the loan ends for its principal and the interest of its days, without a
     * fee, and nothing counts as late. Not paid back by then, the contract goes on.
     */
    | { readonly type: 'WITHDRAWAL'; readonly until: BusinessDate }
    /** A debit without an outcome: no penalty and days past due frozen from the value date until it is resolved. */
    | { readonly type: 'DEBIT_IN_DOUBT'; readonly until?: BusinessDate }
    /** Accounting only: the debt lives. */
    | { readonly type: 'CHARGE_OFF' }
    /** Everything outstanding is given up; the loan is closed. */
    | { readonly type: 'WRITEOFF' }
    | { readonly type: 'RECOVERY_REPAYMENT'; readonly amount: Fen }
    /** Part of the debt forgiven in a settlement: works like money, costs us. */
    | { readonly type: 'SETTLEMENT_DISCOUNT'; readonly amount: Fen }
    /** Surplus given back. */
    | { readonly type: 'CREDIT_BALANCE_REFUND'; readonly amount: Fen }
  );

export type FactType = LoanFact['type'];

/** The order in which facts of one day take effect: conditions, charges, restructuring, then money, then ends. A quote of that day is taken after the restructuring, so its payment comes after it too. */
const RANK: Readonly<Record<FactType, number>> = {
  DISBURSEMENT: 0,
  RATE_CHANGE: 1,
  HARDSHIP_PAUSE: 2,
  WITHDRAWAL: 2,
  DEBIT_IN_DOUBT: 2,
  CHARGE: 3,
  WAIVER: 4,
  REAGE: 5,
  REAMORTIZE: 5,
  TERM_EXTENSION: 5,
  REPAYMENT: 6,
  SETTLEMENT_DISCOUNT: 6,
  CREDIT_BALANCE_REFUND: 7,
  CHARGE_OFF: 8,
  WRITEOFF: 9,
  RECOVERY_REPAYMENT: 10,
  REVERSAL: 11,
};

/** Facts in the order in which they take effect: by value date, kind, key. The order of arrival never matters. */
export function inValueOrder(facts: readonly LoanFact[]): LoanFact[] {
  return [...facts].sort(
    (a, b) =>
      (a.valueDate < b.valueDate ? -1 : a.valueDate > b.valueDate ? 1 : 0) ||
      RANK[a.type] - RANK[b.type] ||
      (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );
}

/** The latest value date among the facts, or `fallback` where it is later or there are none. */
export function latestValueDate(facts: readonly LoanFact[], fallback: BusinessDate): BusinessDate {
  return facts.reduce((latest, fact) => (fact.valueDate > latest ? fact.valueDate : latest), fallback);
}

/**
 * The facts that count on `asOf`: those with a value date up to it, without the reversed ones and their
 * reversals. Recorded facts never throw: a reversal of nothing reverses nothing.
 */
export function factsInForce(facts: readonly LoanFact[], asOf: BusinessDate): LoanFact[] {
  const known = facts.filter((fact) => fact.valueDate <= asOf);
  const reversed = new Set(known.flatMap((fact) => (fact.type === 'REVERSAL' ? [fact.of] : [])));
  return inValueOrder(known.filter((fact) => fact.type !== 'REVERSAL' && !reversed.has(fact.key)));
}

/** NOTHING_TO_REVERSE where a reversal names no fact that could be reversed on its day, or one that is reversed already: for facts that are still to be recorded. */
export function assertReversals(facts: readonly LoanFact[]): void {
  const reversed = new Set<string>();
  for (const fact of facts) {
    if (fact.type !== 'REVERSAL') continue;
    const target = facts.find((each) => each.key === fact.of);
    if (!target || target.type === 'REVERSAL' || target.valueDate > fact.valueDate || reversed.has(fact.of))
      throw new LoanloomError('NOTHING_TO_REVERSE', `the reversal of ${fact.valueDate} names no fact that could be reversed then`, {
        path: 'transactions',
        key: fact.key,
      });
    reversed.add(fact.of);
  }
}

export function daysFrom(from: BusinessDate, to: BusinessDate): number {
  return dayNumber(to) - dayNumber(from);
}
