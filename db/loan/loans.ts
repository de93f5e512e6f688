import type { BusinessDate, Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Fen } from '../../domain/money/money';
import type { LoanStatus } from '../../domain/states';
import { addAttention } from '../outbox';
import type { Db, Tx } from '../pool';
import type { Attention, AttentionKind } from '../../domain/loan/attention';

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

/** Locks the loan of a payment: nothing else about it is recorded meanwhile. */
export async function lockLoanOf(tx: Tx, instructionId: string): Promise<LoanRow> {
  const row = await tx('loans')
    .where('id', tx('payment_instructions').where({ id: instructionId }).select('loan_id'))
    .forUpdate()
    .first<LoanRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such payment instruction');
  return row;
}
