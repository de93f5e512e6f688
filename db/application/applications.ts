import { instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Fen } from '../../domain/money/money';
import type { Installment } from '../../domain/loan/schedule';
import { ENDED_APPLICATIONS, type ApplicationStatus } from '../../domain/states';
import type { Db, Tx } from '../pool';
import { ApplicationEvent, APPLICATION_EVENTS } from '../../domain/application/application-events';
import { decodeEvent, RecordedEvent } from '../../domain/events';

export interface ApplicationRow {
  readonly id: string;
  readonly borrower_id: string;
  readonly product_id: string;
  readonly product_version: number;
  readonly status: ApplicationStatus;
  readonly principal_fen: Fen | null;
  readonly term_months: number | null;
  readonly bank_card_id: string | null;
  readonly waiting_until: Date | null;
  readonly created_on: BusinessDate;
  /** The version of the borrower's identity that was submitted, and is checked; null before. */
  readonly identity_version: number | null;
  /** The partner that brought it, of the product's published list. */
  readonly partner_id: string | null;
  /** How often it was with its borrower: what was decided and offered in an earlier round is void. */
  readonly round: number;
}

export interface OfferRow {
  readonly application_id: string;
  readonly round: number;
  readonly principal_fen: Fen;
  readonly term_months: number;
  readonly annual_rate: string;
  readonly apr: string;
  readonly first_installment_fen: Fen;
  readonly total_payment_fen: Fen;
  readonly illustration: readonly Installment[];
  /** Its cost table as text, and that text's SHA-256; null for an offer from before tables were confirmed. */
  readonly disclosure: string | null;
  readonly disclosure_sha256: string | null;
  readonly offered_at: Date;
  readonly expires_at: Date;
}

export interface DecisionRow {
  readonly application_id: string;
  readonly round: number;
  readonly stage: 'KYC' | 'RULES' | 'REVIEW';
  readonly outcome: 'APPROVE' | 'REFER' | 'DECLINE';
  readonly policy: string;
  readonly reasons: readonly string[];
  readonly checks: unknown;
  readonly decided_by: string;
  readonly decided_at: Date;
  /** What it was taken from, sealed, and its keyed hash; null for a person's or a source's, and before they were kept. */
  readonly snapshot_enc: Buffer | null;
  readonly snapshot_mac: string | null;
}

export interface ContractRow {
  /** Of the document that is signed. */
  readonly sha256: string;
  /** Words, from before there were documents. */
  readonly media_type: 'text/plain' | 'application/pdf';
  readonly document_enc: Buffer;
  /** What a document says and who signs it; null for words. */
  readonly content_enc: Buffer | null;
  readonly disclosure_sha256: string | null;
  readonly drawn_up_at: Date;
}

/** What happened to an application, in order. */
export async function readApplicationEvents(db: Db | Tx, applicationId: string): Promise<ApplicationEvent[]> {
  const rows = await db('application_events')
    .where({ application_id: applicationId })
    .orderBy('seq')
    .select<(Omit<RecordedEvent, 'at'> & { at: Date })[]>('key', 'kind', 'at', 'business_date as businessDate', 'data');
  return rows.map((row) => decodeEvent(APPLICATION_EVENTS, { ...row, at: instant(row.at.getTime()) }));
}

export async function readApplication(db: Db | Tx, id: string): Promise<ApplicationRow> {
  const row = await db('applications').where({ id }).first<ApplicationRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such application');
  return row;
}

/** A borrower's applications that are not at their end, and those whose loan waits for its payout, for the first time or again. */
export async function applicationsUnderWay(
  db: Db | Tx,
  borrowerId: string,
): Promise<(Pick<ApplicationRow, 'id' | 'status'> & { readonly hasLoan: boolean })[]> {
  return db('applications as a')
    .leftJoin('loans as l', 'l.id', 'a.id')
    .where('a.borrower_id', borrowerId)
    .where((either) => {
      void either.whereNotIn('a.status', ENDED_APPLICATIONS).orWhere('a.status', 'READY_TO_DISBURSE').orWhere('l.status', 'APPROVED');
    })
    .orderBy('a.id')
    .select<(Pick<ApplicationRow, 'id' | 'status'> & { hasLoan: boolean })[]>('a.id', 'a.status', db.raw('l.id IS NOT NULL AS "hasLoan"'));
}

/** Locks the person of an application, before anything of theirs: locks are always taken in the order person, application, loan, instruction. */
export async function lockPersonOf(tx: Tx, applicationId: string): Promise<void> {
  await tx('borrowers')
    .whereIn('id', tx('applications').where({ id: applicationId }).select('borrower_id'))
    .forUpdate()
    .first('id');
}

export async function lockApplication(tx: Tx, id: string): Promise<ApplicationRow> {
  const row = await tx('applications').where({ id }).forUpdate().first<ApplicationRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such application');
  return row;
}

export async function updateApplication(
  tx: Db | Tx,
  id: string,
  change: Partial<Omit<ApplicationRow, 'id' | 'waiting_until'>> & { waiting_until?: Instant | null },
): Promise<void> {
  await tx('applications').where({ id }).update(change);
}

/** One event, once: false when its key is recorded already. */
export async function insertApplicationEvent(tx: Db | Tx, applicationId: string, event: ApplicationEvent): Promise<boolean> {
  const inserted = await tx('application_events')
    .insert({
      application_id: applicationId,
      key: event.key,
      kind: event.kind,
      at: event.at,
      business_date: event.businessDate,
      data: JSON.stringify(event.data),
    })
    .onConflict(['application_id', 'key'])
    .ignore()
    .returning('key');
  return inserted.length === 1;
}

/** Whether an event of this key is recorded. */
export async function hasApplicationEvent(db: Db | Tx, applicationId: string, key: string): Promise<boolean> {
  return (await db('application_events').where({ application_id: applicationId, key }).first<object | undefined>('key')) !== undefined;
}

/** Wizard steps that have been saved, with their latest version. */
export async function savedSteps(db: Db | Tx, applicationId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await db('application_drafts')
    .where({ application_id: applicationId })
    .groupBy('step')
    .select<{ step: string; version: number }[]>('step', db.raw('max(version)::int AS version'));
  return new Map(rows.map((row) => [row.step, row.version]));
}

export async function readDraft(
  db: Db | Tx,
  applicationId: string,
  step: string,
): Promise<{ version: number; payload_enc: Buffer } | undefined> {
  return db('application_drafts')
    .where({ application_id: applicationId, step })
    .orderBy('version', 'desc')
    .first<{ version: number; payload_enc: Buffer } | undefined>('version', 'payload_enc');
}

export async function insertDecision(
  tx: Tx,
  decision: Omit<DecisionRow, 'decided_at' | 'snapshot_enc' | 'snapshot_mac'> &
    Partial<Pick<DecisionRow, 'snapshot_enc' | 'snapshot_mac'>> & { decided_at: Instant },
): Promise<void> {
  await tx('decisions')
    .insert({ ...decision, reasons: JSON.stringify(decision.reasons), checks: JSON.stringify(decision.checks) })
    .onConflict(['application_id', 'round', 'stage'])
    .ignore();
}

/** What the rules themselves said, where a person decides because the borrower wanted one. */
export const rulesOutcomeOf = ({ outcome, checks }: Pick<DecisionRow, 'outcome' | 'checks'>): DecisionRow['outcome'] =>
  (checks as { byRules?: DecisionRow['outcome'] } | null)?.byRules ?? outcome;

/** Every decision, of every round, in order. */
export async function readDecisions(db: Db | Tx, applicationId: string): Promise<DecisionRow[]> {
  return db('decisions').where({ application_id: applicationId }).orderBy('decided_at').select<DecisionRow[]>();
}

/** How often a person's data were refused since a moment, in any of their applications. */
export async function kycRefusalsSince(tx: Tx, borrowerId: string, since: Instant): Promise<number> {
  const row = await tx('decisions as d')
    .join('applications as a', 'a.id', 'd.application_id')
    .where({ 'a.borrower_id': borrowerId, 'd.stage': 'KYC' })
    .whereNot('d.outcome', 'APPROVE')
    .where('d.decided_at', '>=', since)
    .first<{ count: number }>(tx.raw('count(*)::int AS count'));
  return row.count;
}

export async function insertOffer(
  tx: Tx,
  offer: Omit<OfferRow, 'offered_at' | 'expires_at'> & { offered_at: Instant; expires_at: Instant },
): Promise<void> {
  await tx('offers')
    .insert({ ...offer, illustration: JSON.stringify(offer.illustration) })
    .onConflict(['application_id', 'round'])
    .ignore();
}

/** The offer that stands: the one of the application's round. */
export async function readOffer(db: Db | Tx, applicationId: string): Promise<OfferRow | undefined> {
  return db('offers as o')
    .join('applications as a', (join) => join.on('a.id', 'o.application_id').andOn('a.round', 'o.round'))
    .where('o.application_id', applicationId)
    .first<OfferRow | undefined>('o.*');
}

export async function readContract(db: Db | Tx, applicationId: string): Promise<ContractRow | undefined> {
  return db('contracts').where({ application_id: applicationId }).first<ContractRow | undefined>();
}

/** What the borrower signed, and when. */
export async function readSignature(
  db: Db | Tx,
  applicationId: string,
): Promise<{ readonly contract_sha256: string; readonly signed_at: Date } | undefined> {
  return db('signatures')
    .where({ application_id: applicationId })
    .first<{ contract_sha256: string; signed_at: Date } | undefined>('contract_sha256', 'signed_at');
}

export async function insertContract(
  tx: Tx,
  contract: Omit<ContractRow, 'drawn_up_at'> & { application_id: string; drawn_up_at: Instant },
): Promise<void> {
  await tx('contracts').insert(contract);
}
