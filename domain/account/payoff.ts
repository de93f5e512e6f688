import { sumOf, type Components } from '../allocation';
import type { BusinessDate } from '../dates';
import { fen } from '../money';
import { earnedTo, relieve, splitRow } from './accrual';
import { hasOpenRows, principalLeft, principalOutstanding, resum } from './sums';
import { openRows, project } from './layout';
import { addTo, followsBalance, openOf, tally, type State } from './state';

function feeFor(state: State, principal: number): number {
  const { payoffFee } = state.policy;
  const isEarly = hasOpenRows(state);
  if (!payoffFee || !isEarly) return 0;
  if ('amount' in payoffFee) return payoffFee.amount;
  const { numerator, denominator } = payoffFee.rate;
  return Number((BigInt(Math.max(0, principal)) * numerator) / denominator);
}

/** Contract interest owed by a settlement on `on`, from the loan's first day: earned to date or to the end of the running period. */
function interestForPayoff(state: State, on: BusinessDate): number {
  const [first] = openRows(state);
  const until = state.policy.payoffInterest === 'to_period_end' && first ? first.accruesTo : on;
  const dueByNow = state.rows.reduce((sum, row) => (row.final ? sum + row.due.interest : sum), 0);
  return Math.max(earnedTo(state, until), dueByNow);
}

/**
 * What settles the loan on `on`, the day up to which the fold has moved: the principal, interest to date
 * (Civil Code art. 677) or to the period's end, fees due, the early-settlement fee and all penalty.
 * Interest or fees that were paid ahead and are not earned count towards it, so a component may be negative.
 */
export function payoffOf(state: State, on: BusinessDate): Components {
  if (!state.disbursed || state.writtenOff) return { penalty: fen(0), fee: fen(0), interest: fen(0), principal: fen(0) };
  let [penalty, fee, paidInterest] = [0, 0, 0];
  for (const row of state.rows) {
    penalty += row.due.penalty - row.paid.penalty;
    fee += (row.final ? row.due.fee : 0) - row.paid.fee;
    paidInterest += row.paid.interest;
  }
  const principal = principalOutstanding(state);
  if (state.rows.every((row) => row.final && openOf(row) === 0))
    return { penalty: fen(0), fee: fen(0), interest: fen(0), principal: fen(0) };
  return {
    penalty: fen(penalty),
    fee: fen(fee + feeFor(state, principal)),
    interest: fen(interestForPayoff(state, on) - paidInterest),
    principal: fen(principal),
  };
}

/**
 * Whether `money` settles the loan on `on`. Asked at every payment, so the principal is looked at first:
 * what is owed besides it can fall below zero only by what was paid ahead.
 */
export function settles(state: State, money: number, on: BusinessDate): boolean {
  if (!hasOpenRows(state) || money < principalOutstanding(state) - state.sums.aheadOther) return false;
  return money >= sumOf(payoffOf(state, on));
}

/** Settles everything on `on`: the rows to come owe what payoffOf says and are paid. Returns what was taken from the money. */
export function settle(state: State, on: BusinessDate): Components {
  project(state, on);
  const owed = payoffOf(state, on);
  const rows = openRows(state);
  let interest = interestForPayoff(state, on) - state.rows.reduce((sum, row) => (row.final ? sum + row.due.interest : sum), 0);
  let fee = feeFor(state, owed.principal);
  let left = principalLeft(state) - state.sums.aheadPrincipal;
  for (const [index, row] of rows.entries()) {
    left += row.paid.principal;
    // Rows keep their total: without interest it is all principal, until the balance is used up.
    const kept = { ...row, level: row.level === null ? null : Math.max(0, row.level - interest), deferred: false };
    const principal = followsBalance(state) ? splitRow(kept, 0, left, index === rows.length - 1).principal : row.due.principal;
    row.due = { penalty: row.due.penalty, fee, interest, principal };
    left -= principal;
    [interest, fee] = [0, 0];
  }
  const taken = tally();
  for (const row of state.rows) {
    addTo(taken, row.due as Components);
    addTo(taken, row.paid as Components, -1);
    row.paid = { ...row.due };
    row.earns = row.due.interest;
    row.final = true;
  }
  state.running = 0;
  relieve(state, null, state.bearing, on);
  state.running = 0;
  state.settledEarly = true;
  resum(state);
  return taken as Components;
}
