import type { BreakCode } from './breaks';
import type { BusinessDate } from '../time/dates';
import type { Fen } from '../money/money';
import type { AttemptState } from '../states';

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
  /** Where it stands in its file. */
  readonly place?: number;
  /** RETURN: an earlier line has given this payment back already. */
  readonly isRepeat?: boolean;
}

/** One attempt of ours, as reconciliation sees it. */
export interface OurPayment {
  readonly number: string;
  readonly instructionId: string;
  readonly attempt: number;
  readonly loanId: string;
  readonly direction: 'PAYOUT' | 'DEBIT' | 'REFUND';
  readonly amount: Fen;
  readonly state: AttemptState;
  readonly valueDate: BusinessDate | null;
  readonly accountTail: string | null;
}

/**
 * What has to be done about a difference, besides keeping it open as a break.
 * COMPLETE: our open payment succeeded. RETURN: our payment came back. SUSPEND: money moved that belongs to
 * nothing of ours. RELEASE: money in suspense came back. WATCH: nothing yet; the next file or a person decides.
 * MATCHED: they agree, but under two dates: no break, only part of what explains the day's net.
 */
export type Action = 'COMPLETE' | 'RETURN' | 'SUSPEND' | 'RELEASE' | 'WATCH' | 'MATCHED';

export interface Finding {
  readonly code: BreakCode;
  readonly action: Action;
  readonly line: StatementLine | null;
  readonly ours: OurPayment | null;
}

/** A line's effect on our balance at the channel; a payment that was not made has none. */
export function signedAmount(line: Pick<StatementLine, 'amount' | 'comesIn'>): number {
  return line.comesIn ? line.amount : 0 - line.amount;
}

/** What our own success did to that balance. */
export function signedOurs(ours: Pick<OurPayment, 'direction' | 'amount'>): number {
  return ours.direction === 'DEBIT' ? ours.amount : 0 - ours.amount;
}

const isOpen = (state: AttemptState) => state === 'SENDING' || state === 'ACCEPTED' || state === 'UNKNOWN';
const wasMade = (state: AttemptState) => state === 'SUCCEEDED' || state === 'RETURNED';

function aboutReturn(line: StatementLine, ours: OurPayment | null): Finding | null {
  // What comes back a second time belongs to nothing of ours: it is booked, not explained away.
  if (line.isRepeat === true) return { code: 'DUPLICATE', action: 'SUSPEND', line, ours };
  if (!ours) return { code: 'LONG', action: 'SUSPEND', line, ours };
  if (ours.state === 'RETURNED') return { code: 'RETURNED', action: 'MATCHED', line, ours };
  if (line.amount !== ours.amount) return { code: 'AMOUNT', action: 'WATCH', line, ours };
  // What was suspended as paid against the channel's word came back.
  if (ours.state === 'FAILED') return { code: 'RETURNED', action: 'RELEASE', line, ours };
  return { code: 'RETURNED', action: 'RETURN', line, ours };
}

function aboutPayment(line: StatementLine, ours: OurPayment, date: BusinessDate): Finding | null {
  const kind = ours.direction === 'DEBIT' ? 'DEBIT' : 'PAYOUT';
  if (!line.booked) return wasMade(ours.state) ? { code: 'FAILED_AFTER_SUCCESS', action: 'WATCH', line, ours } : null;
  if (line.amount !== ours.amount) return { code: 'AMOUNT', action: 'WATCH', line, ours };
  if (line.kind !== kind || (ours.accountTail !== null && line.accountTail !== ours.accountTail))
    return { code: 'PARTY', action: 'WATCH', line, ours };
  if (ours.state === 'FAILED') return { code: 'PAID_AFTER_FAILURE', action: 'SUSPEND', line, ours };
  if (isOpen(ours.state)) return { code: 'CONFIRMED_BY_FILE', action: 'COMPLETE', line, ours };
  return ours.valueDate === date ? null : { code: 'CUTOFF', action: 'MATCHED', line, ours };
}

/**
 * What a line of the file of `date` and our payment of the same number say about each other; null where they agree.
 * A line without a payment of ours is not ours; a success of ours without a line may stand in the
 * neighbouring day's file, so it is watched for a day before it counts as missing.
 */
export function classify(line: StatementLine | null, ours: OurPayment | null, date: BusinessDate): Finding | null {
  if (line === null) return ours === null ? null : { code: 'CUTOFF', action: 'WATCH', line, ours };
  if (line.kind === 'RETURN') return aboutReturn(line, ours);
  if (ours === null) return line.booked ? { code: 'LONG', action: 'SUSPEND', line, ours } : null;
  return aboutPayment(line, ours, date);
}

/** How far a finding sets the file's net apart from ours for that day, before anything is done about it. */
export function difference({ line, ours }: Pick<Finding, 'line' | 'ours'>, date: BusinessDate): number {
  const theirs = line?.booked ? signedAmount(line) : 0;
  const own = ours !== null && line?.kind !== 'RETURN' && wasMade(ours.state) && ours.valueDate === date ? signedOurs(ours) : 0;
  return theirs - own;
}
