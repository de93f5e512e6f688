import { instant, type Instant } from '../../domain/time/dates';
import type { ConsentKind } from '../../domain/party/consents';
import type { Db, Tx } from '../pool';

/** A grant or withdrawal of one kind of consent; of sharing, with one named partner. */
export interface ConsentRow {
  readonly id: string;
  readonly kind: ConsentKind;
  readonly partnerId: string | null;
  readonly isGranted: boolean;
  readonly textVersion: number;
  readonly textSha256: string;
  readonly locale: 'zh-CN' | 'en';
  readonly at: Instant;
}

interface Row {
  readonly id: string;
  readonly kind: ConsentKind;
  readonly partner_id: string | null;
  readonly is_granted: boolean;
  readonly text_version: number;
  readonly text_sha256: string;
  readonly locale: 'zh-CN' | 'en';
  readonly at: Date;
}

const toConsent = (row: Row): ConsentRow => ({
  id: row.id,
  kind: row.kind,
  partnerId: row.partner_id,
  isGranted: row.is_granted,
  textVersion: row.text_version,
  textSha256: row.text_sha256,
  locale: row.locale,
  at: instant(row.at.getTime()),
});

/** How each kind stands now, by its latest row. */
export async function readConsents(db: Db | Tx, borrowerId: string): Promise<ConsentRow[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `SELECT DISTINCT ON (kind, partner_id) id, kind, partner_id, is_granted, text_version, text_sha256, locale, at
       FROM consents WHERE borrower_id = ? ORDER BY kind, partner_id, seq DESC`,
    [borrowerId],
  );
  return rows.map(toConsent);
}

/** Every grant and withdrawal, oldest first. */
export async function consentHistory(db: Db | Tx, borrowerId: string): Promise<ConsentRow[]> {
  return (await db('consents').where({ borrower_id: borrowerId }).orderBy('seq').select<Row[]>()).map(toConsent);
}

export async function insertConsent(
  tx: Tx,
  consent: Omit<ConsentRow, 'at'> & { readonly borrowerId: string; readonly device: string; readonly at: Instant },
): Promise<void> {
  await tx('consents').insert({
    id: consent.id,
    borrower_id: consent.borrowerId,
    kind: consent.kind,
    partner_id: consent.partnerId,
    is_granted: consent.isGranted,
    text_version: consent.textVersion,
    text_sha256: consent.textSha256,
    locale: consent.locale,
    device: consent.device,
    at: consent.at,
  });
}
