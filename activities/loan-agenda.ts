import { businessNow } from '../db/clock';
import { acknowledgeFacts, addMail, addTrouble } from '../db/outbox';
import {
  insertLoanEvent,
  insertTransaction,
  lockLoan,
  readLoanFile,
  recordOf,
  updateLoan,
  type LoanFile,
  attentionOf,
} from '../db/loan/loans';
import { postEntry } from '../db/ledger/journal';
import type { Tx } from '../db/pool';
import { latestValueDate, owedOn } from '../domain/loan/account';
import { holdInForce, nextAppointment as decideNext, type Appointment } from '../domain/loan/agenda';
import { loanAccount } from '../domain/loan/loan-account';
import { openPromise } from '../domain/loan/agenda-candidates';
import { businessDateOf, epochMs, laterOf, type BusinessDate, type Instant } from '../domain/time/dates';
import type { OpenInstruction } from '../domain/loan/loan-events';
import { yuan } from '../domain/money/money';
import { chargedOff } from '../domain/ledger/postings';
import { promiseOutcome } from '../domain/loan/promises';
import { accrueNow, receivables } from '../services/payment/receivables';
import { assertTransition, LOAN_TRANSITIONS } from '../domain/states';
import { accountNow } from '../services/loan/account-now';
import { productOf, type ActivityDeps } from '../services/deps';
import { planContact } from '../services/contact/contacts';
import { keys } from '../domain/keys';
import { PAST_SLA, Attention } from '../domain/loan/attention';

/** What serviceLoan learns at every wake: its next appointment and what operators see. No amounts that it could compute with. */
export interface LoanOutlook {
  readonly appointment: Appointment;
  readonly status: string;
  readonly bucket: string;
  readonly daysPastDue: number;
  readonly nextDueOn: BusinessDate | null;
  readonly needsAttention: string | null;
  readonly channel: string | null;
  /** Business time by the database's clock: the only one that is ahead of the workflow's own and believed. */
  readonly now?: Instant;
}

/** Why a person has to look at this loan, or null. */
function attention(file: LoanFile, appointment: Appointment, patienceHours: number, now: Instant): Attention | null {
  if (file.instructions.some((each) => each.state === 'MANUAL')) return PAST_SLA;
  const isLate = ({ open, sentAt }: OpenInstruction) =>
    open && sentAt !== null && epochMs(now) - epochMs(sentAt) > patienceHours * 3_600_000;
  if (file.instructions.some(isLate)) return PAST_SLA;
  if (appointment.kind === 'AWAIT_OPERATOR' || appointment.kind === 'AWAIT_CHANNEL')
    return { kind: appointment.kind, text: appointment.summary, sticky: false };
  // A loan that looks ahead goes on: what kept it from that is mended. What is sticky stays until an operator acts.
  const standing = attentionOf(file.loan);
  return standing?.sticky ? standing : null;
}

export function createLoanAgendaActivities(deps: ActivityDeps) {
  async function close(tx: Tx, file: LoanFile, appointment: Appointment, at: Instant): Promise<void> {
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

  async function checkPromise(tx: Tx, file: LoanFile, appointment: Appointment, at: Instant): Promise<void> {
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

  async function remind(tx: Tx, file: LoanFile, appointment: Appointment, at: Instant): Promise<void> {
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

  async function chargeOff(tx: Tx, file: LoanFile, appointment: Appointment, at: Instant): Promise<void> {
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

  const contact = (tx: Tx, file: LoanFile, appointment: Appointment, at: Instant) => planContact(deps, tx, file, appointment, at);

  const PERFORMERS = { SETTLE: close, CHECK_PROMISE: checkPromise, REMIND: remind, CHARGE_OFF: chargeOff, CONTACT: contact } as const;

  const decide = (file: LoanFile, now: Instant): Appointment =>
    decideNext({
      loanId: file.loan.id,
      ...recordOf(deps.catalogue, file),
      events: file.events,
      instructions: file.instructions,
      now,
    });

  async function look({ loanId, at }: { loanId: string; at: Instant }): Promise<LoanOutlook> {
    await acknowledgeFacts(deps.db, loanId);
    const { now } = await businessNow(deps.db);
    const input = { loanId, at: laterOf(at, now) };
    const file = await readLoanFile(deps.db, loanId);
    const appointment = decide(file, input.at);
    const today = businessDateOf(input.at);
    const account = loanAccount(recordOf(deps.catalogue, file), today);
    const needsAttention = attention(file, appointment, productOf(deps, file.loan).payout.slaHours, input.at);
    const hold = holdInForce(file.events, input.at);
    await updateLoan(deps.db, input.loanId, {
      date_cursor: appointment.at !== null && appointment.at < input.at ? appointment.businessDate : today,
      next_kind: appointment.kind,
      next_at: appointment.at,
      next_summary: hold ? `on hold until ${hold.until}; then ${appointment.summary}` : appointment.summary,
      waiting_since:
        file.loan.next_kind === appointment.kind && file.loan.next_summary === appointment.summary
          ? (file.loan.waiting_since ?? input.at)
          : input.at,
      attention: needsAttention,
      bucket: account.bucket,
    });
    return {
      appointment,
      status: file.loan.status,
      bucket: account.bucket,
      daysPastDue: account.daysPastDue,
      nextDueOn: account.nextDue?.dueOn ?? null,
      needsAttention: needsAttention?.text ?? null,
      channel: file.channel,
      now,
    };
  }

  return {
    /** Folds the account and decides what comes next; records it as the loan's report (cursor, next appointment). Idempotent. */
    lookAhead: look,

    /**
     * Performs an appointment that touches only our database, under its own business date, then looks
     * ahead again. Its key makes a repetition harmless.
     */
    async performAppointment(input: { loanId: string; appointment: Appointment; at: Instant }): Promise<LoanOutlook> {
      const { appointment } = input;
      await deps.db.transaction(async (tx) => {
        await lockLoan(tx, input.loanId);
        const file = await readLoanFile(tx, input.loanId);
        // What was committed since the loan last looked may have made it needless.
        if (!(appointment.kind in PERFORMERS) || decide(file, laterOf(input.at, appointment.at ?? input.at)).key !== appointment.key)
          return;
        await PERFORMERS[appointment.kind as keyof typeof PERFORMERS](tx, file, appointment, laterOf(input.at, appointment.at ?? input.at));
      });
      return look({ loanId: input.loanId, at: input.at });
    },

    /** A workflow cannot go on: an alarm, at most one a day for each fault, and a loan's mark for people. */
    async noteTrouble(input: { workflowId: string; code: string }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        await addTrouble(tx, input);
        const loan = await tx('loans').whereRaw(`'loan-' || id = ?`, [input.workflowId]).first<{ id: string } | undefined>('id');
        if (loan)
          await updateLoan(tx, loan.id, {
            attention: { kind: 'CANNOT_GO_ON', text: `the loan cannot go on: ${input.code}`, sticky: false },
          });
      });
    },

    /** Someone asked Temporal to cancel the loan: that is not how a loan ends, so a person has to look. */
    async refuseCancellation(input: { loanId: string }): Promise<void> {
      await updateLoan(deps.db, input.loanId, {
        attention: {
          kind: 'CANCELLATION_REFUSED',
          text: 'a cancellation of the workflow was requested and refused: use "npx loan ops" instead',
          sticky: true,
        },
      });
    },

    /** For loans whose history began before contacts were rows: the same, as an activity. */
    async contactBorrower(input: { loanId: string; appointment: Appointment; at: Instant }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        await lockLoan(tx, input.loanId);
        const file = await readLoanFile(tx, input.loanId);
        if (decide(file, input.at).key === input.appointment.key) await planContact(deps, tx, file, input.appointment, input.at);
      });
    },
  };
}
