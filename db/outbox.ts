import type { Instant } from '../domain/dates';
import type { Db, Tx } from './pool';

export interface OutboxRow {
  readonly id: number;
  readonly key: string;
  readonly topic: 'loan.fact' | 'mail' | 'break' | 'alarm' | 'payment.hint';
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
      key: `fact:${loanId}:${key}`,
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
      key: `mail:${mail.key}`,
      topic: 'mail',
      subject: mail.borrowerId,
      payload: JSON.stringify({ ...mail.params, template: mail.template }),
      secret_enc: mail.secret ?? null,
    })
    .onConflict('key')
    .ignore();
}

/** A mail to the people on duty, once by its key: ids, codes, dates and sums only. */
export async function addAlarm(
  tx: Tx,
  alarm: { key: string; subject: string; payload: Readonly<Record<string, string | number | boolean>> },
): Promise<void> {
  await tx('outbox')
    .insert({ key: `alarm:${alarm.key}`, topic: 'alarm', subject: alarm.subject, payload: JSON.stringify(alarm.payload) })
    .onConflict('key')
    .ignore();
}

/** What the reader of a loan has seen needs no signal any more. Call it before the facts are read. */
export async function acknowledgeFacts(db: Db | Tx, loanId: string): Promise<void> {
  await db('outbox').where({ subject: loanId, topic: 'loan.fact' }).whereNull('delivered_at').update({ delivered_at: db.fn.now() });
}

/** Takes a topic's due rows for this relay; others skip them while the transaction is open. */
export async function takeDue(tx: Tx, topic: OutboxRow['topic'], limit: number): Promise<OutboxRow[]> {
  return tx('outbox')
    .where({ topic })
    .whereNull('delivered_at')
    .where('next_attempt_at', '<=', tx.fn.now())
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .select<OutboxRow[]>('id', 'key', 'topic', 'subject', 'payload', 'secret_enc', 'attempts');
}

/** Delivered: a secret is not kept longer than it is needed. */
export async function markDelivered(tx: Tx, id: number): Promise<void> {
  await tx('outbox').where({ id }).update({ delivered_at: tx.fn.now(), secret_enc: null });
}

/** Tries again after 2^attempts seconds, five minutes at most. */
export async function postpone(tx: Tx, row: Pick<OutboxRow, 'id' | 'attempts'>): Promise<void> {
  const seconds = Math.min(300, 2 ** Math.min(row.attempts, 9));
  await tx('outbox')
    .where({ id: row.id })
    .update({ attempts: row.attempts + 1, next_attempt_at: tx.raw(`now() + make_interval(secs => ?)`, [seconds]) });
}

/** Undelivered rows and the oldest of them, for `loan doctor`. */
export async function backlog(db: Db): Promise<{ rows: number; oldest: Instant | null }> {
  const row = await db('outbox')
    .whereNull('delivered_at')
    .first<{ rows: number; oldest: Date | null }>(db.raw('count(*)::int AS rows'), db.raw('min(created_at) AS oldest'));
  return { rows: row.rows, oldest: row.oldest ? (row.oldest.toISOString() as Instant) : null };
}
