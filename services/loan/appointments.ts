import type { Tx } from '../../db/pool';
import type { AppointmentKind, Appointment } from '../../domain/loan/appointment';
import type { ActivityDeps } from '../deps';
import { updateLoan } from '../../db/loan/loans';
import { type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent, insertTransaction } from '../../db/loan/loan-facts';
import type { Instant } from '../../domain/time/dates';
import { accountNow } from './account-now';
import { latestValueDate } from '../../domain/loan/account/facts';
import { assertTransition, LOAN_TRANSITIONS } from '../../domain/states';
import { addMail } from '../../db/outbox';
import { keys } from '../../domain/keys';
import { openPromise } from '../../domain/loan/agenda-candidates';
import { promiseOutcome } from '../../domain/loan/promises';
import { owedOn } from '../../domain/loan/account/report';
import { yuan } from '../../domain/money/money';
import { accrueNow, receivables } from '../payment/receivables';
import { postEntry } from '../../db/ledger/journal';
import { chargedOff } from '../../domain/ledger/postings';
import { planContact } from '../contact/contacts';

/** How each kind of appointment is kept: here, in our database alone; by a child workflow; or by waiting. A new kind does not compile without a line. */
const KEPT = {
  SETTLE: 'HERE',
  CHECK_PROMISE: 'HERE',
  REMIND: 'HERE',
  CHARGE_OFF: 'HERE',
  CONTACT: 'HERE',
  PAY_OUT: 'CHILD',
  DEBIT: 'CHILD',
  QUERY_DEBIT: 'CHILD',
  REFUND: 'CHILD',
  AWAIT_OPERATOR: 'WAITS',
  AWAIT_RELEASE: 'WAITS',
  AWAIT_CHANNEL: 'WAITS',
  END: 'WAITS',
} as const satisfies Record<AppointmentKind, 'HERE' | 'CHILD' | 'WAITS'>;

/** Whether a child workflow of its own keeps it. */
export const startsWorkflow = (kind: AppointmentKind): boolean => KEPT[kind] === 'CHILD';

type PerformedKind = { [Kind in AppointmentKind]: (typeof KEPT)[Kind] extends 'HERE' ? Kind : never }[AppointmentKind];
/** An appointment that is being kept, at its moment. */
export interface Kept {
  readonly appointment: Appointment;
  readonly at: Instant;
}

type Performer = (deps: ActivityDeps, tx: Tx, file: LoanFile, kept: Kept) => Promise<void>;

async function close(deps: ActivityDeps, tx: Tx, file: LoanFile, { appointment, at }: Kept): Promise<void> {
  const account = accountNow(deps, file, appointment.businessDate);
  const status = account.status === 'ACTIVE' || account.status === 'APPROVED' ? 'CLOSED_OBLIGATIONS_MET' : account.status;
  const closedOn = latestValueDate(file.facts, appointment.businessDate);
  if (file.loan.status !== status) assertTransition(LOAN_TRANSITIONS, file.loan.status, status);
  await updateLoan(tx, file.loan.id, { status, closed_on: closedOn, bucket: 'CURRENT' });
  await insertLoanEvent(tx, file.loan.id, {
    key: appointment.key === 'settle' ? 'settled' : appointment.key,
    kind: 'SETTLED',
    at,
    businessDate: closedOn,
    data: { overpaid: account.overpaid },
  });
  // Each closing is told; what is written off is not settled.
  if (status === 'CLOSED_OBLIGATIONS_MET')
    await addMail(tx, {
      key: keys.settledMail(file.loan.id, appointment.key),
      borrowerId: file.loan.borrower_id,
      template: 'settled',
      params: { loanId: file.loan.id, closedOn },
    });
}

async function checkPromise(_: ActivityDeps, tx: Tx, file: LoanFile, { appointment, at }: Kept): Promise<void> {
  const promise = openPromise(file.events);
  const outcome = promise && promiseOutcome(promise.id, file.events, file.facts);
  if (!promise || !outcome) return;
  await insertLoanEvent(tx, file.loan.id, {
    key: appointment.key,
    kind: outcome.kind,
    at,
    businessDate: appointment.businessDate,
    data: { promiseId: promise.id, promised: outcome.required, paid: outcome.received, plannedAt: appointment.at ?? at },
  });
}

async function remind(deps: ActivityDeps, tx: Tx, file: LoanFile, { appointment, at }: Kept): Promise<void> {
  const account = accountNow(deps, file, appointment.businessDate);
  const dueOn = appointment.dueOn ?? appointment.businessDate;
  const owed = owedOn(account, dueOn);
  await insertLoanEvent(tx, file.loan.id, {
    key: appointment.key,
    kind: 'REMINDED',
    at,
    businessDate: appointment.businessDate,
    data: { dueOn, amount: owed, plannedAt: appointment.at ?? at },
  });
  await addMail(tx, {
    key: keys.reminderMail(file.loan.id, appointment.key),
    borrowerId: file.loan.borrower_id,
    template: 'reminder',
    params: { loanId: file.loan.id, dueOn, amount: yuan(owed) },
  });
}

async function chargeOff(deps: ActivityDeps, tx: Tx, file: LoanFile, { appointment, at }: Kept): Promise<void> {
  const account = accountNow(deps, file, appointment.businessDate);
  const { principal } = account.outstanding;
  await insertTransaction(tx, {
    loanId: file.loan.id,
    key: 'charge-off',
    type: 'CHARGE_OFF',
    amount: principal === 0 ? null : principal,
    valueDate: appointment.businessDate,
    businessDate: appointment.businessDate,
    instructionId: null,
  });
  await accrueNow(tx, file.loan, account, { key: 'charge-off', businessDate: appointment.businessDate });
  await postEntry(tx, {
    key: keys.chargeOffEntry(file.loan.id),
    loanId: file.loan.id,
    businessDate: appointment.businessDate,
    posting: chargedOff(receivables(account)),
  });
  await insertLoanEvent(tx, file.loan.id, {
    key: appointment.key,
    kind: 'CHARGED_OFF',
    at,
    businessDate: appointment.businessDate,
    data: { principal, plannedAt: appointment.at ?? at },
  });
}

const PERFORMERS = {
  SETTLE: close,
  CHECK_PROMISE: checkPromise,
  REMIND: remind,
  CHARGE_OFF: chargeOff,
  CONTACT: planContact,
} satisfies Record<PerformedKind, Performer>;

const isPerformed = (kind: AppointmentKind): kind is PerformedKind => KEPT[kind] === 'HERE';

/** Keeps an appointment that touches only our database, under its own business date. One that is kept elsewhere changes nothing. */
export async function keepAppointment(deps: ActivityDeps, tx: Tx, file: LoanFile, kept: Kept): Promise<void> {
  const { kind } = kept.appointment;
  if (isPerformed(kind)) await PERFORMERS[kind](deps, tx, file, kept);
}
