import type { LoanFact } from '../domain/account';
import type { BusinessDate } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import type { Fen } from '../domain/money';
import type { AccruedComponent } from '../domain/postings';
import type { Installment } from '../domain/schedule';
import { FACTS, SIGNED_SCHEDULE } from './loans';
import type { Db, Tx } from './pool';

/** What the daily close reads of one loan. */
export interface LoanToClose {
  readonly id: string;
  readonly product_id: string;
  readonly product_version: number;
  readonly principal_fen: Fen;
  readonly term_months: number;
  readonly accrued: Readonly<Record<AccruedComponent, number>>;
  readonly schedule: readonly Installment[];
  readonly facts: readonly LoanFact[];
}

/** What the daily close writes of one loan. */
export interface ClosedLoan {
  readonly id: string;
  readonly productId: string;
  readonly status: string;
  readonly daysPastDue: number;
  readonly bucket: string;
  readonly outstanding: Readonly<Record<'principal' | 'interest' | 'fee' | 'penalty', number>>;
  /** Earned and not yet posted, by component; may be negative. */
  readonly accrual: Readonly<Record<AccruedComponent, number>>;
}

/** Sums of one page of loans, stored with it: the day's books are made from these. */
export interface BatchTotals {
  readonly loans: number;
  readonly principalFen: number;
  readonly buckets: Readonly<Record<string, number>>;
  /** Per product and component. */
  readonly accrued: Readonly<Record<string, Readonly<Record<AccruedComponent, number>>>>;
}

/** Loans whose own date cursor lies before `date`, by id. A closed loan is recorded until its closing is. */
export async function loansToClose(db: Db | Tx, date: BusinessDate, after: string, limit: number): Promise<LoanToClose[]> {
  const result = await db.raw<{ rows: LoanToClose[] }>(
    `SELECT l.id, l.product_id, l.product_version, l.principal_fen, l.term_months,
        jsonb_build_object('interest', l.accrued_interest_fen, 'fee', l.accrued_fee_fen, 'penalty', l.accrued_penalty_fen) AS accrued,
        ${SIGNED_SCHEDULE} AS schedule, ${FACTS} AS facts
      FROM loans l
      WHERE l.id > ? AND l.activated_on <= ? AND (l.closed_through IS NULL OR l.closed_through < ?)
        AND (l.closed_on IS NULL OR l.closed_through IS NULL OR l.closed_through < l.closed_on)
      ORDER BY l.id LIMIT ?`,
    [after, date, date, limit],
  );
  return result.rows;
}

/**
 * Records one page: accruals, snapshots, each loan's cursor, and the page's sums, in one transaction. The
 * cursors are checked again, so a page that was recorded before is refused whole and nothing is doubled.
 */
export async function recordPage(tx: Tx, date: BusinessDate, loans: readonly ClosedLoan[], totals: BatchTotals): Promise<void> {
  const ids = loans.map((loan) => loan.id);
  const moved = await tx.raw<{ rowCount: number }>(
    `UPDATE loans SET closed_through = ?, accrued_interest_fen = accrued_interest_fen + d.interest,
        accrued_fee_fen = accrued_fee_fen + d.fee, accrued_penalty_fen = accrued_penalty_fen + d.penalty
      FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[]) AS d(id, interest, fee, penalty)
      WHERE loans.id = d.id AND (closed_through IS NULL OR closed_through < ?)`,
    [
      date,
      ids,
      loans.map((loan) => loan.accrual.interest),
      loans.map((loan) => loan.accrual.fee),
      loans.map((loan) => loan.accrual.penalty),
      date,
    ],
  );
  if (moved.rowCount !== loans.length) throw new LoanloomError('UNAVAILABLE', 'another close has recorded these loans: try again');
  for (const component of ['interest', 'fee', 'penalty'] as const) {
    const earned = loans.filter((loan) => loan.accrual[component] !== 0);
    if (earned.length === 0) continue;
    await tx.raw(
      `INSERT INTO loan_accruals (loan_id, business_date, component, amount_fen)
        SELECT d.id, ?, ?, d.amount FROM unnest(?::text[], ?::bigint[]) AS d(id, amount)`,
      [date, component, earned.map((loan) => loan.id), earned.map((loan) => loan.accrual[component])],
    );
  }
  await tx.raw(
    `INSERT INTO loan_day_snapshots (loan_id, business_date, status, days_past_due, bucket, principal_fen, interest_fen, fee_fen, penalty_fen)
      SELECT d.id, ?, d.status, d.days, d.bucket, d.principal, d.interest, d.fee, d.penalty
      FROM unnest(?::text[], ?::text[], ?::int[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS d(id, status, days, bucket, principal, interest, fee, penalty)`,
    [
      date,
      ids,
      loans.map((loan) => loan.status),
      loans.map((loan) => loan.daysPastDue),
      loans.map((loan) => loan.bucket),
      loans.map((loan) => loan.outstanding.principal),
      loans.map((loan) => loan.outstanding.interest),
      loans.map((loan) => loan.outstanding.fee),
      loans.map((loan) => loan.outstanding.penalty),
    ],
  );
  await tx('close_batches').insert({ business_date: date, first_loan_id: ids[0] ?? '', totals: JSON.stringify(totals) });
}

export async function readBatches(db: Db | Tx, date: BusinessDate): Promise<BatchTotals[]> {
  const rows = await db('close_batches').where({ business_date: date }).select<{ totals: BatchTotals }[]>('totals');
  return rows.map((row) => row.totals);
}
