import { NO_COMPONENTS, subtract, sumOf, take, type Components } from '../../money/allocation';
import type { BusinessDate } from '../../time/dates';
import { fen, type Fen } from '../../money/money';
import { earnedTo, interestOver, relieve, runningTo, splitInterest } from './interest';
import { hasOpenRows, makeFinal, payOn, principalLeft, principalOutstanding, resum, unpaidBy } from './sums';
import type { PrepaymentEffect } from './facts';
import { dropEmptyTail, earnedSoFar, layOutAnew, openRows, project, relevel } from './layout';
import { advanceOrder } from './policy';
import { creditOf, payoffOf, settle, settles } from './payoff';
import { Purse } from './purse';
import { followsBalance, openOf, totalOf, type Allocation, type Row, type State } from './state';

/** A coming row of a loan whose interest follows the balance: interest to date where the policy wants it first, then principal, up to the row's total. */
function fill(purse: Purse, row: Row, isLast: boolean): void {
  const { state, on } = purse;
  purse.payInto(row, ['penalty', 'fee']);
  // Not split here: a stretch ends where the balance changes, and interest alone changes none.
  const running = state.running + runningTo(state, on);
  const interestToDate = state.policy.earlyPayment === 'interest_then_principal' ? Math.max(0, running - row.paid.interest) : 0;
  const rest = Math.max(
    0,
    interestOver(state, row, { balance: state.bearing, from: on > row.startsOn ? on : row.startsOn, to: row.accruesTo }),
  );
  const total = isLast ? Infinity : (row.level ?? row.share + running + rest);
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
  const earned = earnedSoFar(state, on);
  if (state.policy.earlyPayment === 'interest_then_principal') {
    const toDate = followsBalance(state) ? state.running + runningTo(state, on) : Math.min(earned, current.due.interest);
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
export function takePaid(state: State, amount: number, on: BusinessDate): number {
  let left = amount;
  for (const row of [...state.rows].reverse())
    for (const component of ['principal', 'interest', 'fee', 'penalty'] as const)
      left -= unpayRow(state, row, { component, amount: left, on });
  resum(state);
  return amount - left;
}

function unpayRow(
  state: State,
  row: Row,
  { component, amount, on }: { readonly component: keyof Components; readonly amount: number; readonly on: BusinessDate },
): number {
  const part = Math.max(0, Math.min(amount, row.paid[component]));
  row.paid[component] -= part;
  if (part > 0 && row.penalisedTo < on) row.penalisedTo = on;
  const isOver = row.final && row.dueOn <= on && state.policy.overdueInterest === 'none';
  if (part === 0 || component !== 'principal' || !followsBalance(state) || isOver) return part;
  // It bears interest again from now on, not for the time in which it was paid.
  splitInterest(state, on);
  const bears = Math.min(part, row.relieved);
  row.relieved -= bears;
  state.bearing += bears;
  return part;
}

/** Takes money of one component back, latest rows first; what follows has to make the sums anew. Returns what was taken. */
function unpay(state: State, component: keyof Components, amount: number, on: BusinessDate): number {
  let left = amount;
  for (const row of [...state.rows].reverse()) left -= unpayRow(state, row, { component, amount: left, on });
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

interface Money {
  readonly key: string;
  readonly amount: Fen;
}

/** Attributes a day's allocation to its facts in their order; what no component takes is surplus. */
function shareOut(facts: readonly Money[], components: Components): Allocation[] {
  let open = components;
  return facts.map(({ key, amount }) => {
    const { taken, left } = take(open, amount, ['penalty', 'fee', 'interest', 'principal']);
    open = subtract(open, taken);
    return { key, components: taken, recovered: fen(0), surplus: left };
  });
}

/** Money that comes early and does not reach the principal. A wish of the borrower goes before the product's rule. */
function payAhead(purse: Purse, effect: PrepaymentEffect | undefined): void {
  const { earlyPayment, prepayment } = purse.state.policy;
  const chosen = effect ?? (earlyPayment === 'hold_to_due' ? 'advance_next' : prepayment.effect);
  if (chosen === 'advance_next') advanceNext(purse);
  else reduce(purse, chosen);
}

/** Whether the money would pay what is due and repay all principal, with what was paid ahead of interest that is not earned. */
function reachesPrincipal({ state, left, on }: Purse): boolean {
  const principalOf = (row: Row) => row.due.principal - row.paid.principal;
  const due = unpaidBy(state, on);
  const dueOther = due.reduce((sum, row) => sum + openOf(row) - principalOf(row), 0);
  if (principalOutstanding(state) <= 0 || left - dueOther < principalOutstanding(state) - state.sums.aheadOther - creditOf(state))
    return false;
  const { principal } = payoffOf(state, on);
  const interest = earnedTo(state, on) - state.rows.reduce((sum, row) => sum + row.paid.interest, 0);
  const dueInterest = due.reduce((sum, row) => sum + row.due.interest - row.paid.interest, 0);
  return left - dueOther >= principal + Math.min(0, interest - dueInterest);
}

/**
 * Money that reaches the principal and not the payoff: the loan is as though settled, and what was short of the
 * quote is left, to the fen, on its last row. Nothing that a settlement owes is avoided, and nothing that it
 * would have spared is owed.
 */
function settleShort(purse: Purse): void {
  const { state, on } = purse;
  let short = sumOf(payoffOf(state, on)) - purse.left;
  const taken = settle(state, on);
  let kept = taken;
  for (const component of ['principal', 'interest', 'fee', 'penalty'] as const) {
    const part = unpay(state, component, Math.min(short, Math.max(0, taken[component])), on);
    kept = { ...kept, [component]: fen(kept[component] - part) };
    short -= part;
  }
  resum(state);
  purse.record(kept);
}

/** Money for what was written off: up to that it is recovered, the rest is the borrower's. */
function recover(state: State, facts: readonly Money[]): void {
  for (const { key, amount } of facts) {
    const room = state.writtenOff === null ? 0 : Math.max(0, totalOf(state.writtenOff) - state.recovered);
    const recovered = fen(Math.min(amount, room));
    const surplus = fen(amount - recovered);
    state.recovered += recovered;
    state.surplus += surplus;
    state.allocations.push({ key, components: NO_COMPONENTS, recovered, surplus });
  }
}

/**
 * The money of one day, taken together so that splitting a payment changes nothing: where it
 * suffices, settlement as quoted; else what is due, in the product's order, and then the product's way
 * with money that comes early. What is left over when nothing is owed is a surplus, a liability of ours.
 */
export function applyMoney(state: State, facts: readonly Money[], effect: PrepaymentEffect | undefined, on: BusinessDate): void {
  if (state.writtenOff || !state.disbursed) {
    recover(state, facts);
    return;
  }
  const purse = new Purse(state, on, fen(facts.reduce((sum, fact) => sum + fact.amount, 0)));
  if (settles(state, purse.left, on)) purse.record(settle(state, on));
  else if (reachesPrincipal(purse)) settleShort(purse);
  else {
    purse.payRows(unpaidBy(state, on), state.policy.allocation.due);
    if (purse.left > 0 && hasOpenRows(state)) payAhead(purse, effect);
    payWhatIsOpen(purse);
  }
  state.surplus += purse.left;
  state.allocations.push(...shareOut(facts, purse.taken));
}

/** Whatever is still open takes the rest: rows whose split is final before their date, interest that runs. */
function payWhatIsOpen(purse: Purse): void {
  if (purse.left <= 0) return;
  project(purse.state, purse.on);
  purse.payRows(
    purse.state.rows.filter((row) => openOf(row) > 0),
    purse.state.policy.allocation.due,
  );
}

/** Closes a loan of which a decision (a rate that fell, a waiver) left nothing owed; interest paid beyond that is the borrower's. */
export function settleWhatIsPaid(state: State, on: BusinessDate): void {
  if (!state.disbursed || state.writtenOff || !settles(state, 0, on)) return;
  state.surplus -= sumOf(settle(state, on));
}
