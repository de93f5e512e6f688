import { NO_COMPONENTS, subtract, take, type Components } from '../allocation';
import type { BusinessDate } from '../dates';
import { fen, type Fen } from '../money';
import { interestOver, relieve, splitInterest } from './interest';
import { hasOpenRows, makeFinal, payOn, principalLeft, principalOutstanding, resum, unpaidBy } from './sums';
import type { PrepaymentEffect } from './facts';
import { dropEmptyTail, earnedSoFar, layOutAnew, openRows, project, relevel } from './layout';
import { advanceOrder } from './policy';
import { settle, settles } from './payoff';
import { Purse } from './purse';
import { followsBalance, type Allocation, type Row, type State } from './state';

/** A coming row of a loan whose interest follows the balance: interest to date where the policy wants it first, then principal, up to the row's total. */
function fill(purse: Purse, row: Row, isLast: boolean): void {
  const { state, on } = purse;
  purse.payInto(row, ['penalty', 'fee']);
  splitInterest(state, on);
  const interestToDate = state.policy.earlyPayment === 'interest_then_principal' ? Math.max(0, state.running - row.paid.interest) : 0;
  const rest = Math.max(0, interestOver(state, row, state.bearing, on > row.startsOn ? on : row.startsOn, row.accruesTo));
  const total = isLast ? Infinity : (row.level ?? row.share + state.running + rest);
  let room = total - row.paid.interest - row.paid.principal;
  const interest = Math.min(purse.left, interestToDate, room);
  room -= interest;
  const principal = Math.min(purse.left - interest, room, principalLeft(state) - state.sums.aheadPrincipal);
  if (interest + principal <= 0) return;
  row.due.interest = Math.max(row.due.interest, row.paid.interest + interest);
  row.due.principal = Math.max(row.due.principal, row.paid.principal + principal);
  const taken = { ...NO_COMPONENTS, interest: fen(interest), principal: fen(principal) };
  payOn(state, row, taken);
  purse.record(taken);
  relieve(state, row, principal, on);
  if (!isLast && room - principal === 0) closeAhead(state, row);
}

/** A coming row that is paid in full counts as paid: interest that still runs in its stretch goes to the next row. */
function closeAhead(state: State, row: Row): void {
  row.due.interest = row.paid.interest;
  row.due.principal = row.paid.principal;
  state.running -= row.paid.interest;
  makeFinal(state, row);
}

function advanceNext(purse: Purse): void {
  const { state } = purse;
  const isHeld = state.policy.earlyPayment === 'hold_to_due';
  if (!followsBalance(state) || isHeld) {
    project(state, purse.on);
    purse.payRows(openRows(state), advanceOrder(state.policy));
    return;
  }
  const rows = openRows(state);
  for (const [index, row] of rows.entries()) if (purse.left > 0) fill(purse, row, index === rows.length - 1);
}

/** Principal repaid outside the rows, and the rows to come laid out anew. */
function reduce(purse: Purse, effect: Exclude<PrepaymentEffect, 'advance_next'>): void {
  const { state, on } = purse;
  const [current] = openRows(state);
  if (!current) return;
  splitInterest(state, on);
  const earned = earnedSoFar(state, on);
  if (state.policy.earlyPayment === 'interest_then_principal') {
    const toDate = followsBalance(state) ? state.running : Math.min(earned, current.due.interest);
    const open = toDate - current.paid.interest;
    const interest = Math.min(purse.left, Math.max(0, open));
    const taken = { ...NO_COMPONENTS, interest: fen(interest) };
    payOn(state, current, taken);
    purse.record(taken);
  }
  const room = principalLeft(state) - state.sums.aheadPrincipal;
  const principal = fen(Math.min(purse.left, room));
  if (principal === 0) return;
  purse.record({ ...NO_COMPONENTS, principal });
  state.unscheduled += principal;
  if (followsBalance(state)) relieve(state, null, principal, on);
  if (effect === 'reduce_installment') relevel(state, on, state.policy.prepayment.rounding);
  layOutAnew(state, on, earned);
  if (effect === 'reduce_term') dropEmptyTail(state);
}

/**
 * Takes money back that rows had received, latest rows and principal first: a surplus was refunded and the
 * payment it came from was returned since, so what was refunded was never there. Returns what rows had.
 */
export function takePaid(state: State, amount: number): number {
  let left = amount;
  for (const row of [...state.rows].reverse()) {
    for (const component of ['principal', 'interest', 'fee', 'penalty'] as const) {
      const part = Math.min(left, row.paid[component]);
      row.paid[component] -= part;
      left -= part;
      if (component !== 'principal' || !followsBalance(state)) continue;
      const bears = Math.min(part, row.relieved);
      row.relieved -= bears;
      state.bearing += bears;
    }
  }
  resum(state);
  return amount - left;
}

/** A refund that no payment of the borrower's covers any more is owed like principal, with the next installment. */
export function lendAgain(state: State, amount: number, on: BusinessDate): void {
  const row = state.rows.find((each) => each.dueOn >= on) ?? state.rows.at(-1);
  if (amount === 0 || !row) return;
  state.relent += amount;
  const isPlaced = row.final || !followsBalance(state);
  if (isPlaced) row.due.principal += amount;
  if (followsBalance(state)) {
    splitInterest(state, on);
    state.bearing += amount;
    if (row.final && state.policy.overdueInterest === 'none') relieve(state, row, amount, on);
  }
  resum(state);
}

/** Attributes a day's allocation to its facts in their order; what no component takes is surplus. */
function shareOut(facts: readonly { readonly key: string; readonly amount: Fen }[], components: Components): Allocation[] {
  let open = components;
  return facts.map(({ key, amount }) => {
    const { taken, left } = take(open, amount, ['penalty', 'fee', 'interest', 'principal']);
    open = subtract(open, taken);
    return { key, components: taken, surplus: left };
  });
}

/** Money that comes early and does not settle the loan. A wish of the borrower goes before the product's rule. */
function payAhead(purse: Purse, effect: PrepaymentEffect | undefined): void {
  const { earlyPayment, prepayment } = purse.state.policy;
  const chosen = effect ?? (earlyPayment === 'hold_to_due' ? 'advance_next' : prepayment.effect);
  // Money that reaches the principal but not the payoff pays the rows as they are: nothing that a settlement owes is avoided.
  if (chosen === 'advance_next' || purse.left >= principalOutstanding(purse.state)) advanceNext(purse);
  else reduce(purse, chosen);
}

/**
 * The money of one day, taken together so that splitting a payment changes nothing: where it
 * suffices, settlement as quoted; else what is due, in the product's order, and then the product's way
 * with money that comes early. What is left over is a surplus, a liability of ours.
 */
export function applyMoney(
  state: State,
  facts: readonly { readonly key: string; readonly amount: Fen }[],
  effect: PrepaymentEffect | undefined,
  on: BusinessDate,
): void {
  const purse = new Purse(state, on, fen(facts.reduce((sum, fact) => sum + fact.amount, 0)));
  if (!state.writtenOff) {
    if (!settles(state, purse.left, on)) purse.payRows(unpaidBy(state, on), state.policy.allocation.due);
    if (settles(state, purse.left, on)) purse.record(settle(state, on));
    else if (purse.left > 0 && hasOpenRows(state)) payAhead(purse, effect);
  }
  state.surplus += purse.left;
  state.allocations.push(...shareOut(facts, purse.taken));
}
