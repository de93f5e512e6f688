import { workflowInfo } from '@temporalio/workflow';
import type { LoanOutlook } from '../activities/loan-agenda';
import type { ApplicationStepResult } from '../activities/origination';
import type { Appointment } from '../domain/loan/appointment';
import { businessDateOf, localTime, type BusinessDate, type Instant } from '../domain/time/dates';

/**
 * Everything that operators read of a workflow in the Web UI: the summary of each timer, activity and child, and the
 * details of what it waits for. Business dates and numbers of installments; never an amount, never a person.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** "26 Dec". */
const shortDay = (date: BusinessDate): string => `${String(Number(date.slice(8)))} ${MONTHS[Number(date.slice(5, 7)) - 1] ?? ''}`;

/** "26 Dec 2026, 09:30": the moment in business time. */
export const businessMoment = (at: Instant): string =>
  `${shortDay(businessDateOf(at))} ${businessDateOf(at).slice(0, 4)}, ${localTime(at)}`;

/** An activity with the words that say what it is for. */
export const saying = <I, R>(
  activity: { executeWithOptions(options: { summary: string }, args: [I]): Promise<R> },
  summary: string,
  input: I,
): Promise<R> => activity.executeWithOptions({ summary }, [input]);

function installmentOf({ installment, dueOn }: Appointment): string {
  const due = dueOn === undefined ? '' : `, due ${shortDay(dueOn)}`;
  return installment === undefined ? `what is owed${due}` : `installment ${String(installment)}${due}`;
}

const pastDue = (days: number | undefined): string => (days === undefined || days <= 0 ? '' : `, ${String(days)} days past due`);

const CONTACTS = { SMS: 'SMS', MAIL: 'letter by mail', CALL_TASK: 'task for a person to call' } as const;

/** An appointment in an operator's words. */
export function titleOf(appointment: Appointment): string {
  const { kind, businessDate, daysPastDue, action, query, presentment } = appointment;
  const wished = `payment that the borrower asked for on ${shortDay(businessDate)}`;
  switch (kind) {
    case 'PAY_OUT':
      return 'payout';
    case 'REFUND':
      return 'refund of a surplus';
    case 'REMIND':
      return `reminder of ${installmentOf(appointment)}`;
    case 'DEBIT':
      return (presentment ?? 1) > 1 ? wished : `debit of ${installmentOf(appointment)}${pastDue(daysPastDue)}`;
    case 'QUERY_DEBIT':
      return `question ${String(query ?? 1)} about the debit of ${shortDay(businessDate)}`;
    case 'CONTACT':
      return `${CONTACTS[action ?? 'SMS']} about ${installmentOf(appointment)}${pastDue(daysPastDue)}`;
    case 'CHECK_PROMISE':
      return `was the promise for ${shortDay(businessDate)} kept?`;
    case 'CHARGE_OFF':
      return `charge-off${pastDue(daysPastDue)}`;
    case 'SETTLE':
      return 'everything is paid: close the loan';
    case 'AWAIT_OPERATOR':
    case 'AWAIT_RELEASE':
    case 'AWAIT_CHANNEL':
    case 'END':
      return appointment.summary;
  }
}

/** What a timer stands for. */
export const untilThen = (appointment: Appointment): string =>
  appointment.at === null ? titleOf(appointment) : `until ${businessMoment(appointment.at)}: ${titleOf(appointment)}`;

/** What a person can do about the loan now: the line to type. */
function remedies(loanId: string, { appointment, status, heldUntil }: LoanOutlook): readonly string[] {
  const by = '--operator <name> --reason <why>';
  const ops = (command: string, options = '') => `npx loan ops ${command} ${loanId} ${options}${by}`;
  if (appointment.kind === 'AWAIT_OPERATOR' && status === 'APPROVED')
    return [ops('retry'), ops('switch-channel', '--channel <name> '), ops('reject')];
  if (appointment.kind === 'AWAIT_OPERATOR' && status === 'OVERPAID') return [ops('retry'), ops('card', '--card-number <digits> ')];
  if (appointment.kind === 'AWAIT_OPERATOR') return [ops('adjust', '--type WRITEOFF|REAGE|… ')];
  if (appointment.kind === 'AWAIT_CHANNEL') return ['npx loan recon breaks'];
  if (heldUntil != null || appointment.kind === 'AWAIT_RELEASE') return [ops('release')];
  if (appointment.kind === 'PAY_OUT') return [ops('query-payout'), ops('hold', '--until <date> ')];
  return [ops('hold', '--until <date> ')];
}

const table = (rows: readonly (readonly [string, string])[]): string =>
  ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');

const link = (text: string, query: string): string =>
  `[${text}](/namespaces/${workflowInfo().namespace}/workflows?query=${encodeURIComponent(query)})`;

/** A loan: where it stands, what it waits for and since when, what can be done, and where its payments are. */
export function loanDetails(loanId: string, outlook: LoanOutlook, since: Instant): string {
  const { appointment, status, bucket, daysPastDue, nextDueOn, needsAttention, heldUntil } = outlook;
  const late = daysPastDue > 0 ? ` (${String(daysPastDue)} days past due)` : '';
  return [
    table([
      ['Status', `**${status}**, ${bucket}${late}`],
      ['Waiting for', `${appointment.kind}: ${titleOf(appointment)}`],
      ['Until', appointment.at === null ? 'a person or the channel acts' : businessMoment(appointment.at)],
      ['Since', businessMoment(since)],
      ['Business date', appointment.businessDate],
      ...(heldUntil == null ? [] : [['On hold until', `**${businessMoment(heldUntil)}**`] as const]),
      ['Next due', nextDueOn ?? 'nothing'],
      ['Needs attention', needsAttention === null ? 'no' : `**${needsAttention}**`],
    ]),
    '',
    'What you can do now:',
    ...remedies(loanId, outlook).map((line) => `- \`${line}\``),
    '',
    `${link('Payments of this loan', `ParentWorkflowId = "loan-${loanId}"`)} · ${link('Open breaks', `WorkflowType = "resolveBreak" AND ExecutionStatus = "Running"`)}`,
  ].join('\n');
}

/** An application: where it stands, what it waits for, and what a reviewer can do. */
export function applicationDetails(applicationId: string, step: ApplicationStepResult, since: Instant): string {
  const review = ['approve', 'decline'].map((verdict) => `- \`npx loan ops ${verdict} ${applicationId} --operator <name> --reason <why>\``);
  return [
    table([
      ['Status', `**${step.status}**`],
      ['Waiting for', step.summary],
      ['Until', step.at === null ? 'no deadline' : businessMoment(step.at)],
      ['Since', businessMoment(since)],
    ]),
    ...(step.status === 'FOUR_EYES'
      ? ['', 'What you can do now:', `- \`npx loan ops review ${applicationId} --operator <name> --reason <why>\``, ...review]
      : []),
  ].join('\n');
}

/** An attempt at a channel. */
export const attemptDetails = (step: { next: 'SEND' | 'QUERY'; attempt: number; channel: string; slaAt: Instant }): string =>
  `Attempt ${String(step.attempt)} over **${step.channel}**: ${step.next === 'SEND' ? 'sending' : 'asking for its outcome'}. A person gets the case at ${businessMoment(step.slaAt)}.`;

/** How long until something is done again. */
export function inSeconds(seconds: number): string {
  if (seconds < 120) return `${String(seconds)} s`;
  return seconds < 7_200 ? `${String(Math.round(seconds / 60))} min` : `${String(Math.round(seconds / 3_600))} h`;
}
