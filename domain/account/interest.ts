import type { BusinessDate } from '../dates';
import { daysBetween } from '../dates';
import type { Fen } from '../money';
import { factor, roundProduct, type Factor } from '../rounding';
import { rateOver } from '../terms';
import { followsBalance, type Row, type State } from './state';

/** The row whose stretch contains `on`; after the last due date the last row, whose stretch then goes on. */
export function currentRow(state: State, on: BusinessDate): Row | undefined {
  return state.rows.find((row) => row.accruesTo > on) ?? state.rows.at(-1);
}

/** Interest of `balance` over a part of one row's stretch. */
export function interestOver(state: State, row: Row, balance: number, from: BusinessDate, to: BusinessDate): number {
  const stopped = state.interestStopsUntil;
  const first = stopped !== null && stopped > from ? stopped : from;
  if (balance <= 0 || first >= to) return 0;
  const isWhole = first === row.startsOn && to === row.accruesTo;
  const rate = isWhole ? row.rate : rateOver(state.interest, first, to, { from: row.startsOn, to: row.accruesTo });
  return roundProduct(balance as Fen, rate, state.terms.interestRounding);
}

/**
 * The rate of a stretch that may cross due dates: on a periodic basis each day takes its share of the
 * period that it lies in; days after the last due date count as days of the last period.
 */
export function rateAcross(state: State, from: BusinessDate, to: BusinessDate): Factor {
  if (state.interest.basis !== 'periodic') return rateOver(state.interest, from, to, { from, to });
  let [numerator, denominator] = [0n, 1n];
  for (let first = from; first < to;) {
    const row = currentRow(state, first);
    const [start, end] = row ? [row.startsOn, row.accruesTo] : [first, to];
    const until = end > first && end < to ? end : to;
    const part = rateOver(state.interest, first, until, { from: start, to: end });
    numerator = numerator * part.denominator + part.numerator * denominator;
    denominator *= part.denominator;
    first = until;
  }
  return factor({ numerator, denominator });
}

/** Contract interest on overdue principal, whose days may lie in several periods. */
export function overdueInterest(state: State, principal: number, from: BusinessDate, to: BusinessDate): number {
  const stopped = state.interestStopsUntil;
  const first = stopped !== null && stopped > from ? stopped : from;
  if (principal <= 0 || first >= to) return 0;
  return roundProduct(principal as Fen, rateAcross(state, first, to), state.terms.interestRounding);
}

/** Interest of the balance from the last split up to `on`, not yet part of `running`. */
export function runningTo(state: State, on: BusinessDate): number {
  const row = currentRow(state, state.accruedTo);
  return row ? interestOver(state, row, state.bearing, state.accruedTo, on) : 0;
}

/** Closes the running stretch of interest at `on`: done where the balance, or the rate, changes. */
export function splitInterest(state: State, on: BusinessDate): void {
  if (!followsBalance(state)) return;
  state.running += runningTo(state, on);
  if (on > state.accruedTo) state.accruedTo = on;
}

/** Takes principal off the interest-bearing balance from `on` on. */
export function relieve(state: State, row: Row | null, amount: number, on: BusinessDate): void {
  if (amount === 0) return;
  splitInterest(state, on);
  state.bearing -= amount;
  if (row) row.relieved += amount;
}

/** Interest earned up to `on`, by days of each stretch; `on` must not lie before the fold's cursor. */
export function earnedTo(state: State, on: BusinessDate): number {
  if (!state.disbursed) return 0;
  if (followsBalance(state)) {
    const held = state.rows.reduce((sum, row) => sum + (row.final ? row.due.interest : 0), 0);
    return held + state.running + runningTo(state, on);
  }
  let earned = 0;
  let balance = state.rows.reduce((sum, row) => sum + row.due.principal, 0);
  for (const row of state.rows) {
    earned += earnedOfRow(state, row, balance, on);
    balance -= row.due.principal;
  }
  return earned;
}

/** The part of a standing row's interest that is earned by `on`. */
export function earnedOfRow(state: State, row: Row, balance: number, on: BusinessDate): number {
  if (on >= row.accruesTo || row.final) return row.earns;
  if (on <= row.counted.upTo) return Math.min(row.earns, row.counted.interest);
  if (!row.byDays) return Math.min(row.earns, row.counted.interest + interestOver(state, row, balance, row.counted.upTo, on));
  const { upTo, interest } = row.counted;
  const part = factor({ numerator: BigInt(daysBetween(upTo, on)), denominator: BigInt(daysBetween(upTo, row.accruesTo)) });
  return interest + roundProduct(Math.max(0, row.earns - interest) as Fen, part, state.terms.interestRounding);
}
