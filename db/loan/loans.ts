import { isOneOf } from '../sql';
import type { FactType, LoanFact } from '../../domain/loan/account';
import { businessDateOf, instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { LoanRecord } from '../../domain/loan/loan-account';
import { decodeEvent, type RecordedEvent } from '../../domain/events';
import { LOAN_EVENTS, type LoanEvent, type OpenInstruction } from '../../domain/loan/loan-events';
import type { Fen } from '../../domain/money/money';
import type { Catalogue } from '../../domain/product/products';
import type { Installment } from '../../domain/loan/schedule';
import { OPEN_ATTEMPTS, type LoanStatus, OPEN_INSTRUCTIONS } from '../../domain/states';
import { addAttention } from '../outbox';
import type { Db, Tx } from '../pool';
import { keys } from '../../domain/keys';
import { Attention, AttentionKind } from '../../domain/loan/attention';

export interface LoanRow {
  readonly id: string;
  readonly borrower_id: string;
  readonly product_id: string;
  readonly product_version: number;
  readonly bank_card_id: string;
  readonly principal_fen: Fen;
  readonly currency: 'CNY';
  readonly annual_rate: string;
  readonly term_months: number;
  readonly status: LoanStatus;
  readonly schedule_version: number;
  readonly opened_on: BusinessDate;
  readonly activated_on: BusinessDate | null;
  readonly closed_on: BusinessDate | null;
  readonly date_cursor: BusinessDate | null;
  readonly next_kind: string | null;
  readonly next_at: Instant | null;
  readonly next_summary: string | null;
  readonly waiting_since: Instant | null;
  readonly needs_attention: string | null;
  readonly attention_kind: AttentionKind | null;
  readonly attention_sticky: boolean;
  readonly bucket: string;
  /** Business day up to which the daily close has recorded this loan, and what it has accrued to income so far. */
  readonly closed_through: BusinessDate | null;
  readonly accrued_interest_fen: Fen;
  readonly accrued_fee_fen: Fen;
  readonly accrued_penalty_fen: Fen;
}

/** Everything recorded about one loan: what the fold and the agenda read, in one statement. */
export interface LoanFile {
  readonly loan: LoanRow;
  readonly schedule: readonly Installment[];
  readonly facts: readonly LoanFact[];
  readonly events: readonly LoanEvent[];
  readonly instructions: readonly OpenInstruction[];
  /** The channel that was used last. */
  readonly channel: string | null;
}

/** The schedule that the confirmed payout made binding; later versions follow from it and the facts. */
export const SIGNED_SCHEDULE = `(SELECT s.installments FROM loan_schedules s WHERE s.loan_id = l.id AND (s.version = 1 OR s.reason = 'payout confirmed')
     ORDER BY s.version DESC LIMIT 1)`;
export const FACTS = `(SELECT jsonb_agg(t.data || jsonb_strip_nulls(jsonb_build_object('key', t.key, 'type', t.type, 'valueDate', t.value_date, 'amount', t.amount_fen)))
     FROM loan_transactions t WHERE t.loan_id = l.id)`;

const DOUBT_SINCE = `(SELECT min(e.at) FROM payment_events e WHERE e.instruction_id = i.id AND e.to_state = 'UNKNOWN')`;
const RESOLVED_AT = `(SELECT max(e.at) FROM payment_events e WHERE e.instruction_id = i.id AND e.attempt IS NULL AND e.to_state IN ('SUCCEEDED', 'FAILED'))`;

const LOAN_FILE_COLUMNS = `
  to_jsonb(l) AS loan,
  ${SIGNED_SCHEDULE} AS schedule,
  ${FACTS} AS facts,
  (SELECT jsonb_agg(jsonb_build_object('key', e.key, 'kind', e.kind, 'at', e.at, 'businessDate', e.business_date, 'data', e.data) ORDER BY e.seq)
     FROM loan_events e WHERE e.loan_id = l.id) AS events,
  (SELECT jsonb_agg(jsonb_build_object('id', i.id, 'direction', i.direction, 'state', i.state, 'amount', i.amount_fen, 'businessDate', i.business_date,
      'open', ${isOneOf('i.state', OPEN_INSTRUCTIONS)},
      'presentment', i.presentment, 'queries', i.queries, 'lastQueriedAt', i.last_queried_at, 'hintedAt', i.hinted_at,
      'doubtSince', ${DOUBT_SINCE},
      'resolvedAt', ${RESOLVED_AT},
      'attempts', (SELECT count(*) FROM payment_attempts a WHERE a.instruction_id = i.id),
      'isLive', EXISTS (SELECT FROM payment_attempts a WHERE a.instruction_id = i.id AND a.state IN (${OPEN_ATTEMPTS.map((state) => `'${state}'`).join(', ')})),
      'isContradicted', EXISTS (SELECT FROM payment_attempts a JOIN breaks b ON b.channel = a.channel AND b.number = a.number
         WHERE a.instruction_id = i.id AND b.code = 'PAID_AFTER_FAILURE' AND b.closed_on IS NULL),
      'sentAt', (SELECT max(a.sent_at) FROM payment_attempts a WHERE a.instruction_id = i.id)) ORDER BY i.created_at, i.id)
     FROM payment_instructions i WHERE i.loan_id = l.id) AS instructions,
  (SELECT a.channel FROM payment_attempts a WHERE a.loan_id = l.id ORDER BY a.created_at DESC LIMIT 1) AS channel`;

interface Doubt {
  readonly id: string;
  readonly direction: string;
  readonly doubtSince: Instant | null;
  readonly resolvedAt: Instant | null;
}

type RecordedInstruction = OpenInstruction & Doubt;

interface LoanFileRow {
  readonly loan: LoanRow;
  readonly schedule: Installment[] | null;
  readonly facts: LoanFact[] | null;
  readonly events: RecordedEvent[] | null;
  readonly instructions: RecordedInstruction[] | null;
  readonly channel: string | null;
}

/** jsonb prints timestamps with an offset; the domain compares instants as text, so they are normalised here. */
const normalised = (at: Instant | null): Instant | null => (at === null ? null : instant(at));

/** A debit without an outcome is a fact of the account: from the day it became unknown to the day it was resolved. */
function doubts(instructions: readonly Doubt[]): LoanFact[] {
  return instructions.flatMap((each): LoanFact[] => {
    if (each.direction !== 'DEBIT' || each.doubtSince === null) return [];
    const valueDate = businessDateOf(instant(each.doubtSince));
    const until = each.resolvedAt === null ? undefined : businessDateOf(instant(each.resolvedAt));
    if (until !== undefined && until <= valueDate) return [];
    return [{ key: keys.doubt(each.id), type: 'DEBIT_IN_DOUBT', valueDate, ...(until === undefined ? {} : { until }) }];
  });
}

/** The doubt of one debit as its states tell it now (no fact where it ended on its own day), and whether its outcome was ever unknown. */
export async function readDoubt(tx: Tx, instructionId: string): Promise<{ fact: LoanFact | undefined; hasBegun: boolean }> {
  const { rows } = await tx.raw<{ rows: { id: string; direction: string; since: Date | null; resolved: Date | null }[] }>(
    `SELECT i.id, i.direction, ${DOUBT_SINCE} AS since, ${RESOLVED_AT} AS resolved FROM payment_instructions i WHERE i.id = ?`,
    [instructionId],
  );
  const at = (date: Date | null) => (date === null ? null : instant(date.getTime()));
  const [fact] = doubts(
    rows.map(({ id, direction, since, resolved }) => ({ id, direction, doubtSince: at(since), resolvedAt: at(resolved) })),
  );
  return { fact, hasBegun: rows.some(({ since }) => since !== null) };
}

function toLoanFile(row: LoanFileRow): LoanFile {
  return {
    channel: row.channel,
    loan: { ...row.loan, next_at: normalised(row.loan.next_at), waiting_since: normalised(row.loan.waiting_since) },
    schedule: row.schedule ?? [],
    facts: [...(row.facts ?? []), ...doubts(row.instructions ?? [])],
    events: (row.events ?? []).map((event) => decodeEvent(LOAN_EVENTS, { ...event, at: instant(event.at) })),
    instructions: (row.instructions ?? []).map(({ doubtSince: _doubt, resolvedAt: _resolved, ...each }) => ({
      ...each,
      sentAt: normalised(each.sentAt),
      lastQueriedAt: normalised(each.lastQueriedAt),
      hintedAt: normalised(each.hintedAt ?? null),
    })),
  };
}

export async function readLoanFile(db: Db | Tx, loanId: string): Promise<LoanFile> {
  const result = await db.raw<{ rows: LoanFileRow[] }>(`SELECT ${LOAN_FILE_COLUMNS} FROM loans l WHERE l.id = ?`, [loanId]);
  const row = result.rows[0];
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  return toLoanFile(row);
}

/** The files of many loans, in one statement. */
export async function readLoanFiles(db: Db | Tx, loanIds: readonly string[]): Promise<LoanFile[]> {
  const result = await db.raw<{ rows: LoanFileRow[] }>(`SELECT ${LOAN_FILE_COLUMNS} FROM loans l WHERE l.id = ANY(?) ORDER BY l.id`, [
    [...loanIds],
  ]);
  return result.rows.map(toLoanFile);
}

/** A borrower's loans, newest first, after the one that ended the page before. */
export async function loanIdsOf(db: Db, borrowerId: string, limit: number, after?: string): Promise<string[]> {
  const result = await db.raw<{ rows: { id: string }[] }>(
    `SELECT id FROM loans WHERE borrower_id = ?
        AND (?::text IS NULL OR (opened_on, id) < (SELECT opened_on, id FROM loans WHERE id = ? AND borrower_id = ?))
      ORDER BY opened_on DESC, id DESC LIMIT ?`,
    [borrowerId, after ?? null, after ?? '', borrowerId, limit],
  );
  return result.rows.map((row) => row.id);
}

/** What the fold needs of a loan's file. */
export function recordOf(catalogue: Catalogue, file: Pick<LoanFile, 'loan' | 'schedule' | 'facts'>): LoanRecord {
  const { loan, schedule, facts } = file;
  const product = catalogue.version(loan.product_id, loan.product_version);
  return { principal: loan.principal_fen, termMonths: loan.term_months, product, schedule, facts };
}

/** The schedule in force: the signed one, or the version that the last restructuring made. */
export async function readCurrentSchedule(db: Db | Tx, loan: Pick<LoanRow, 'id' | 'schedule_version'>): Promise<Installment[]> {
  const row = await db('loan_schedules')
    .where({ loan_id: loan.id, version: loan.schedule_version })
    .first<{ installments: Installment[] } | undefined>('installments');
  return row?.installments ?? [];
}

/** Takes the loan's row for the length of the transaction: postings on one loan are serial. */
export async function lockLoan(tx: Tx, loanId: string): Promise<LoanRow> {
  const row = await tx('loans').where({ id: loanId }).forUpdate().first<LoanRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  return row;
}

export async function insertLoan(
  tx: Tx,
  loan: Pick<
    LoanRow,
    | 'id'
    | 'borrower_id'
    | 'product_id'
    | 'product_version'
    | 'bank_card_id'
    | 'principal_fen'
    | 'currency'
    | 'annual_rate'
    | 'term_months'
    | 'opened_on'
  >,
): Promise<void> {
  await tx('loans').insert(loan).onConflict('id').ignore();
}

type LoanChange = Partial<Omit<LoanRow, 'id' | 'needs_attention' | 'attention_kind' | 'attention_sticky'>> & {
  readonly attention?: Attention | null;
};

/** Changes a loan's row. What asks for a person raises an alarm too, once a day for as long as it stands. */
export async function updateLoan(tx: Db | Tx, loanId: string, { attention, ...change }: LoanChange): Promise<void> {
  const marks =
    attention === undefined
      ? {}
      : {
          needs_attention: attention?.text ?? null,
          attention_kind: attention?.kind ?? null,
          attention_sticky: attention?.sticky ?? false,
        };
  await tx('loans')
    .where({ id: loanId })
    .update({ ...change, ...marks });
  if (attention) await addAttention(tx, loanId, attention.text);
}

/** Why a loan waits for a person, as its row has it. */
export function attentionOf(loan: LoanRow): Attention | null {
  if (loan.attention_kind === null) return null;
  return { kind: loan.attention_kind, text: loan.needs_attention ?? '', sticky: loan.attention_sticky };
}

export async function insertSchedule(
  tx: Tx,
  loanId: string,
  {
    version,
    reason,
    valueDate,
    installments,
  }: { readonly version: number; readonly reason: string; readonly valueDate: BusinessDate; readonly installments: readonly Installment[] },
): Promise<void> {
  await tx('loan_schedules')
    .insert({ loan_id: loanId, version, reason, value_date: valueDate, installments: JSON.stringify(installments) })
    .onConflict(['loan_id', 'version'])
    .ignore();
}

/** One fact, once: false when the key is recorded already. */
export async function insertTransaction(
  tx: Tx,
  fact: {
    loanId: string;
    key: string;
    type: FactType;
    amount: Fen | null;
    data?: Readonly<Record<string, unknown>>;
    valueDate: BusinessDate;
    businessDate: BusinessDate;
    instructionId: string | null;
    decidedBy?: string;
    approvedBy?: string | null;
  },
): Promise<boolean> {
  const inserted = await tx('loan_transactions')
    .insert({
      loan_id: fact.loanId,
      key: fact.key,
      type: fact.type,
      amount_fen: fact.amount,
      data: JSON.stringify(fact.data ?? {}),
      value_date: fact.valueDate,
      business_date: fact.businessDate,
      instruction_id: fact.instructionId,
      decided_by: fact.decidedBy ?? null,
      approved_by: fact.approvedBy ?? null,
      needs_second: fact.approvedBy != null,
    })
    .onConflict(['loan_id', 'key'])
    .ignore()
    .returning('key');
  return inserted.length === 1;
}

/** Locks the loan of a payment: nothing else about it is recorded meanwhile. */
export async function lockLoanOf(tx: Tx, instructionId: string): Promise<LoanRow> {
  const row = await tx('loans')
    .where('id', tx('payment_instructions').where({ id: instructionId }).select('loan_id'))
    .forUpdate()
    .first<LoanRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such payment instruction');
  return row;
}

/** One event, once: false when the key is recorded already. */
export async function insertLoanEvent(tx: Db | Tx, loanId: string, event: LoanEvent): Promise<boolean> {
  const inserted = await tx('loan_events')
    .insert({
      loan_id: loanId,
      key: event.key,
      kind: event.kind,
      at: event.at,
      business_date: event.businessDate,
      data: JSON.stringify(event.data),
    })
    .onConflict(['loan_id', 'key'])
    .ignore()
    .returning('key');
  return inserted.length === 1;
}
