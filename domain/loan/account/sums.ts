import type { Components } from '../../money/allocation';
import { addTo, openOf, type Row, type State, noSums } from './state';

export function resum(state: State): void {
  const sums = noSums();
  for (const row of state.rows) {
    sums.paidPrincipal += row.paid.principal;
    if (row.final) sums.finalPrincipal += row.due.principal;
    else {
      sums.aheadPrincipal += row.paid.principal;
      sums.aheadOther += row.paid.interest + row.paid.fee + row.paid.penalty;
    }
  }
  state.sums = sums;
}

/** Records money on a row. */
export function payOn(state: State, row: Row, taken: Components): void {
  addTo(row.paid, taken);
  state.sums.paidPrincipal += taken.principal;
  if (row.final) return;
  state.sums.aheadPrincipal += taken.principal;
  state.sums.aheadOther += taken.interest + taken.fee + taken.penalty;
}

/** Makes a row's split final. */
export function makeFinal(state: State, row: Row): void {
  if (row.final) return;
  row.final = true;
  state.sums.finalPrincipal += row.due.principal;
  state.sums.aheadPrincipal -= row.paid.principal;
  state.sums.aheadOther -= row.paid.interest + row.paid.fee + row.paid.penalty;
}

/** Principal that neither final rows nor prepayments account for. */
export function principalLeft(state: State): number {
  return state.terms.principal + state.relent - state.unscheduled - state.sums.finalPrincipal;
}

/** Principal not yet repaid. */
export function principalOutstanding(state: State): number {
  return state.terms.principal + state.relent - state.unscheduled - state.sums.paidPrincipal;
}

/** The rows that are due by `on` and not paid, oldest first. */
export function unpaidBy(state: State, on: string): Row[] {
  const { rows, sums } = state;
  for (let row = rows[sums.firstOpen]; row?.final && openOf(row) === 0; row = rows[sums.firstOpen]) sums.firstOpen += 1;
  const unpaid: Row[] = [];
  for (let index = sums.firstOpen; index < rows.length; index += 1) {
    const row = rows[index];
    if (!row || row.dueOn > on) break;
    if (openOf(row) > 0) unpaid.push(row);
  }
  return unpaid;
}

/** Whether rows are still to come: a row ahead of the last is never filled while the last is final. */
export function hasOpenRows(state: State): boolean {
  return state.rows.at(-1)?.final === false;
}
