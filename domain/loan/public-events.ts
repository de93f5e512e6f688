import type { LoanEventKind } from './loan-events';

type Data = Readonly<Record<string, string | number | boolean>>;

/** What a borrower may read of each kind of event of a loan: the named fields and nothing else. */
const LOAN_FIELDS: Readonly<Record<LoanEventKind, readonly string[]>> = {
  PAYOUT_CONFIRMED: ['amount'],
  PAYOUT_FAILED: [],
  PAYOUT_REAUTHORIZED: [],
  PAYOUT_RETURNED: ['amount'],
  REPAYMENT_RETURNED: ['amount'],
  REFUNDED: ['amount'],
  REFUND_NOT_NEEDED: [],
  REOPENED: [],
  REMINDED: ['dueOn', 'amount'],
  DEBIT_PRESENTED: ['amount', 'needed'],
  DEBIT_FAILED: ['amount', 'code'],
  DEBIT_GAVE_WAY: [],
  DEBIT_IN_DOUBT: [],
  PAYMENT_REQUESTED: ['amount', 'instructionId'],
  PAYMENT_RECEIVED: ['amount'],
  CONTACTED: ['action', 'daysPastDue', 'owed'],
  CONTACT_PLANNED: [],
  CONTACT_MISSED: [],
  PROMISE_MADE: ['promiseId', 'amount', 'dueOn'],
  PROMISE_KEPT: ['promiseId', 'promised', 'paid'],
  PROMISE_PARTIAL: ['promiseId', 'promised', 'paid'],
  PROMISE_BROKEN: ['promiseId', 'promised', 'paid'],
  HOLD_PLACED: ['until'],
  HOLD_RELEASED: [],
  CHARGED_OFF: [],
  ADJUSTED: ['type'],
  CARD_CHANGED: [],
  REJECTED: [],
  SETTLED: ['overpaid'],
};

/** The same of an application. A status' reasons may name operators and what they suspect. */
const APPLICATION_FIELDS: Readonly<Record<string, readonly string[]>> = {
  STEP_SAVED: ['step', 'version'],
  SUBMITTED: [],
  KYC_PENDING: [],
  DECISION_PENDING: [],
  OFFERED: [],
  FOUR_EYES: [],
  REFLECTION_PERIOD: [],
  AWAITING_SIGNATURE: [],
  SIGNED: [],
  READY_TO_DISBURSE: [],
  DISBURSED: [],
  DECLINED: [],
  WITHDRAWN: [],
  EXPIRED: [],
};

function publicData(fields: Readonly<Record<string, readonly string[]>>, kind: string, data: Data): Data | undefined {
  const names = Object.hasOwn(fields, kind) ? fields[kind] : undefined;
  if (names === undefined) return undefined;
  return Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name)));
}

/** What of an event's data its borrower may see; undefined where the kind is not known, and the event shows nothing. */
export const publicLoanData = (kind: string, data: Data): Data | undefined => publicData(LOAN_FIELDS, kind, data);
export const publicApplicationData = (kind: string, data: Data): Data | undefined => publicData(APPLICATION_FIELDS, kind, data);
