import type { LoanFact } from '../../domain/loan/account';
import type { BusinessDate } from '../../domain/time/dates';
import type { Fen } from '../../domain/money/money';
import { ACCRUED, type AccruedComponent } from '../../domain/ledger/postings';
import type { Installment } from '../../domain/loan/schedule';
import { FACTS, SIGNED_SCHEDULE } from '../loan/loan-file';
import type { Db, Tx } from '../pool';

/** What the daily close reads of one loan. */
export interface LoanToClose {
  readonly id: string;
  readonly product_id: string;
  readonly product_version: number;
  readonly principal_fen: Fen;
  readonly term_months: number;
  readonly activated_on: BusinessDate;
  readonly closed_through: BusinessDate | null;
  readonly accrued: Readonly<Record<AccruedComponent, number>>;
  readonly schedule: readonly Installment[];
  readonly facts: readonly LoanFact[];
}

/** What the daily close writes of one loan. */
export interface ClosedLoan {
  readonly id: string;
  /** What was read of it: a loan that is another by now is not written. */
  readonly read: Pick<LoanToClose, 'activated_on' | 'closed_through' | 'accrued'>;
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
    `SELECT l.id, l.product_id, l.product_version, l.principal_fen, l.term_months, l.activated_on::text, l.closed_through::text,
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

/** Sums of the loans that were recorded together: what the day's books are made from. */
export function totalsOf(loans: readonly ClosedLoan[]): BatchTotals {
  const buckets: Record<string, number> = {};
  const sums: Record<string, { interest: number; fee: number; penalty: number }> = {};
  let principalFen = 0;
  for (const loan of loans) {
    principalFen += loan.outstanding.principal;
    buckets[loan.bucket] = (buckets[loan.bucket] ?? 0) + 1;
    const product = (sums[loan.productId] ??= { interest: 0, fee: 0, penalty: 0 });
    for (const component of ACCRUED) product[component] += loan.accrual[component];
  }
  return { loans: loans.length, principalFen, buckets, accrued: sums };
}

/**
 * Records one page: accruals, snapshots, each loan's cursor, and the page's sums, in one transaction. A loan that
 * is not any more what was read of it (paid out, returned, charged off or closed by another in the meantime) is left
 * for the next reading, so nothing is booked of a state that is gone and nothing is doubled. Returns how many were recorded.
 */
export async function recordPage(tx: Tx, date: BusinessDate, page: readonly ClosedLoan[]): Promise<number> {
  const moved = await tx.raw<{ rows: { id: string }[] }>(
    `UPDATE loans SET closed_through = ?, accrued_interest_fen = accrued_interest_fen + d.interest,
        accrued_fee_fen = accrued_fee_fen + d.fee, accrued_penalty_fen = accrued_penalty_fen + d.penalty
      FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::date[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS d(id, interest, fee, penalty, activated_on, closed_through, had_interest, had_fee, had_penalty)
      WHERE loans.id = d.id AND (loans.closed_through IS NULL OR loans.closed_through < ?)
        AND loans.activated_on = d.activated_on AND loans.closed_through IS NOT DISTINCT FROM nullif(d.closed_through, '')::date
        AND (loans.accrued_interest_fen, loans.accrued_fee_fen, loans.accrued_penalty_fen) = (d.had_interest, d.had_fee, d.had_penalty)
      RETURNING loans.id`,
    [
      date,
      page.map((loan) => loan.id),
      page.map((loan) => loan.accrual.interest),
      page.map((loan) => loan.accrual.fee),
      page.map((loan) => loan.accrual.penalty),
      page.map((loan) => loan.read.activated_on),
      page.map((loan) => loan.read.closed_through ?? ''),
      page.map((loan) => loan.read.accrued.interest),
      page.map((loan) => loan.read.accrued.fee),
      page.map((loan) => loan.read.accrued.penalty),
      date,
    ],
  );
  const recorded = new Set(moved.rows.map((row) => row.id));
  const loans = page.filter((loan) => recorded.has(loan.id));
  const ids = loans.map((loan) => loan.id);
  if (ids.length === 0) return 0;
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
  await tx('close_batches').insert({ business_date: date, first_loan_id: ids[0] ?? '', totals: JSON.stringify(totalsOf(loans)) });
  return ids.length;
}

export async function readBatches(db: Db | Tx, date: BusinessDate): Promise<BatchTotals[]> {
  const rows = await db('close_batches').where({ business_date: date }).select<{ totals: BatchTotals }[]>('totals');
  return rows.map((row) => row.totals);
}
