import { LoanloomError } from '../errors';
import { keys } from '../keys';
import type { BusinessDate, Instant } from '../time/dates';
import type { Fen } from '../money/money';
import type { InstructionState } from '../states';

/** What happened to a loan besides money: performed appointments, promises, holds, operator decisions. Append-only; `key` is unique within the loan. */
export type LoanEventKind =
  | 'PAYOUT_CONFIRMED'
  | 'PAYOUT_FAILED'
  | 'PAYOUT_REAUTHORIZED'
  | 'PAYOUT_RETURNED'
  | 'REPAYMENT_RETURNED'
  | 'REFUNDED'
  | 'REOPENED'
  | 'REMINDED'
  | 'DEBIT_PRESENTED'
  | 'DEBIT_FAILED'
  | 'DEBIT_GAVE_WAY'
  | 'REFUND_NOT_NEEDED'
  | 'DEBIT_IN_DOUBT'
  | 'PAYMENT_REQUESTED'
  | 'PAYMENT_RECEIVED'
  | 'CONTACT_PLANNED'
  | 'CONTACTED'
  | 'CONTACT_MISSED'
  | 'PROMISE_MADE'
  | 'PROMISE_KEPT'
  | 'PROMISE_PARTIAL'
  | 'PROMISE_BROKEN'
  | 'HOLD_PLACED'
  | 'HOLD_RELEASED'
  | 'CHARGED_OFF'
  | 'ADJUSTED'
  | 'CARD_CHANGED'
  | 'REJECTED'
  | 'SETTLED';

export interface LoanEvent {
  readonly key: string;
  readonly kind: LoanEventKind;
  /** When it happened on the loan's clock. */
  readonly at: Instant;
  /** The date to which it belongs. */
  readonly businessDate: BusinessDate;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/** More payouts or refunds than one loan ever has. */
const SERIAL_MAX = 999;

/** The number of the next payout or refund of a loan: one that was opened when nothing was overpaid any more has used up its own. */
export function nextSerial(
  direction: 'PAYOUT' | 'REFUND',
  { instructions, events }: { readonly instructions: readonly OpenInstruction[]; readonly events: readonly LoanEvent[] },
): number {
  const needless = direction === 'REFUND' ? events.filter((event) => event.kind === 'REFUND_NOT_NEEDED').length : 0;
  return instructions.filter((each) => each.direction === direction).length + needless + 1;
}

/** Which payment to a borrower an instruction's id names: found by making the ids that the loan can give. */
export function paymentNamed(loanId: string, instructionId: string): { isRefund: boolean; serial: number } {
  for (let serial = 1; serial <= SERIAL_MAX; serial += 1) {
    if (instructionId === keys.payoutInstruction(loanId, serial)) return { isRefund: false, serial };
    if (instructionId === keys.refundInstruction(loanId, serial)) return { isRefund: true, serial };
  }
  throw new LoanloomError('INTERNAL', `${instructionId} is no payment of loan ${loanId}`);
}

/** Whether a payment of this direction had failed, and its channel made it after all: until that is settled none is made in its place. */
export const isContradicted = (instructions: readonly OpenInstruction[], direction: OpenInstruction['direction']): boolean =>
  instructions.some((each) => each.direction === direction && each.isContradicted === true);

/** A payment instruction as the agenda needs it; `open` while neither success nor failure is proved. */
export interface OpenInstruction {
  readonly id: string;
  readonly direction: 'PAYOUT' | 'DEBIT' | 'REFUND';
  readonly state: InstructionState;
  readonly open: boolean;
  readonly amount: Fen;
  readonly businessDate: BusinessDate;
  readonly presentment: number;
  readonly sentAt: Instant | null;
  readonly lastQueriedAt: Instant | null;
  /** The channel said by a webhook that something happened. */
  readonly hintedAt?: Instant | null;
  /** Appointments (not seconds-long polling) at which the channel was asked in vain. */
  readonly queries: number;
  /** It had failed, and its channel paid it after all: the money has not come back yet. */
  readonly isContradicted?: boolean;
  /** Attempts that were opened so far, and whether one of them is without an outcome. */
  readonly attempts?: number;
  readonly isLive?: boolean;
}
