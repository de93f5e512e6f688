import type { BusinessDate } from '../../time/dates';
import { addDays } from '../../time/dates';
import { dayCount } from '../../time/day-count';
import type { Fen } from '../../money/money';
import { factor, roundProduct, type Factor } from '../../money/rounding';
import { rateOver } from '../terms';
import { bucketOf, daysPastDueOf } from './delinquency';
import { daysFrom } from './facts';
import { overdueInterest, relieve, splitInterest } from './interest';
import { followsBalance, type Freeze, type Row, type State } from './state';
import { makeFinal, principalLeft, unpaidBy } from './sums';

function penaltyRate(state: State, from: BusinessDate, to: BusinessDate): Factor {
  const { penalty } = state.policy;
  if (!penalty) return factor({ numerator: 0n, denominator: 1n });
  const { numerator, denominator } = penalty.rateMultiplier;
  if (state.interest.basis === 'daily' || penalty.dayCount === null) {
    const rate = rateOver(state.interest, from, to, { from, to });
    return factor({ numerator: rate.numerator * numerator, denominator: rate.denominator * denominator });
  }
  const { annualRate } = state.interest;
  const { years } = dayCount(penalty.dayCount, from, to);
  return factor({
    numerator: annualRate.numerator * numerator * years.numerator,
    denominator: annualRate.denominator * denominator * years.denominator,
  });
}

/** Charges penalty, and contract interest on overdue principal where rows stand, up to `on`: before anything changes what is overdue. */
export function chargeOverdue(state: State, on: BusinessDate): void {
  const { policy } = state;
  const interestRuns = policy.overdueInterest === 'accrues' && !followsBalance(state);
  if (!policy.penalty && !interestRuns) return;
  for (const row of unpaidBy(state, on)) {
    if (row.dueOn >= on) break;
    const principal = row.due.principal - row.paid.principal;
    if (row.penalisedTo >= on) continue;
    if (interestRuns && principal > 0) {
      const extra = overdueInterest(state, principal, row.penalisedTo, on);
      row.due.interest += extra;
      row.earns += extra;
    }
    if (policy.penalty && state.frozen.length === 0) chargePenalty(state, row, principal, on);
    row.penalisedTo = on;
  }
}

function chargePenalty(state: State, row: Row, principal: number, on: BusinessDate): void {
  const { penalty } = state.policy;
  if (!penalty) return;
  const base = penalty.on === 'principal' ? principal : principal + row.due.interest - row.paid.interest;
  if (base <= 0) return;
  const first = addDays(row.dueOn, penalty.graceDays);
  const from = row.penalisedTo > first ? row.penalisedTo : first;
  if (from >= on) return;
  const wanted = roundProduct(base as Fen, penaltyRate(state, from, on), state.terms.interestRounding);
  const room = penalty.cap === null ? wanted : Math.max(0, penalty.cap - state.penaltyCharged);
  const charged = Math.min(wanted, room);
  row.due.penalty += charged;
  state.penaltyCharged += charged;
}

/** Ends a stretch of frozen days: days past due move on again, and hardship's days are never counted. */
function resume(state: State, ended: Freeze, on: BusinessDate): void {
  state.frozen = state.frozen.filter((each) => each !== ended);
  if (ended.kind === 'hardship') state.paused.push({ from: ended.since, until: on });
  observe(state, on);
}

/** Notes each change of the loan's delinquency bucket up to `on`, while nothing else changes. */
export function observe(state: State, on: BusinessDate): void {
  const [oldest] = unpaidBy(state, on);
  const first = oldest && oldest.dueOn < on ? oldest : undefined;
  const note = (from: BusinessDate, days: number) => {
    const bucket = bucketOf(days);
    const last = state.history.at(-1);
    if (last?.bucket === bucket) return;
    if (last?.from === from) state.history.pop();
    if (state.history.at(-1)?.bucket !== bucket) state.history.push({ from, bucket });
  };
  if (!first || !state.disbursed) {
    note(state.cursor, 0);
    return;
  }
  if (bucketOf(daysPastDueOf(state, first.dueOn, on)) === state.history.at(-1)?.bucket) return;
  // Only the days on which a bucket can begin are looked at.
  const stood = daysFrom(first.dueOn, on) - daysPastDueOf(state, first.dueOn, on);
  for (const days of [1, 31, 61, 91]) {
    const day = addDays(first.dueOn, days + stood);
    if (day > state.cursor && day <= on && state.frozen.length === 0) note(day, daysPastDueOf(state, first.dueOn, day));
  }
  note(on, daysPastDueOf(state, first.dueOn, on));
}

/**
 * What a row takes of the interest offered to it, and its principal: its level or its share stands, the
 * last takes the rest. `carried` is interest deferred by a grace: the row collects it on top of its level.
 */
export function splitRow(
  row: Row,
  {
    offered,
    left,
    isLast,
    carried = 0,
  }: { readonly offered: number; readonly left: number; readonly isLast: boolean; readonly carried?: number },
): { interest: number; principal: number } {
  // What was paid ahead stays on its row; where that is more than the row bears, the next rows bear less.
  if (isLast) return { interest: Math.max(row.paid.interest, offered), principal: left };
  const within = (principal: number) => Math.max(row.paid.principal, Math.min(left, Math.max(0, principal)));
  if (row.deferred) return { interest: row.paid.interest, principal: within(row.level === null ? row.share : row.level - row.earns) };
  if (row.level === null) return { interest: Math.max(row.paid.interest, offered), principal: within(row.share) };
  const total = row.level + carried;
  const room = total - row.paid.principal;
  // Interest that no longer fits beside principal paid ahead waits for the next row.
  const interest = Math.max(row.paid.interest, offered <= room || row.paid.principal === 0 ? Math.min(offered, room) : 0);
  return { interest, principal: within(total - interest) };
}

/** Interest of the rows before `row` that a grace defers, where `row` is another of them or the one that collects it. */
export function deferredBefore(state: State, row: Row): number {
  let deferred = 0;
  for (const each of state.rows) {
    if (each === row) return deferred;
    if (!each.deferred) return 0;
    deferred += each.earns;
  }
  return 0;
}

/** Gives a row its final split on its due date, in a loan whose interest follows the balance. */
function finalise(state: State, row: Row): void {
  splitInterest(state, row.dueOn);
  if (!row.final) {
    const left = principalLeft(state) - state.sums.aheadPrincipal + row.paid.principal;
    const carried = deferredBefore(state, row);
    if (row.deferred) row.earns = state.running - carried;
    const split = splitRow(row, { offered: state.running, left, isLast: row === state.rows.at(-1), carried: row.deferred ? 0 : carried });
    state.running -= split.interest;
    row.due.interest = split.interest;
    row.due.principal = split.principal;
    makeFinal(state, row);
  }
  const target = state.policy.overdueInterest === 'none' ? row.due.principal : row.paid.principal;
  relieve(state, row, Math.max(0, target - row.relieved), row.dueOn);
}

/**
 * After the last due date, interest on what is still owed falls due at once, with the last row. Interest that was
 * paid ahead and never earned stays a credit, which the payoff takes into account: time alone moves no money.
 */
function collectTail(state: State, on: BusinessDate): void {
  const last = state.rows.at(-1);
  if (!last?.final || last.dueOn >= on || !followsBalance(state)) return;
  splitInterest(state, on);
  if (state.running <= 0) return;
  last.due.interest += state.running;
  state.running = 0;
  state.sums.firstOpen = 0;
}

/** Moves the fold to `on`: due dates and ends of pauses in between take their effect, each on its own day. */
export function advance(state: State, on: BusinessDate): void {
  if (!state.disbursed) return;
  for (let next = firstEnd(state, on); next; next = firstEnd(state, on)) {
    moveTo(state, next.until);
    resume(state, next.freeze, next.until);
  }
  moveTo(state, on);
}

function firstEnd(state: State, on: BusinessDate): { freeze: Freeze; until: BusinessDate } | undefined {
  const [first] = state.frozen
    .flatMap((freeze) => (freeze.until !== null && freeze.until <= on ? [{ freeze, until: freeze.until }] : []))
    .sort((a, b) => (a.until < b.until ? -1 : 1));
  return first;
}

function moveTo(state: State, on: BusinessDate): void {
  if (on <= state.cursor) return;
  for (let row = state.rows[state.sums.nextDue]; row && row.dueOn <= on; row = state.rows[state.sums.nextDue]) {
    state.sums.nextDue += 1;
    if (row.dueOn <= state.cursor) continue;
    if (followsBalance(state)) finalise(state, row);
    else makeFinal(state, row);
  }
  collectTail(state, on);
  chargeOverdue(state, on);
  observe(state, on);
  state.cursor = on;
}
