import { LoanloomError } from '../errors';
import { keys } from '../keys';
import { eventKind, field, type EventKinds, type EventOf } from '../events';
import type { BusinessDate, Instant } from '../time/dates';
import type { Fen } from '../money/money';
import type { InstructionState } from '../states';

const { fen, date, instant, count, flag, text } = field;
/** When the agenda had planned what was done. */
const planned = { plannedAt: instant.optional() };
const promiseOutcome = eventKind({ promiseId: text, promised: fen, paid: fen, ...planned }, ['promiseId', 'promised', 'paid']);

/** What happened to a loan besides money: performed appointments, promises, holds, operator decisions. Append-only. */
export const LOAN_EVENTS = {
  PAYOUT_CONFIRMED: eventKind({ amount: fen }, ['amount']),
  PAYOUT_FAILED: eventKind({ code: text, attempts: count }),
  PAYOUT_REAUTHORIZED: eventKind({ by: text, instructionId: text }),
  PAYOUT_RETURNED: eventKind({ amount: fen, instructionId: text.optional() }, ['amount']),
  REPAYMENT_RETURNED: eventKind({ amount: fen }, ['amount']),
  REFUNDED: eventKind({ amount: fen, fact: text.optional() }, ['amount']),
  REFUND_NOT_NEEDED: eventKind({ instructionId: text }),
  REOPENED: eventKind({}),
  REMINDED: eventKind({ dueOn: date, amount: fen, ...planned }, ['dueOn', 'amount']),
  DEBIT_PRESENTED: eventKind({ amount: fen, needed: flag.optional(), presentment: count.optional(), ...planned }, ['amount', 'needed']),
  DEBIT_FAILED: eventKind({ code: text, amount: fen, presentment: count.optional() }, ['amount', 'code']),
  DEBIT_GAVE_WAY: eventKind({ round: count }),
  DEBIT_IN_DOUBT: eventKind({ queries: count }),
  PAYMENT_REQUESTED: eventKind({ amount: fen, instructionId: text }, ['amount', 'instructionId']),
  PAYMENT_RECEIVED: eventKind({ amount: fen, fact: text.optional() }, ['amount']),
  CONTACTED: eventKind({ action: text, daysPastDue: count, owed: fen.optional(), ...planned }, ['action', 'daysPastDue', 'owed']),
  CONTACT_MISSED: eventKind({ why: text }),
  PROMISE_MADE: eventKind({ promiseId: text, amount: fen, dueOn: date, owed: fen.optional() }, ['promiseId', 'amount', 'dueOn']),
  PROMISE_KEPT: promiseOutcome,
  PROMISE_PARTIAL: promiseOutcome,
  PROMISE_BROKEN: promiseOutcome,
  HOLD_PLACED: eventKind({ until: date, by: text.optional(), reason: text.optional() }, ['until']),
  HOLD_RELEASED: eventKind({ by: text.optional() }),
  CHARGED_OFF: eventKind({ principal: fen, ...planned }),
  ADJUSTED: eventKind({ type: text, by: text.optional(), approvedBy: text.optional() }, ['type']),
  CARD_CHANGED: eventKind({ by: text.optional(), approvedBy: text.optional() }),
  /** The borrower withdrew after the payout, and may pay back until a day. */
  WITHDRAWN: eventKind({ until: date }, ['until']),
  REJECTED: eventKind({ by: text.optional() }),
  SETTLED: eventKind({ overpaid: fen }, ['overpaid']),
  /** Of a newer version: what it had planned is done, and its key is taken. */
  UNKNOWN: eventKind(planned),
} as const satisfies EventKinds;

export type LoanEvent = EventOf<typeof LOAN_EVENTS>;
export type LoanEventKind = LoanEvent['kind'];

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
