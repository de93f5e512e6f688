import type { Db, Tx } from '../../db/pool';
import { holdInForce, nextAppointment } from '../../domain/loan/agenda';
import type { Appointment } from '../../domain/loan/appointment';
import { businessDateOf, epochMs, laterOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { attentionOf, updateLoan } from '../../db/loan/loans';
import { lookAtLoan, recordOf, type LoanFile } from '../../db/loan/loan-file';
import { PAST_SLA, type Attention } from '../../domain/loan/attention';
import type { OpenInstruction } from '../../domain/loan/loan-events';
import { startsWorkflow } from './appointments';
import { epochToStartIn } from '../payment/restore-check';
import { productOf, type ActivityDeps } from '../deps';
import { loanAccount } from '../../domain/loan/loan-account';

/** What serviceLoan learns at every wake: its next appointment and what operators see. No amounts that it could compute with. */
export interface LoanOutlook {
  readonly appointment: Appointment;
  readonly status: string;
  readonly bucket: string;
  readonly daysPastDue: number;
  readonly nextDueOn: BusinessDate | null;
  readonly needsAttention: string | null;
  readonly channel: string | null;
  /** The end of a hold that is in force: until then nothing is paid out, debited or sent. */
  readonly heldUntil?: Instant | null;
  /** Business time by the database's clock: the only one that is ahead of the workflow's own and believed. */
  readonly now?: Instant;
  /** Where a payment is next, once there was a restore: the epoch that its workflow starts in. */
  readonly restoreEpoch?: number;
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

/** The loan's next appointment by what is recorded. */
export const appointmentOf = (deps: Pick<ActivityDeps, 'catalogue'>, file: LoanFile, now: Instant): Appointment =>
  nextAppointment({
    loanId: file.loan.id,
    ...recordOf(deps.catalogue, file),
    events: file.events,
    instructions: file.instructions,
    now,
  });

/** One read of the loan's file, one write. */
export async function look(deps: ActivityDeps, db: Db | Tx, { loanId, at }: { loanId: string; at: Instant }): Promise<LoanOutlook> {
  const { file, now, restoreEpoch: epoch } = await lookAtLoan(db, loanId);
  const late = laterOf(at, now);
  const appointment = appointmentOf(deps, file, late);
  const today = businessDateOf(late);
  const account = loanAccount(recordOf(deps.catalogue, file), today);
  const needsAttention = attention(file, appointment, productOf(deps, file.loan).payout.slaHours, late);
  const hold = holdInForce(file.events, late);
  await updateLoan(db, loanId, {
    date_cursor: appointment.at !== null && appointment.at < late ? appointment.businessDate : today,
    next_kind: appointment.kind,
    next_at: appointment.at,
    next_summary: hold ? `on hold until ${hold.until}; then ${appointment.summary}` : appointment.summary,
    waiting_since:
      file.loan.next_kind === appointment.kind && file.loan.next_summary === appointment.summary ? (file.loan.waiting_since ?? late) : late,
    attention: needsAttention,
    bucket: account.bucket,
  });
  const restoreEpoch = startsWorkflow(appointment.kind) ? await epochToStartIn(deps, epoch) : undefined;
  return {
    appointment,
    ...(restoreEpoch === undefined ? {} : { restoreEpoch }),
    status: file.loan.status,
    bucket: account.bucket,
    daysPastDue: account.daysPastDue,
    nextDueOn: account.nextDue?.dueOn ?? null,
    needsAttention: needsAttention?.text ?? null,
    channel: file.channel,
    heldUntil: hold?.until ?? null,
    now,
  };
}
