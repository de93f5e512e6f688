import { isOneOf } from '../sql';
import type { LoanFact } from '../../domain/loan/account';
import { businessDateOf, instant, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { LoanRecord } from '../../domain/loan/loan-account';
import { decodeEvent, type RecordedEvent } from '../../domain/events';
import { LOAN_EVENTS, type LoanEvent, type OpenInstruction } from '../../domain/loan/loan-events';
import type { Catalogue } from '../../domain/product/products';
import type { Installment } from '../../domain/loan/schedule';
import { OPEN_ATTEMPTS, OPEN_INSTRUCTIONS } from '../../domain/states';
import type { Db, Tx } from '../pool';
import { keys } from '../../domain/keys';
import type { LoanRow } from './loans';

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

/** A loan's file as its workflow looks at it. */
export interface Look {
  readonly file: LoanFile;
  /** Business time by the database's clock. */
  readonly now: Instant;
  /** The restore epoch of this database. */
  readonly restoreEpoch: number | undefined;
}

/**
 * The file, with what has been recorded so far acknowledged: it needs no notice any more. Both by one snapshot, so that
 * what is recorded meanwhile is still told.
 */
export async function lookAtLoan(db: Db | Tx, loanId: string): Promise<Look> {
  const { rows } = await db.raw<{ rows: (LoanFileRow & { offset_ms: number | null; epoch: number | null })[] }>(
    `WITH acknowledged AS (
       UPDATE outbox SET delivered_at = now() WHERE subject = ? AND topic = 'loan.fact' AND delivered_at IS NULL
     )
     SELECT ${LOAN_FILE_COLUMNS},
       (SELECT offset_ms FROM sandbox_clock WHERE id = 1) AS offset_ms,
       (SELECT epoch FROM restore_state WHERE id = 1) AS epoch
     FROM loans l WHERE l.id = ?`,
    [loanId, loanId],
  );
  const [row] = rows;
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  return { file: toLoanFile(row), now: instant(Date.now() + (row.offset_ms ?? 0)), restoreEpoch: row.epoch ?? undefined };
}

/** The files of many loans, in one statement. */
export async function readLoanFiles(db: Db | Tx, loanIds: readonly string[]): Promise<LoanFile[]> {
  const result = await db.raw<{ rows: LoanFileRow[] }>(`SELECT ${LOAN_FILE_COLUMNS} FROM loans l WHERE l.id = ANY(?) ORDER BY l.id`, [
    [...loanIds],
  ]);
  return result.rows.map(toLoanFile);
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
