import type { BusinessDate } from '../../time/dates';
import { daysBetween } from '../../time/dates';
import type { Fen } from '../../money/money';
import { factor, roundProduct, type Factor } from '../../money/rounding';
import { rateOver } from '../terms';
import { followsBalance, type Row, type State } from './state';

/** The row whose stretch contains `on`; after the last due date the last row, whose stretch then goes on. */
export function currentRow(state: State, on: BusinessDate): Row | undefined {
  return state.rows.find((row) => row.accruesTo > on) ?? state.rows.at(-1);
}

/** The parts of a stretch that bear interest: without the days of a hardship pause that bears none. */
export function bearingParts(
  state: Pick<State, 'interestFree'>,
  from: BusinessDate,
  to: BusinessDate,
): (readonly [BusinessDate, BusinessDate])[] {
  const parts: (readonly [BusinessDate, BusinessDate])[] = [];
  let first = from;
  for (const free of [...state.interestFree].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    if (free.until <= first || free.from >= to) continue;
    if (free.from > first) parts.push([first, free.from]);
    first = free.until;
  }
  if (first < to) parts.push([first, to]);
  return parts;
}

/** The sum of the rates of several stretches, exactly. */
function rateOfParts(
  parts: readonly (readonly [BusinessDate, BusinessDate])[],
  rateOf: (from: BusinessDate, to: BusinessDate) => Factor,
): Factor {
  let [numerator, denominator] = [0n, 1n];
  for (const [from, to] of parts) {
    const part = rateOf(from, to);
    numerator = numerator * part.denominator + part.numerator * denominator;
    denominator *= part.denominator;
  }
  return factor({ numerator, denominator });
}

/** Interest of `balance` over a part of one row's stretch. */
export function interestOver(
  state: State,
  row: Row,
  { balance, from, to }: { readonly balance: number; readonly from: BusinessDate; readonly to: BusinessDate },
): number {
  if (balance <= 0 || from >= to) return 0;
  const within = { from: row.startsOn, to: row.accruesTo };
  const parts = bearingParts(state, from, to);
  const [only] = parts;
  if (only === undefined) return 0;
  const isWhole = parts.length === 1 && only[0] === row.startsOn && only[1] === row.accruesTo;
  const rate = isWhole
    ? row.rate
    : parts.length === 1
      ? rateOver(state.interest, only[0], only[1], within)
      : rateOfParts(parts, (first, last) => rateOver(state.interest, first, last, within));
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
  const parts = from >= to ? [] : bearingParts(state, from, to);
  if (principal <= 0 || parts.length === 0) return 0;
  return roundProduct(
    principal as Fen,
    rateOfParts(parts, (first, last) => rateAcross(state, first, last)),
    state.terms.interestRounding,
  );
}

/** Interest of the balance from the last split up to `on`, not yet part of `running`. */
export function runningTo(state: State, on: BusinessDate): number {
  const row = currentRow(state, state.accruedTo);
  return row ? interestOver(state, row, { balance: state.bearing, from: state.accruedTo, to: on }) : 0;
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
  if (!row.byDays) return Math.min(row.earns, row.counted.interest + interestOver(state, row, { balance, from: row.counted.upTo, to: on }));
  const { upTo, interest } = row.counted;
  const all = bearingDays(state, upTo, row.accruesTo);
  if (all === 0) return Math.min(row.earns, interest);
  const part = factor({ numerator: BigInt(bearingDays(state, upTo, on)), denominator: BigInt(all) });
  return interest + roundProduct(Math.max(0, row.earns - interest) as Fen, part, state.terms.interestRounding);
}

/** Days of a stretch that bear interest. */
export function bearingDays(state: State, from: BusinessDate, to: BusinessDate): number {
  return bearingParts(state, from, to).reduce((days, [first, last]) => days + daysBetween(first, last), 0);
}
