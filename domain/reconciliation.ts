import type { BusinessDate } from './dates';
import type { Fen } from './money';

/** One line of a channel's daily file, whatever the file's own format. */
export interface StatementLine {
  /** Our order number, as the channel repeats it. */
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT' | 'RETURN';
  readonly amount: Fen;
  readonly fee: Fen;
  /** False where the channel lists a payment that it did not make. */
  readonly booked: boolean;
  /** The last four digits of the other side's account. */
  readonly accountTail: string;
  readonly valueDate: BusinessDate;
  /** Whether the money came in to us (a debit, a returned payout) or went out. */
  readonly comesIn: boolean;
}

/** A line's effect on our balance at the channel. */
export function signedAmount(line: Pick<StatementLine, 'amount' | 'comesIn'>): number {
  return line.comesIn ? line.amount : -line.amount;
}
