import { instant, type Instant } from '../../domain/time/dates';
import type { SealingTry } from '../../domain/application/sealing';
import type { Db, Tx } from '../pool';

/** A sealed document. `verification` is what its check came to; it names no person. */
export interface SealedRow {
  readonly document_id: string;
  readonly contract_sha256: string;
  readonly sha256: string;
  readonly document_enc: Buffer;
  readonly provider: string;
  readonly verification: unknown;
  readonly sealed_at: Date;
}

export async function readSealed(db: Db | Tx, documentId: string): Promise<SealedRow | undefined> {
  return db('sealed_documents').where({ document_id: documentId }).first<SealedRow | undefined>();
}

export async function isSealed(db: Db | Tx, documentId: string): Promise<boolean> {
  return (await db('sealed_documents').where({ document_id: documentId }).first<object | undefined>('document_id')) !== undefined;
}

/** Keeps the first sealed document; false where there is one already. */
export async function insertSealed(
  tx: Tx,
  { verification, ...row }: Omit<SealedRow, 'sealed_at'> & { readonly sealed_at: Instant },
): Promise<boolean> {
  const inserted = await tx('sealed_documents')
    .insert({ ...row, verification: JSON.stringify(verification) })
    .onConflict('document_id')
    .ignore()
    .returning<object[]>('document_id');
  return inserted.length > 0;
}

/** Tries that came to nothing, oldest first. */
export async function readSealingTries(db: Db | Tx, documentId: string): Promise<SealingTry[]> {
  const rows = await db('sealing_tries')
    .where({ document_id: documentId })
    .orderBy('number')
    .select<{ outcome: SealingTry['outcome']; at: Date }[]>('outcome', 'at');
  return rows.map(({ outcome, at }) => ({ outcome, at: instant(at) }));
}

/** Notes a try; the caller has locked what the document belongs to. */
export async function insertSealingTry(
  tx: Tx,
  documentId: string,
  { outcome, detail, at }: SealingTry & { detail: string },
): Promise<void> {
  await tx.raw(
    `INSERT INTO sealing_tries (document_id, number, outcome, detail, at)
     SELECT ?, count(*) + 1, ?, ?, ? FROM sealing_tries WHERE document_id = ?`,
    [documentId, outcome, detail, at, documentId],
  );
}

/** What a look at a signing service found, good for five minutes of real time. */
export async function noteSigningService(db: Db | Tx, name: string, missing: string | null): Promise<void> {
  await db.raw(
    `INSERT INTO signing_services (name, missing, fresh_until) VALUES (?, ?, clock_timestamp() + interval '5 minutes')
     ON CONFLICT (name) DO UPDATE SET missing = excluded.missing, fresh_until = excluded.fresh_until`,
    [name, missing],
  );
}

/** Whether a signing service was seen ready within five minutes: what nobody has looked at is not. */
export async function isSigningReady(db: Db | Tx): Promise<boolean> {
  const { rows } = await db.raw<{ rows: object[] }>(
    'SELECT FROM signing_services WHERE missing IS NULL AND fresh_until > clock_timestamp()',
  );
  return rows.length > 0;
}

/** I14: loans whose contract is a document without a seal over what was signed. */
export async function openedUnsealed(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `SELECT l.id FROM loans l JOIN contracts k ON k.application_id = l.id AND k.media_type = 'application/pdf'
       LEFT JOIN signatures s ON s.application_id = l.id
       LEFT JOIN sealed_documents d ON d.document_id = l.id
     WHERE d.document_id IS NULL OR d.contract_sha256 <> k.sha256 OR s.contract_sha256 IS DISTINCT FROM k.sha256
     ORDER BY l.id`,
  );
  return rows.map(({ id }) => `loan ${id} rests on a contract that nobody sealed`);
}

/** How long, beyond its hours, an application may wait for a seal before it counts as unseen: a loop looks every fifteen minutes. */
const UNSEEN_HOURS = 240 + 48;

/** I4: applications that wait for the signing service, long past their time, of which people were not told. */
export async function sealsAwaitedUnseen(db: Db, now: Instant): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `SELECT a.id FROM applications a
     WHERE (a.status = 'REFLECTION_PERIOD' AND a.waiting_until < ?::timestamptz - ? * interval '1 hour'
         OR a.status = 'SIGNED' AND EXISTS (SELECT FROM signatures s WHERE s.application_id = a.id AND s.signed_at < ?::timestamptz - ? * interval '1 hour'))
       AND NOT EXISTS (SELECT FROM application_events e WHERE e.application_id = a.id AND e.kind = 'SEALING_DELAYED')
     ORDER BY a.id`,
    [now, UNSEEN_HOURS, now, UNSEEN_HOURS],
  );
  return rows.map(({ id }) => id);
}
