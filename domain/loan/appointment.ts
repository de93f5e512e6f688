import type { BusinessDate, Instant } from '../time/dates';
import type { LoanRecord } from './loan-account';
import type { LoanEvent, OpenInstruction } from './loan-events';

export type AppointmentKind =
  | 'PAY_OUT'
  | 'AWAIT_OPERATOR'
  | 'REMIND'
  | 'DEBIT'
  | 'QUERY_DEBIT'
  | 'CONTACT'
  | 'CHECK_PROMISE'
  | 'CHARGE_OFF'
  | 'AWAIT_RELEASE'
  | 'AWAIT_CHANNEL'
  | 'REFUND'
  | 'SETTLE'
  | 'END';

/**
 * The next thing that a loan does. `at` is when (null: only a message can move it on), `businessDate`
 * the date whose rules and books it belongs to even when it is performed late, `key` its identity:
 * performing it twice has one effect.
 */
export interface Appointment {
  readonly kind: AppointmentKind;
  readonly key: string;
  readonly at: Instant | null;
  readonly businessDate: BusinessDate;
  readonly summary: string;
  /** DEBIT, QUERY_DEBIT: which presentment of the business date, counted from 1. */
  readonly presentment?: number;
  /** QUERY_DEBIT: which question, counted from 1. */
  readonly query?: number;
  /** DEBIT: how often it gave way to a payment that the borrower asked for. */
  readonly round?: number;
  /** DEBIT: attempts after which it is taken up again, its workflow being gone. */
  readonly resume?: number;
  /** PAY_OUT, REFUND, DEBIT: the payment's instruction. */
  readonly instructionId?: string;
  /** CONTACT: the ladder's action. */
  readonly action?: 'SMS' | 'MAIL' | 'CALL_TASK';
  /** REMIND, CONTACT, a scheduled DEBIT: the due date that it is about. */
  readonly dueOn?: BusinessDate;
  /** REMIND, CONTACT, a scheduled DEBIT: the installment that it is about. */
  readonly installment?: number;
  /** CONTACT, CHARGE_OFF: the ladder's step. A scheduled DEBIT: how late it is presented. */
  readonly daysPastDue?: number;
}

/** Everything that decides a loan's next appointment. `events` in the order of their recording. */
export interface AgendaInput extends LoanRecord {
  readonly loanId: string;
  readonly events: readonly LoanEvent[];
  readonly instructions: readonly OpenInstruction[];
  readonly now: Instant;
}
