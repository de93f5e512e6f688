import { exactAnnuity } from '../annuity';
import type { BusinessDate } from '../../time/dates';
import type { Fen } from '../../money/money';
import { roundRatio, type Rounding } from '../../money/rounding';
import { rateOver } from '../terms';
import { deferredBefore, splitRow } from './accrual';
import { earnedOfRow, interestOver } from './interest';
import { principalLeft } from './sums';
import { followsBalance, openOf, totalOf, type Row, type State } from './state';

/** Rows whose split is still to come. */
export function openRows(state: State): Row[] {
  return state.rows.filter((row) => !row.final);
}

/** From where, and on which balance, the interest of the coming rows is counted. */
interface Start {
  readonly on: BusinessDate;
  readonly balance: number;
  /** Interest that is earned already and that the first row takes. */
  readonly earned: number;
}

/** As though everything overdue were paid on `on`, and the rest on its day. */
function startOf(state: State, on: BusinessDate): Start {
  const overdue =
    state.policy.overdueInterest === 'none'
      ? 0
      : state.rows.reduce((sum, row) => (row.final ? sum + row.due.principal - row.relieved : sum), 0);
  const row = state.rows.find((each) => each.accruesTo > state.accruedTo);
  if (overdue <= 0 || !row) return { on: state.accruedTo, balance: state.bearing - overdue, earned: state.running };
  return {
    on,
    balance: state.bearing - overdue,
    earned: state.running + interestOver(state, row, { balance: state.bearing, from: state.accruedTo, to: on }),
  };
}

/** Interest earned by rows that are final and held by none of them. */
export function uncollected(state: State): number {
  return state.rows.reduce((sum, row) => (row.final ? sum + row.earns - row.due.interest : sum), 0);
}

/** Splits the rows to come into interest and principal from `start` on; the last row takes what is left. */
function spread(state: State, start: Start): void {
  const isFlat = state.terms.method === 'flat';
  const [first] = openRows(state);
  const last = state.rows.findLast((row) => !row.final);
  let { balance } = start;
  // Where rows stand, interest that earlier rows earned and did not show (a grace, a level too small) is still to be collected.
  let offered = start.earned + (followsBalance(state) ? 0 : uncollected(state));
  let left = principalLeft(state) - state.sums.aheadPrincipal;
  for (const row of state.rows) {
    if (row.accruesTo <= start.on && row.final) continue;
    const from = start.on > row.startsOn ? start.on : row.startsOn;
    const own = isFlat ? (balance > 0 ? row.earns : 0) : interestOver(state, row, { balance, from, to: row.accruesTo });
    if (row.final) {
      // Paid ahead of its date: what still runs in its stretch goes to the next row.
      if (followsBalance(state)) offered += own;
      continue;
    }
    if (isFlat && row === first && start.earned > 0) {
      row.earns += start.earned;
      row.counted = { upTo: row.counted.upTo, interest: row.counted.interest + start.earned };
    }
    if (isFlat && balance <= 0) row.earns = 0;
    if (followsBalance(state) && row.deferred) row.earns = own + (row === first ? start.earned - deferredBefore(state, row) : 0);
    if (!followsBalance(state) && !isFlat) {
      const counted = row === first ? start.earned : 0;
      row.counted = { upTo: from, interest: counted };
      row.earns = counted + own;
    }
    offered += own;
    left += row.paid.principal;
    const carried = row.deferred ? 0 : deferredBefore(state, row);
    const split = splitRow(row, { offered, left, isLast: row === last, carried });
    row.due.interest = split.interest;
    row.due.principal = split.principal;
    offered -= split.interest;
    left -= split.principal;
    balance -= split.principal - row.relieved;
  }
}

/** The rows to come of a loan whose interest follows the balance, as of `on`. */
export function project(state: State, on: BusinessDate): void {
  if (followsBalance(state) && state.disbursed) spread(state, startOf(state, on));
}

/** Interest of the rows to come that is earned by `on` where rows stand: what a change of balance must not touch. Two rows are running where a due date was shifted past the end of its stretch. */
export function earnedSoFar(state: State, on: BusinessDate): number {
  if (followsBalance(state)) return 0;
  let [earned, balance] = [0, principalLeft(state)];
  for (const row of openRows(state)) {
    if (row.startsOn >= on) break;
    earned += earnedOfRow(state, row, balance, on);
    balance -= row.due.principal;
  }
  return earned;
}

/**
 * New levels (or shares) for the rows to come: the exact annuity of the remaining balance over the
 * remaining due dates, counted from `on`. A given installment or principal (balloon, fixed_principal) stays.
 */
export function relevel(state: State, on: BusinessDate, rounding: Rounding | null, extra = 0): void {
  const { terms } = state;
  const rows = openRows(state);
  // A row that is paid ahead keeps what it is: only the rest is spread.
  const isPaidAhead = (row: Row) => totalOf(row.paid) > 0 && openOf(row) === 0;
  const repaying = rows.filter((row) => !isPaidAhead(row) && (row.level !== null || row.share > 0 || terms.method === 'equal_principal'));
  const left = principalLeft(state) - rows.reduce((sum, row) => (isPaidAhead(row) ? sum + row.paid.principal : sum), 0);
  const fallback = 'rounding' in terms.installment ? terms.installment.rounding : terms.interestRounding;
  if (terms.method === 'equal_installment') {
    const rates = repaying.map((row) =>
      on <= row.startsOn ? row.rate : rateOver(state.interest, on, row.accruesTo, { from: row.startsOn, to: row.accruesTo }),
    );
    if (rates.length === 0) return;
    const level = exactAnnuity((left + extra) as Fen, rates, rounding ?? fallback);
    for (const row of repaying) row.level = level;
    return;
  }
  if (terms.method === 'balloon' || terms.method === 'interest_first' || terms.method === 'fixed_principal' || repaying.length === 0)
    return;
  const share = roundRatio(BigInt(left), BigInt(repaying.length), rounding ?? terms.principalRounding);
  for (const row of repaying) {
    row.share = share;
    if (row.level !== null) row.level = share + row.earns;
  }
}

/** Lays the coming rows out anew after a change of balance, rate or dates on `on`; `earned` is the current row's interest up to then, `carried` what comes from rows before it. */
export function layOutAnew(state: State, on: BusinessDate, earned: number, carried = 0): void {
  if (followsBalance(state)) project(state, on);
  // Flat interest stands as it is, whatever was earned by now.
  else spread(state, { on, balance: principalLeft(state), earned: (state.terms.method === 'flat' ? 0 : earned) + carried });
}

/** Takes rows off the end that have nothing left to repay: a shorter term. */
export function dropEmptyTail(state: State): void {
  for (
    let last = state.rows.at(-1);
    last && !last.final && totalOf(last.due) === last.due.fee && totalOf(last.paid) === 0;
    last = state.rows.at(-1)
  ) {
    if (openRows(state).length === 1) return;
    state.rows.pop();
  }
}
