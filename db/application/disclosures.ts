import { instant, type Instant } from '../../domain/time/dates';
import type { Db, Tx } from '../pool';

/** A cost table that was shown for an application, and when it was confirmed. */
export interface ShownDisclosure {
  readonly shownAt: Instant;
  readonly readingSeconds: number;
  readonly confirmedAt: Instant | null;
}

/** When a table was first shown, and confirmed; undefined for one that never was. */
export async function readShown(db: Db | Tx, applicationId: string, sha256: string): Promise<ShownDisclosure | undefined> {
  const row = await db('disclosures_shown as s')
    .leftJoin('disclosure_confirmations as c', { 'c.application_id': 's.application_id', 'c.disclosure_sha256': 's.disclosure_sha256' })
    .where({ 's.application_id': applicationId, 's.disclosure_sha256': sha256 })
    .first<{ shown_at: Date; reading_seconds: number; confirmed_at: Date | null } | undefined>(
      's.shown_at',
      's.reading_seconds',
      'c.confirmed_at',
    );
  return (
    row && {
      shownAt: instant(row.shown_at.getTime()),
      readingSeconds: row.reading_seconds,
      confirmedAt: row.confirmed_at === null ? null : instant(row.confirmed_at.getTime()),
    }
  );
}

/** Notes that a table was shown; the first time counts, and a repetition changes nothing. */
export async function noteShown(
  db: Db | Tx,
  shown: { readonly applicationId: string; readonly sha256: string; readonly shownAt: Instant; readonly readingSeconds: number },
): Promise<void> {
  await db('disclosures_shown')
    .insert({
      application_id: shown.applicationId,
      disclosure_sha256: shown.sha256,
      shown_at: shown.shownAt,
      reading_seconds: shown.readingSeconds,
    })
    .onConflict(['application_id', 'disclosure_sha256'])
    .ignore();
}

/** Notes that a shown table was confirmed, once. The database refuses it before its reading time. `device`: a keyed hash. */
export async function insertConfirmation(
  tx: Tx,
  confirmation: { readonly applicationId: string; readonly sha256: string; readonly confirmedAt: Instant; readonly device: string },
): Promise<void> {
  await tx('disclosure_confirmations')
    .insert({
      application_id: confirmation.applicationId,
      disclosure_sha256: confirmation.sha256,
      confirmed_at: confirmation.confirmedAt,
      device: confirmation.device,
    })
    .onConflict(['application_id', 'disclosure_sha256'])
    .ignore();
}

/** Applications past acceptance whose offer's cost table was not confirmed, or whose contract carries another (I14). */
export async function acceptedUninformed(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string; status: string }[] }>(
    `SELECT a.id, a.status FROM applications a
       JOIN offers o ON o.application_id = a.id AND o.round = a.round
       LEFT JOIN contracts k ON k.application_id = a.id
     WHERE o.disclosure_sha256 IS NOT NULL
       AND (a.status IN ('REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'SIGNED', 'READY_TO_DISBURSE', 'DISBURSED')
         AND NOT disclosure_is_confirmed(a.id, o.disclosure_sha256)
         OR k.application_id IS NOT NULL AND k.disclosure_sha256 IS DISTINCT FROM o.disclosure_sha256
         OR o.disclosure_sha256 <> encode(sha256(convert_to(o.disclosure, 'UTF8')), 'hex'))
     ORDER BY a.id`,
  );
  return rows.map(({ id, status }) => `application ${id} is ${status} without the confirmation of its cost table`);
}
