import { instant, type Instant } from '../domain/time/dates';
import type { Db, Tx } from './pool';

/** One line of the log: who did what to what, and why. No personal data. */
export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

/** Writes a line within the caller's transaction. It waits for no other writer; the sealer chains it within seconds. */
export async function writeAudit(tx: Db | Tx, entry: AuditEntry): Promise<void> {
  await tx('audit_log').insert({
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    reason: entry.reason,
    data: JSON.stringify(entry.data ?? {}),
  });
}

/** Whether the log holds such an act. */
export async function hasAudit(db: Db, { action, subject }: { readonly action: string; readonly subject: string }): Promise<boolean> {
  return (await db('audit_log').where({ action, subject }).first('id')) !== undefined;
}

/** Chains the oldest `most` lines that are not sealed yet; answers how many. Several may run: one seals at a time. */
export async function sealAudit(db: Db, most: number): Promise<number> {
  const { rows } = await db.raw<{ rows: { sealed: number }[] }>('SELECT seal_audit(?) AS sealed', [most]);
  return rows[0]?.sealed ?? 0;
}

/** How far the chain reaches: a place and its hash, to be kept elsewhere and compared later. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
  /** Lines that are not sealed yet, and since when the oldest of them waits. */
  readonly unsealed: number;
  readonly unsealedSince: Instant | null;
}

export async function readAuditHead(db: Db): Promise<AuditHead> {
  const { rows } = await db.raw<{ rows: { seq: number; hash: string; unsealed: number; since: Date | null }[] }>(
    `SELECT h.seq, encode(h.hash, 'hex') AS hash, count(l.id)::int AS unsealed, min(l.at) AS since
       FROM audit_head h LEFT JOIN (audit_unsealed u JOIN audit_log l ON l.id = u.audit_id) ON true
      WHERE h.id = 1 GROUP BY h.seq, h.hash`,
  );
  const [head] = rows;
  if (!head) return { seq: 0, hash: '', unsealed: 0, unsealedSince: null };
  return { seq: head.seq, hash: head.hash, unsealed: head.unsealed, unsealedSince: head.since && instant(head.since.getTime()) };
}

/**
 * What contradicts the chain: a line whose content or place was changed, one that was taken out, a chain that lost its
 * end, a line that waits for no seal and has none. Empty when the log is as it was written.
 */
export async function brokenAudit(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { violation: string }[] }>(`
    SELECT 'audit line ' || audit_id || ' at place ' || seq || ' was changed, moved or taken out' AS violation FROM (
      SELECT s.*, lag(s.hash) OVER (ORDER BY s.seq) AS expected, lag(s.seq) OVER (ORDER BY s.seq) AS before,
        audit_seal_hash(s.previous_hash, s.seq, l) AS recomputed
      FROM audit_seals s LEFT JOIN audit_log l ON l.id = s.audit_id
    ) chain
    WHERE hash IS DISTINCT FROM recomputed OR previous_hash <> coalesce(expected, sha256('audit'::bytea)) OR seq <> coalesce(before, 0) + 1
    UNION ALL
    SELECT 'audit line ' || l.id || ' has no seal and waits for none' FROM audit_log l
      WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id) AND NOT EXISTS (SELECT FROM audit_unsealed u WHERE u.audit_id = l.id)
    UNION ALL
    SELECT 'the audit chain has lost its end: place ' || h.seq FROM audit_head h
      WHERE h.seq > 0 AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.seq = h.seq AND s.hash = h.hash)
    UNION ALL
    SELECT 'the audit chain goes on past its end' FROM audit_head h WHERE EXISTS (SELECT FROM audit_seals s WHERE s.seq > h.seq)
    UNION ALL
    SELECT 'the audit chain has no head' WHERE NOT EXISTS (SELECT FROM audit_head)`);
  return rows.map(({ violation }) => violation);
}

/** The hash at a place of the chain; undefined past its end. */
export async function auditHashAt(db: Db, seq: number): Promise<string | undefined> {
  const row = await db('audit_seals').where({ seq }).first<{ hash: string } | undefined>(db.raw(`encode(hash, 'hex') AS hash`));
  return row?.hash;
}

export interface AuditFilter {
  /** A borrower: their own lines, and those of their applications and loans. */
  readonly person?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly limit: number;
}

export interface AuditLine {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
  /** Its place in the chain; null while it waits for its seal. */
  readonly seq: number | null;
}

/** Lines of the log, newest first. */
export async function readAudit(db: Db, filter: AuditFilter): Promise<AuditLine[]> {
  const { person, subject, actor, action, from, to, limit } = filter;
  const query = db('audit_log as l')
    .leftJoin('audit_seals as s', 's.audit_id', 'l.id')
    .orderBy('l.id', 'desc')
    .limit(limit)
    .select<AuditLine[]>('l.*', 's.seq');
  if (person !== undefined)
    query.where((either) => {
      void either
        .where('l.subject', person)
        .orWhereIn('l.subject', db('applications').where({ borrower_id: person }).select('id'))
        .orWhereIn('l.subject', db('identity_changes').where({ borrower_id: person }).select('id'));
    });
  if (subject !== undefined) query.where('l.subject', subject);
  if (actor !== undefined) query.where('l.actor', actor);
  if (action !== undefined) query.where('l.action', action);
  if (from !== undefined) query.where('l.at', '>=', from);
  if (to !== undefined) query.where('l.at', '<', to);
  return query;
}
