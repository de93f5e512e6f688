import type { Db, Tx } from './pool';

/** One line of the hash-chained log: who did what to what, and why. No personal data. */
export async function writeAudit(
  tx: Db | Tx,
  entry: { actor: string; action: string; subject: string; reason: string; data?: Record<string, string | number | boolean> },
): Promise<void> {
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

/** Ids of rows whose hash does not follow from their content and their predecessor; empty when the chain is intact. */
export async function brokenAuditRows(db: Db): Promise<number[]> {
  const result = await db.raw<{ rows: { id: number }[] }>(`
    SELECT id FROM (
      SELECT *, lag(hash) OVER (ORDER BY id) AS expected_previous FROM audit_log
    ) chain
    WHERE hash <> audit_log_hash(previous_hash, at, actor, action, subject, reason, data) OR previous_hash IS DISTINCT FROM expected_previous
    ORDER BY id`);
  return result.rows.map((row) => row.id);
}
