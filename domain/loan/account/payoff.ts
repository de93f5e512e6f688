import { sumOf, type Components } from '../../money/allocation';
import type { BusinessDate } from '../../time/dates';
import { fen } from '../../money/money';
import { splitRow } from './accrual';
import { earnedTo, relieve } from './interest';
import { hasOpenRows, principalLeft, principalOutstanding, resum } from './sums';
import { openRows, project, uncollected } from './layout';
import { addTo, followsBalance, isWithdrawn, openOf, tally, type Row, type State } from './state';

/**
 * The fee for settling early: fixed, or a share of the principal that is not due yet. It never costs the borrower
 * more than the settlement spares: paying the coming installments today is always as good.
 */
function feeFor(state: State, on: BusinessDate, withoutFee: number): number {
  const { payoffFee } = state.policy;
  if (!payoffFee || !hasOpenRows(state) || isWithdrawn(state, on)) return 0;
  project(state, on);
  const installments = state.rows.reduce((sum, row) => sum + openOf(row), 0);
  return Math.max(0, Math.min(agreedFee(state, payoffFee), installments - withoutFee));
}

function agreedFee(state: State, payoffFee: NonNullable<State['policy']['payoffFee']>): number {
  if ('amount' in payoffFee) return payoffFee.amount;
  const overdue = state.rows.reduce((sum, row) => (row.final ? sum + row.due.principal - row.paid.principal : sum), 0);
  const { numerator, denominator } = payoffFee.rate;
  return Number((BigInt(Math.max(0, principalOutstanding(state) - overdue)) * numerator) / denominator);
}

/** Fees of a row that are owed on `on` whether or not the loan goes on: those of rows to come only where they were charged by then. */
export function feeOwed(row: Row, on: BusinessDate): number {
  if (row.final) return row.due.fee;
  const dated = row.dated.reduce((sum, fee) => (fee.on <= on ? sum + fee.amount : sum), 0);
  return Math.min(row.due.fee, row.charged + dated);
}

/** Fees of a row that are owed to end the loan on `on`: who withdraws owes none that is not paid, and gets back what was paid ahead. */
function feeToEnd(state: State, row: Row, on: BusinessDate): number {
  if (!isWithdrawn(state, on)) return feeOwed(row, on);
  return row.final ? row.paid.fee : 0;
}

/**
 * Contract interest owed by a settlement on `on`, from the loan's first day: earned to date, or to the end of the
 * running period. Where a due date was shifted and its interest was not, the next period earns before that date.
 */
function interestForPayoff(state: State, on: BusinessDate): number {
  const [first] = openRows(state);
  const toPeriodEnd = state.policy.payoffInterest === 'to_period_end' && !isWithdrawn(state, on);
  const until = toPeriodEnd && first && first.accruesTo > on ? first.accruesTo : on;
  return earnedTo(state, until);
}

const NOTHING: Components = { penalty: fen(0), fee: fen(0), interest: fen(0), principal: fen(0) };

/** What is owed on `on` were the loan ended then without a fee for it: what a write-off gives up. */
export function owedOf(state: State, on: BusinessDate): Components {
  if (!state.disbursed || state.writtenOff) return NOTHING;
  let [penalty, fee, paidInterest, open] = [0, 0, 0, 0];
  for (const row of state.rows) {
    penalty += row.due.penalty - row.paid.penalty;
    fee += feeToEnd(state, row, on) - row.paid.fee;
    paidInterest += row.paid.interest;
    open += row.final ? Math.abs(openOf(row)) : 1;
  }
  if (open === 0) return NOTHING;
  return {
    penalty: fen(penalty),
    fee: fen(fee),
    interest: fen(interestForPayoff(state, on) - paidInterest),
    principal: fen(principalOutstanding(state)),
  };
}

/**
 * What settles the loan on `on`, the day up to which the fold has moved: the principal, interest to date
 * (Civil Code art. 677) or to the period's end, fees due, the early-settlement fee and all penalty.
 * Interest or fees that were paid ahead and are not earned count towards it, so a component may be negative.
 */
export function payoffOf(state: State, on: BusinessDate): Components {
  const owed = owedOf(state, on);
  return { ...owed, fee: fen(owed.fee + feeFor(state, on, sumOf(owed))) };
}

/** Interest that rows hold beyond what was earned: paid ahead, and released by what came later. */
export function creditOf(state: State): number {
  return Math.max(0, followsBalance(state) ? -state.running : -uncollected(state));
}

/** Takes interest that was never earned off the rows that hold it, latest first; what was paid for it pays the rest. */
function takeBack(state: State, credit: number): void {
  let left = credit;
  for (const row of [...state.rows].reverse()) {
    if (!row.final) continue;
    const part = Math.min(left, row.due.interest);
    row.due.interest -= part;
    left -= part;
  }
}

/**
 * Whether `money` settles the loan on `on`. Asked at every payment, so the principal is looked at first:
 * what is owed besides it can fall below zero only by what was paid ahead.
 */
export function settles(state: State, money: number, on: BusinessDate): boolean {
  if (money < principalOutstanding(state) - state.sums.aheadOther - creditOf(state)) return false;
  const isOpen = hasOpenRows(state) || state.rows.some((row) => openOf(row) !== 0);
  return isOpen && money >= sumOf(payoffOf(state, on));
}

/** Settles everything on `on`: the rows to come owe what payoffOf says and are paid. Returns what was taken from the money. */
export function settle(state: State, on: BusinessDate): Components {
  project(state, on);
  const rows = openRows(state);
  let fee = feeFor(state, on, sumOf(owedOf(state, on)));
  let interest = interestForPayoff(state, on) - state.rows.reduce((sum, row) => (row.final ? sum + row.due.interest : sum), 0);
  takeBack(state, Math.max(0, -interest));
  interest = Math.max(0, interest);
  for (const row of state.rows) if (row.final) row.due.fee = feeToEnd(state, row, on);
  let left = principalLeft(state) - state.sums.aheadPrincipal;
  for (const [index, row] of rows.entries()) {
    left += row.paid.principal;
    // Rows keep their total: without interest it is all principal, until the balance is used up.
    const kept = { ...row, level: row.level === null ? null : Math.max(0, row.level - interest), deferred: false };
    const principal = followsBalance(state)
      ? splitRow(kept, { offered: 0, left, isLast: index === rows.length - 1 }).principal
      : row.due.principal;
    row.due = { penalty: row.due.penalty, fee: fee + feeToEnd(state, row, on), interest, principal };
    left -= principal;
    [interest, fee] = [0, 0];
  }
  const last = state.rows.at(-1);
  if (rows.length === 0 && last) last.due.interest += interest;
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
