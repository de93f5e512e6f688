import { lockLoan } from '../../db/loan/loans';
import { readLoanFile, type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent } from '../../db/loan/loan-facts';
import { addContact } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { owedOn } from '../../domain/loan/account';
import { holdInForce, lawfulMoment } from '../../domain/loan/agenda';
import type { Appointment } from '../../domain/loan/appointment';
import { openPromise } from '../../domain/loan/agenda-candidates';
import { businessDateOf, epochMs, instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { yuan } from '../../domain/money/money';
import { productOf, type ActivityDeps } from '../deps';
import { accountNow } from '../loan/account-now';
import { renderMail } from './mail-templates';
import { keys } from '../../domain/keys';

/**
 * One step of the collection ladder, decided: the record, and a row that the dispatcher delivers. The loan waits for
 * no mail server. A call task is open at once; nobody has called yet.
 */
export async function planContact(
  deps: ActivityDeps,
  tx: Tx,
  file: LoanFile,
  { appointment, at }: { readonly appointment: Appointment; readonly at: Instant },
): Promise<void> {
  const action = appointment.action ?? 'MAIL';
  const account = accountNow(deps, file, appointment.businessDate);
  const owed = owedOn(account, appointment.businessDate);
  const daysPastDue = appointment.daysPastDue ?? account.daysPastDue;
  const isTask = action === 'CALL_TASK';
  await tx('contacts')
    .insert({
      loan_id: file.loan.id,
      key: appointment.key,
      action,
      business_date: appointment.businessDate,
      state: isTask ? 'OPEN' : 'PLANNED',
      record: JSON.stringify(isTask ? { did: 'opened a task for a person to call; nobody has called yet' } : {}),
      planned_at: at,
      days_past_due: daysPastDue,
      due_on: appointment.dueOn ?? null,
    })
    .onConflict(['loan_id', 'key'])
    .ignore();
  if (!isTask) await addContact(tx, { loanId: file.loan.id, key: appointment.key });
  await insertLoanEvent(tx, file.loan.id, {
    key: appointment.key,
    kind: 'CONTACTED',
    at,
    businessDate: appointment.businessDate,
    data: { action, daysPastDue, owed, plannedAt: appointment.at ?? at },
  });
}

interface PlannedContact {
  readonly loan_id: string;
  readonly key: string;
  readonly action: string;
  readonly business_date: BusinessDate;
  readonly state: string;
  readonly planned_at: Date;
  readonly days_past_due: number;
  readonly created_at: Date;
}

/** What became of a contact whose turn to leave has come. */
export type Dispatch = { readonly next: 'DONE' } | { readonly next: 'LATER'; readonly at: Instant };

/** Why a planned contact must not leave any more; undefined while it may. */
function objection(file: LoanFile, owed: number, now: Instant): string | undefined {
  if (owed === 0) return 'nothing is owed any more';
  if (holdInForce(file.events, now)) return 'the loan is on hold';
  return openPromise(file.events) ? 'a promise is open' : undefined;
}

async function end(
  deps: ActivityDeps,
  contact: PlannedContact,
  { state, record, at }: { readonly state: 'SENT' | 'MISSED'; readonly record: Record<string, string>; readonly at: Instant },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await lockLoan(tx, contact.loan_id);
    const moved = await tx('contacts')
      .where({ loan_id: contact.loan_id, key: contact.key, state: 'PLANNED' })
      .update({ state, record: JSON.stringify(record) });
    if (moved === 0 || state === 'SENT') return;
    const event = {
      key: keys.missedContact(contact.key),
      kind: 'CONTACT_MISSED',
      at,
      businessDate: contact.business_date,
      data: { why: record.notDone ?? '' },
    } as const;
    await insertLoanEvent(tx, contact.loan_id, event);
  });
}

/**
 * Lets a planned contact leave, judged once more at that moment (its plan's time plus the real time that has passed
 * since): not outside the lawful hours, not when nothing is owed, the loan is on hold or a promise is open. Repeated
 * after a crash it sends the same mail under the same Message-ID. What the mail server refuses is thrown.
 */
export async function dispatchContact(deps: ActivityDeps, loanId: string, key: string): Promise<Dispatch> {
  const contact = await deps.db('contacts').where({ loan_id: loanId, key }).first<PlannedContact | undefined>();
  if (contact?.state !== 'PLANNED') return { next: 'DONE' };
  const now = instant(contact.planned_at.getTime() + Math.max(0, Date.now() - contact.created_at.getTime()));
  const file = await readLoanFile(deps.db, loanId);
  const lawful = lawfulMoment(instant(contact.planned_at.getTime()), now, productOf(deps, file.loan).collections.lawfulHours);
  if (epochMs(lawful) > epochMs(now)) return { next: 'LATER', at: instant(Date.now() + epochMs(lawful) - epochMs(now)) };
  const today = businessDateOf(now);
  const owed = owedOn(accountNow(deps, file, today), contact.business_date);
  const why = objection(file, owed, now);
  if (why !== undefined) {
    await end(deps, contact, { state: 'MISSED', record: { notDone: why }, at: now });
    return { next: 'DONE' };
  }
  const { email } = await deps.borrowers.identity(deps.db, file.loan.borrower_id);
  const mail = renderMail({ template: 'overdue', loanId, amount: yuan(owed), daysPastDue: contact.days_past_due });
  await deps.mailer.send({ to: email, key: `${loanId}.${key}`, ...mail });
  await end(deps, contact, {
    state: 'SENT',
    record: contact.action === 'SMS' ? { did: 'sent as mail', notDone: 'no SMS gateway is configured' } : { did: 'sent as mail' },
    at: now,
  });
  return { next: 'DONE' };
}

/** The dispatcher has given a contact up: its mailbox does not exist, or its server never took it. */
export async function giveUpContact(deps: ActivityDeps, loanId: string, key: string): Promise<void> {
  const contact = await deps.db('contacts').where({ loan_id: loanId, key }).first<PlannedContact | undefined>();
  if (contact) await end(deps, contact, { state: 'MISSED', record: { notDone: 'the message was refused' }, at: instant(Date.now()) });
}
