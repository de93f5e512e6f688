import { IDENTITY_CHECKS, IDENTITY_POLICY, type CheckState, type IdentityCheckKind } from '../../domain/party/identity-checks';
import { instant, type Instant } from '../../domain/time/dates';
import type { Db, Tx } from '../pool';

/** One question to one source: who and what it was about. `version` names the data; other data are another question. */
export interface AskedQuestion {
  readonly requestId: string;
  readonly borrowerId: string;
  /** The application, or the change of identity, that it is asked for. */
  readonly subject: string;
  readonly kind: IdentityCheckKind;
  readonly version: string;
  /** The how-manieth question about the same data for the same subject: an answer that is too old is asked for anew. */
  readonly serial: number;
  readonly source: string;
  readonly consentId: string;
}

export interface IdentityCheckRow extends Omit<AskedQuestion, 'borrowerId'> {
  readonly tries: number;
  readonly askedAt: Instant;
  readonly lastAskedAt: Instant;
  readonly detail: string | null;
  readonly answer: CheckState['answer'];
  readonly answeredAt: Instant | null;
  readonly priceFen: number | null;
}

interface Row {
  readonly request_id: string;
  readonly subject: string;
  readonly kind: IdentityCheckKind;
  readonly version: string;
  readonly serial: number;
  readonly source: string;
  readonly consent_id: string;
  readonly tries: number;
  readonly asked_at: Date;
  readonly last_asked_at: Date;
  readonly detail: string | null;
  readonly answer: CheckState['answer'];
  readonly answered_at: Date | null;
  readonly price_fen: number | null;
}

/** Every question for a subject, oldest first. */
export async function readIdentityChecks(db: Db | Tx, subject: string): Promise<IdentityCheckRow[]> {
  return (await db('identity_checks').where({ subject }).orderBy('asked_at').orderBy('request_id').select<Row[]>()).map(toCheck);
}

/** Every question about a person's data of a version, whatever it was asked for, oldest first. */
export async function checksAbout(
  db: Db | Tx,
  about: { readonly borrowerId: string; readonly kind: IdentityCheckKind; readonly version: string },
): Promise<IdentityCheckRow[]> {
  const { borrowerId: borrower_id, ...data } = about;
  return (
    await db('identity_checks')
      .where({ borrower_id, ...data })
      .orderBy('asked_at')
      .orderBy('serial')
      .select<Row[]>()
  ).map(toCheck);
}

function toCheck(row: Row): IdentityCheckRow {
  return {
    requestId: row.request_id,
    subject: row.subject,
    kind: row.kind,
    version: row.version,
    serial: row.serial,
    source: row.source,
    consentId: row.consent_id,
    tries: row.tries,
    askedAt: instant(row.asked_at.getTime()),
    lastAskedAt: instant(row.last_asked_at.getTime()),
    detail: row.detail,
    answer: row.answer,
    answeredAt: row.answered_at === null ? null : instant(row.answered_at.getTime()),
    priceFen: row.price_fen,
  };
}

/** Notes that a question leaves; false where it is answered already, and is not asked again. LL005 without a consent in force. */
export async function noteAsked(tx: Tx, question: AskedQuestion, at: Instant): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `INSERT INTO identity_checks AS known (request_id, borrower_id, subject, kind, version, serial, source, consent_id, asked_at, last_asked_at)
     VALUES (:requestId, :borrowerId, :subject, :kind, :version, :serial, :source, :consentId, :at, :at)
     ON CONFLICT (request_id) DO UPDATE SET tries = known.tries + 1, last_asked_at = greatest(known.last_asked_at, EXCLUDED.last_asked_at),
       consent_id = EXCLUDED.consent_id, source = EXCLUDED.source
     WHERE known.answer IS NULL`,
    { ...question, at },
  );
  return rowCount === 1;
}

/** Why a source said nothing. */
export async function noteSilence(db: Db, requestId: string, detail: string): Promise<void> {
  await db('identity_checks').where({ request_id: requestId, answer: null }).update({ detail });
}

/** Keeps the first answer to a question. Returns the answer that is kept: another one than given where the source contradicts itself. */
export async function keepAnswer(
  tx: Tx,
  requestId: string,
  given: {
    readonly answer: NonNullable<CheckState['answer']>;
    readonly detail: string;
    readonly reply: Buffer;
    readonly sha256: string;
    readonly priceFen: number;
    readonly at: Instant;
  },
): Promise<CheckState['answer']> {
  await tx('identity_checks').where({ request_id: requestId, answer: null }).update({
    answer: given.answer,
    detail: given.detail,
    reply_enc: given.reply,
    reply_sha256: given.sha256,
    price_fen: given.priceFen,
    answered_at: given.at,
  });
  const row = await tx('identity_checks').where({ request_id: requestId }).first<{ answer: CheckState['answer'] } | undefined>('answer');
  return row?.answer ?? null;
}

/** Questions that rest on no consent of their person's to be asked about; at most ten. */
export async function askedWithoutConsent(db: Db): Promise<string[]> {
  const rows = await db('identity_checks as k')
    .join('consents as c', 'c.id', 'k.consent_id')
    .whereRaw(`c.borrower_id <> k.borrower_id OR c.kind <> 'IDENTITY_QUERY' OR NOT c.is_granted`)
    .limit(10)
    .select<{ request_id: string; kind: string }[]>('k.request_id', 'k.kind');
  return rows.map((row) => `${row.kind} (${row.request_id}) was asked without the person's consent`);
}

/**
 * People who were confirmed although a source had not said MATCH of their data by then; at most ten. Each check of a
 * confirmed application has to have a MATCH about the same person's data of the version that was submitted.
 */
export async function confirmedWithoutMatch(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { application_id: string; kind: string }[] }>(
    `SELECT d.application_id, wanted.kind
       FROM decisions d
       JOIN applications a ON a.id = d.application_id
       CROSS JOIN unnest(:kinds::text[]) AS wanted (kind)
      WHERE d.stage = 'KYC' AND d.outcome = 'APPROVE' AND d.policy = :policy
        AND NOT EXISTS (
          SELECT FROM identity_checks k
           WHERE k.borrower_id = a.borrower_id AND k.kind = wanted.kind AND k.answer = 'MATCH' AND k.answered_at <= d.decided_at + interval '1 minute'
             AND split_part(k.version, '.', 1) = d.checks ->> 'identityVersion')
      LIMIT 10`,
    { kinds: [...IDENTITY_CHECKS], policy: IDENTITY_POLICY },
  );
  return rows.map((row) => `application ${row.application_id} was confirmed without a MATCH of ${row.kind}`);
}
