import type { LoanFact } from '../domain/account';
import { instant, type BusinessDate, type Instant } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import type { LoanEvent, OpenInstruction } from '../domain/loan-events';
import type { Fen } from '../domain/money';
import type { Installment } from '../domain/schedule';
import type { LoanStatus } from '../domain/states';
import type { Db, Tx } from './pool';

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
  readonly bucket: string;
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

const LOAN_FILE_COLUMNS = `
  to_jsonb(l) AS loan,
  (SELECT s.installments FROM loan_schedules s WHERE s.loan_id = l.id AND s.version = l.schedule_version) AS schedule,
  (SELECT jsonb_agg(jsonb_build_object('key', t.key, 'type', t.type, 'valueDate', t.value_date, 'amount', t.amount_fen))
     FROM loan_transactions t WHERE t.loan_id = l.id AND t.type IN ('DISBURSEMENT', 'REPAYMENT')) AS facts,
  (SELECT jsonb_agg(jsonb_build_object('key', e.key, 'kind', e.kind, 'at', e.at, 'businessDate', e.business_date, 'data', e.data) ORDER BY e.seq)
     FROM loan_events e WHERE e.loan_id = l.id) AS events,
  (SELECT jsonb_agg(jsonb_build_object('id', i.id, 'direction', i.direction, 'state', i.state, 'amount', i.amount_fen, 'businessDate', i.business_date,
      'open', i.state IN ('CREATED', 'AUTHORIZED', 'IN_FLIGHT', 'MANUAL'),
      'presentment', i.presentment, 'queries', i.queries, 'lastQueriedAt', i.last_queried_at,
      'sentAt', (SELECT max(a.sent_at) FROM payment_attempts a WHERE a.instruction_id = i.id)) ORDER BY i.created_at, i.id)
     FROM payment_instructions i WHERE i.loan_id = l.id) AS instructions,
  (SELECT a.channel FROM payment_attempts a WHERE a.loan_id = l.id ORDER BY a.created_at DESC LIMIT 1) AS channel`;

interface LoanFileRow {
  readonly loan: LoanRow;
  readonly schedule: Installment[] | null;
  readonly facts: LoanFact[] | null;
  readonly events: LoanEvent[] | null;
  readonly instructions: OpenInstruction[] | null;
  readonly channel: string | null;
}

/** jsonb prints timestamps with an offset; the domain compares instants as text, so they are normalised here. */
const normalised = (at: Instant | null): Instant | null => (at === null ? null : instant(at));

function toLoanFile(row: LoanFileRow): LoanFile {
  return {
    channel: row.channel,
    loan: { ...row.loan, next_at: normalised(row.loan.next_at), waiting_since: normalised(row.loan.waiting_since) },
    schedule: row.schedule ?? [],
    facts: row.facts ?? [],
    events: (row.events ?? []).map((event) => ({ ...event, at: instant(event.at) })),
    instructions: (row.instructions ?? []).map((each) => ({
      ...each,
      sentAt: normalised(each.sentAt),
      lastQueriedAt: normalised(each.lastQueriedAt),
    })),
  };
}

export async function readLoanFile(db: Db | Tx, loanId: string): Promise<LoanFile> {
  const result = await db.raw<{ rows: LoanFileRow[] }>(`SELECT ${LOAN_FILE_COLUMNS} FROM loans l WHERE l.id = ?`, [loanId]);
  const row = result.rows[0];
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  return toLoanFile(row);
}

/** The files of many loans in one statement, by id; `after` pages through them. */
export async function readLoanFiles(db: Db | Tx, after: string, limit: number): Promise<LoanFile[]> {
  const result = await db.raw<{ rows: LoanFileRow[] }>(
    `SELECT ${LOAN_FILE_COLUMNS} FROM loans l WHERE l.id > ? AND l.activated_on IS NOT NULL ORDER BY l.id LIMIT ?`,
    [after, limit],
  );
  return result.rows.map(toLoanFile);
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

export async function updateLoan(tx: Db | Tx, loanId: string, change: Partial<Omit<LoanRow, 'id'>>): Promise<void> {
  await tx('loans').where({ id: loanId }).update(change);
}

export async function insertSchedule(
  tx: Tx,
  loanId: string,
  version: number,
  reason: string,
  valueDate: BusinessDate,
  installments: readonly Installment[],
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
    type: 'DISBURSEMENT' | 'REPAYMENT' | 'CHARGE_OFF';
    amount: Fen;
    valueDate: BusinessDate;
    businessDate: BusinessDate;
    instructionId: string | null;
  },
): Promise<boolean> {
  const inserted = await tx('loan_transactions')
    .insert({
      loan_id: fact.loanId,
      key: fact.key,
      type: fact.type,
      amount_fen: fact.amount,
      value_date: fact.valueDate,
      business_date: fact.businessDate,
      instruction_id: fact.instructionId,
    })
    .onConflict(['loan_id', 'key'])
    .ignore()
    .returning('key');
  return inserted.length === 1;
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
