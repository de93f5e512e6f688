import { readLoanFiles, type LoanFile } from '../db/loans';
import { postEntry, trialBalance } from '../db/journal';
import type { Tx } from '../db/pool';
import { foldAccount } from '../domain/account';
import { addDays, type BusinessDate } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import { fen, type Fen } from '../domain/money';
import { interestAccrued } from '../domain/postings';
import { Context } from '@temporalio/activity';
import type { ActivityDeps } from './deps';

const PAGE = 500;

interface DayTotals {
  loans: number;
  accruedFen: number;
  principalFen: number;
  buckets: Record<string, number>;
}

/** Closing business days: per loan the accrual still missing and a delinquency snapshot, per product one journal entry, then the trial balance. */
export function createCloseActivities(deps: ActivityDeps) {
  async function closePage(
    tx: Tx,
    date: BusinessDate,
    files: readonly LoanFile[],
    totals: DayTotals,
    perProduct: Map<string, number>,
  ): Promise<void> {
    const live = files.filter((file) => file.loan.activated_on !== null && file.loan.activated_on <= date);
    if (live.length === 0) return;
    const ids = live.map((file) => file.loan.id);
    const posted = await tx('loan_accruals')
      .whereIn('loan_id', ids)
      .groupBy('loan_id')
      .select<{ loan_id: string; total: number }[]>('loan_id', tx.raw('sum(amount_fen)::bigint AS total'));
    const postedBy = new Map(posted.map((row) => [row.loan_id, row.total]));
    const accruals: { loan_id: string; business_date: BusinessDate; amount_fen: Fen }[] = [];
    const snapshots = live.map((file) => {
      const account = foldAccount({ schedule: file.schedule, facts: file.facts, asOf: date });
      const difference = fen(account.interestAccrued - (postedBy.get(file.loan.id) ?? 0));
      if (difference !== 0) {
        accruals.push({ loan_id: file.loan.id, business_date: date, amount_fen: difference });
        perProduct.set(file.loan.product_id, (perProduct.get(file.loan.product_id) ?? 0) + difference);
      }
      totals.loans += 1;
      totals.accruedFen += difference;
      totals.principalFen += account.outstanding.principal;
      totals.buckets[account.bucket] = (totals.buckets[account.bucket] ?? 0) + 1;
      return {
        loan_id: file.loan.id,
        business_date: date,
        status: account.status,
        days_past_due: account.daysPastDue,
        bucket: account.bucket,
        principal_fen: account.outstanding.principal,
        interest_fen: account.outstanding.interest,
      };
    });
    if (accruals.length > 0) await tx('loan_accruals').insert(accruals);
    await tx('loan_day_snapshots').insert(snapshots);
  }

  /** One day in one transaction: closed whole or not at all. */
  async function closeDay(date: BusinessDate): Promise<void> {
    await deps.db.transaction(async (tx) => {
      await tx.raw(`SELECT pg_advisory_xact_lock(hashtext('close-business-day'))`);
      if (await tx('business_day_closes').where({ business_date: date }).first('business_date')) return;
      const totals: DayTotals = { loans: 0, accruedFen: 0, principalFen: 0, buckets: {} };
      const perProduct = new Map<string, number>();
      for (let after = ''; ;) {
        const files = await readLoanFiles(tx, after, PAGE);
        await closePage(tx, date, files, totals, perProduct);
        const last = files.at(-1);
        if (!last || files.length < PAGE) break;
        after = last.loan.id;
      }
      for (const [product, amount] of perProduct)
        await postEntry(tx, { key: `accrual:${product}:${date}`, loanId: null, businessDate: date, posting: interestAccrued(fen(amount)) });
      const balances = await trialBalance(tx, date);
      const debit = balances.reduce((sum, row) => sum + row.debit, 0);
      const credit = balances.reduce((sum, row) => sum + row.credit, 0);
      if (debit !== credit)
        throw new LoanloomError('INTERNAL', `the trial balance of ${date} is off by ${String(debit - credit)} fen: the day stays open`);
      await tx('business_day_closes').insert({
        business_date: date,
        revision: 0,
        totals: JSON.stringify({ ...totals, debitFen: debit, creditFen: credit }),
      });
    });
  }

  return {
    /**
     * Closes every open business date up to and including `through`, in order. Restartable: closed days
     * are skipped, and catching up after missed days books what running daily would have.
     */
    async closeThrough(input: { through: BusinessDate }): Promise<{ closed: number }> {
      const last = await deps
        .db('business_day_closes')
        .orderBy('business_date', 'desc')
        .first<{ business_date: BusinessDate } | undefined>('business_date');
      const oldest = await deps
        .db('loans')
        .whereNotNull('activated_on')
        .orderBy('activated_on')
        .first<{ activated_on: BusinessDate } | undefined>('activated_on');
      let closed = 0;
      const first = last ? addDays(last.business_date, 1) : (oldest?.activated_on ?? input.through);
      for (let date = first; date <= input.through; date = addDays(date, 1)) {
        await closeDay(date);
        closed += 1;
        Context.current().heartbeat(date);
      }
      return { closed };
    },
  };
}
