import { add, NO_COMPONENTS, sumOf, take, type Component, type Components } from '../../money/allocation';
import type { BusinessDate } from '../../time/dates';
import { fen, minus, type Fen } from '../../money/money';
import { relieve } from './interest';
import { followsBalance, isWithdrawn, type Row, type State } from './state';
import { payOn } from './sums';

/** Money of one day on its way into the account. */
export class Purse {
  taken: Components = NO_COMPONENTS;

  constructor(
    readonly state: State,
    readonly on: BusinessDate,
    public left: Fen,
  ) {}

  record(taken: Components): void {
    this.taken = add(this.taken, taken);
    this.left = minus(this.left, sumOf(taken));
  }

  /** Pays into one row by an order; what it pays of the principal stops bearing interest, unless the money waits for its due date. */
  payInto(row: Row, order: readonly Component[]): void {
    const open = {
      penalty: fen(row.due.penalty - row.paid.penalty),
      fee: fen(row.due.fee - row.paid.fee),
      interest: fen(row.due.interest - row.paid.interest),
      principal: fen(row.due.principal - row.paid.principal),
    };
    // Who withdraws pays back without fees: their money goes to nothing else first.
    const due = isWithdrawn(this.state, this.on) ? order.filter((component) => component !== 'fee') : order;
    const { taken } = take(open, this.left, due);
    if (sumOf(taken) === 0) return;
    payOn(this.state, row, taken);
    this.record(taken);
    if (!followsBalance(this.state)) return;
    const waits = row.final ? this.state.policy.overdueInterest === 'none' : this.state.policy.earlyPayment === 'hold_to_due';
    if (!waits) relieve(this.state, row, taken.principal, this.on);
  }

  /** By installment, oldest first; or by component across all of them. */
  payRows(rows: readonly Row[], order: readonly Component[]): void {
    const passes = this.state.policy.allocation.mode === 'horizontal' ? [order] : order.map((component) => [component]);
    for (const pass of passes) {
      for (const row of rows) {
        if (this.left <= 0) return;
        this.payInto(row, pass);
      }
    }
  }
}
