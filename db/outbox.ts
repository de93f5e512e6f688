import { createHash } from 'node:crypto';
import type { Instant } from '../domain/time/dates';
import type { Db, Tx } from './pool';
import { keys } from '../domain/keys';

export interface OutboxRow {
  readonly id: number;
  readonly key: string;
  readonly topic: 'loan.fact' | 'mail' | 'break' | 'alarm' | 'payment.hint' | 'contact';
  readonly subject: string;
  readonly payload: Record<string, string | number>;
  readonly secret_enc: Buffer | null;
  readonly attempts: number;
}

/** Seconds for which the relay leaves a fact to the workflow that wrote it, before it sends a signal. */
const GRACE_SECONDS = 3;

/**
 * "Something changed on this loan": written with the fact, in its transaction. The workflow that reads
 * the loan afterwards acknowledges it; if none does, the relay signals `loan-<id>`.
 */
export async function addFactNotice(tx: Tx, loanId: string, key: string): Promise<void> {
  await tx('outbox')
    .insert({
      key: keys.factNotice(loanId, key),
      topic: 'loan.fact',
      subject: loanId,
      next_attempt_at: tx.raw(`now() + interval '${String(GRACE_SECONDS)} seconds'`),
    })
    .onConflict('key')
    .ignore();
}

/** A mail that goes out asynchronously: template and safe parameters; anything secret only in `secret`, encrypted with the borrower's key. */
export async function addMail(
  tx: Db | Tx,
  mail: { key: string; borrowerId: string; template: string; params: Record<string, string | number>; secret?: Buffer },
): Promise<void> {
  await tx('outbox')
    .insert({
      key: keys.mail(mail.key),
      topic: 'mail',
      subject: mail.borrowerId,
      payload: JSON.stringify({ ...mail.params, template: mail.template }),
      secret_enc: mail.secret ?? null,
      // A code is waited for; everything else is not.
      urgent: mail.secret !== undefined,
    })
    .onConflict('key')
    .ignore();
}

/** A mail to the people on duty, once by its key: ids, codes, dates and sums only. */
export async function addAlarm(
  tx: Db | Tx,
  alarm: { key: string; subject: string; payload: Readonly<Record<string, string | number | boolean>> },
): Promise<void> {
  await tx('outbox')
    .insert({ key: keys.alarm(alarm.key), topic: 'alarm', subject: alarm.subject, payload: JSON.stringify(alarm.payload) })
    .onConflict('key')
    .ignore();
}

const realDay = async (tx: Db | Tx): Promise<string> => {
  const { rows } = await tx.raw<{ rows: { day: string }[] }>('SELECT current_date::text AS day');
  return rows[0]?.day ?? '';
};

/** An alarm that a loan waits for a person, at most one a day for each reason. The reason quotes ids and codes only. */
export async function addAttention(tx: Db | Tx, loanId: string, reason: string): Promise<void> {
  const key = keys.attentionAlarm(loanId, createHash('sha256').update(reason).digest('hex').slice(0, 16), await realDay(tx));
  await addAlarm(tx, { key, subject: loanId, payload: { code: 'ATTENTION', reason, owner: 'operations' } });
}

/** An alarm that a workflow cannot go on, at most one a day for each of its faults. */
export async function addTrouble(tx: Tx, trouble: { workflowId: string; code: string }): Promise<void> {
  const { workflowId, code } = trouble;
  const payload = { code: 'TROUBLE', fault: code, workflow: workflowId, owner: 'engineering', urgent: true };
  await addAlarm(tx, { key: keys.troubleAlarm(workflowId, code, await realDay(tx)), subject: workflowId, payload });
}

/** A contact with a borrower, for the dispatcher to deliver when it is lawful. */
export async function addContact(tx: Tx, contact: { loanId: string; key: string }): Promise<void> {
  await tx('outbox')
    .insert({
      key: keys.contactOut(contact.loanId, contact.key),
      topic: 'contact',
      subject: contact.loanId,
      payload: JSON.stringify({ contact: contact.key }),
    })
    .onConflict('key')
    .ignore();
}

/** Seconds for which a relay has a row to itself; one that dies lets it go to another. */
const LEASE_SECONDS = 120;

/** Leases a topic's due rows, urgent ones first: nobody else takes them until the lease is over. No lock is kept. */
export async function leaseDue(db: Db, topic: OutboxRow['topic'], limit: number): Promise<OutboxRow[]> {
  const result = await db.raw<{ rows: OutboxRow[] }>(
    `UPDATE outbox SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ?)
      WHERE id IN (SELECT id FROM outbox WHERE topic = ? AND delivered_at IS NULL AND failed_at IS NULL AND next_attempt_at <= now()
        ORDER BY urgent DESC, id LIMIT ? FOR UPDATE SKIP LOCKED)
      RETURNING id, key, topic, subject, payload, secret_enc, attempts`,
    [LEASE_SECONDS, topic, limit],
  );
  return result.rows;
}

/** Delivered: a secret is not kept longer than it is needed. */
export async function markDelivered(db: Db | Tx, id: number): Promise<void> {
  await db('outbox').where({ id }).whereNull('failed_at').update({ delivered_at: db.fn.now(), secret_enc: null });
}

/** Given up for good: the row stays as evidence, without its secret, and people are told. */
export async function markFailed(tx: Tx, row: Pick<OutboxRow, 'id' | 'key' | 'topic' | 'subject'>): Promise<void> {
  const failed = await tx('outbox').where({ id: row.id }).whereNull('delivered_at').update({ failed_at: tx.fn.now(), secret_enc: null });
  if (failed === 0 || row.topic === 'alarm') return;
  const payload = { code: 'UNDELIVERABLE', topic: row.topic, owner: 'operations', key: row.key };
  await addAlarm(tx, { key: keys.undeliverableAlarm(row.id), subject: row.subject, payload });
}

/** Tries again after 2^attempts seconds, five minutes at most. */
export async function postpone(db: Db | Tx, row: Pick<OutboxRow, 'id' | 'attempts'>): Promise<void> {
  const seconds = Math.min(300, 2 ** Math.min(row.attempts, 9));
  await db('outbox')
    .where({ id: row.id })
    .update({ next_attempt_at: db.raw(`now() + make_interval(secs => ?)`, [seconds]) });
}

/** Not before a moment (of the wall clock): it was not a failure. */
export async function postponeTo(db: Db | Tx, id: number, at: Instant): Promise<void> {
  await db('outbox')
    .where({ id })
    .update({ next_attempt_at: at, attempts: db.raw('greatest(attempts - 1, 0)') });
}

/** Undelivered rows and the oldest of them, for `loan doctor`. */
export async function backlog(db: Db): Promise<{ rows: number; oldest: Instant | null }> {
  const row = await db('outbox')
    .whereNull('delivered_at')
    .whereNull('failed_at')
    .where('next_attempt_at', '<=', db.fn.now())
    .first<{ rows: number; oldest: Date | null }>(db.raw('count(*)::int AS rows'), db.raw('min(next_attempt_at) AS oldest'));
  return { rows: row.rows, oldest: row.oldest ? (row.oldest.toISOString() as Instant) : null };
}
