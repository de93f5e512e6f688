import { Context } from '@temporalio/activity';
import { openBreak } from '../../db/reconciliation/breaks';
import { businessNow } from '../../db/clock';
import { loansToClose, readBatches, recordPage, type BatchTotals } from '../../db/ledger/close';
import { postEntry, trialBalance } from '../../db/ledger/journal';
import { settlementDifferences, unexplainedDays } from '../../db/reconciliation/settlement';
import { addDays, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { fen } from '../../domain/money/money';
import { ACCRUED, accrued } from '../../domain/ledger/postings';
import type { ActivityDeps } from '../../services/deps';
import { fileDueAt } from '../channel-files';
import type { ProductTable } from './fold-loans';
import { foldHere, foldInThreads, type FoldPool } from './fold-pool';
import { keys } from '../../domain/keys';

/** Loans of one page: read in one statement, folded together, written in one transaction. */
const PAGE = 1_000;
/** From how many loans on the folding is given to threads. */
const WORTH_THREADS = 4 * PAGE;
/** Pages under way at once: one is read, some are folded, one is written. */
const PIPELINE = 3;
/** How often loans that change while they are folded are read again within one try. */
const PASSES_MAX = 5;

function combine(batches: readonly BatchTotals[]): BatchTotals {
  const buckets: Record<string, number> = {};
  const sums: Record<string, { interest: number; fee: number; penalty: number }> = {};
  for (const batch of batches) {
    for (const [bucket, count] of Object.entries(batch.buckets)) buckets[bucket] = (buckets[bucket] ?? 0) + count;
    for (const [product, amounts] of Object.entries(batch.accrued)) {
      const sum = (sums[product] ??= { interest: 0, fee: 0, penalty: 0 });
      for (const component of ACCRUED) sum[component] += amounts[component];
    }
  }
  return {
    loans: batches.reduce((sum, batch) => sum + batch.loans, 0),
    principalFen: batches.reduce((sum, batch) => sum + batch.principalFen, 0),
    buckets,
    accrued: sums,
  };
}

async function closePage(
  deps: ActivityDeps,
  loans: Awaited<ReturnType<typeof loansToClose>>,
  date: BusinessDate,
  pool: FoldPool,
): Promise<void> {
  const closed = await pool.fold(loans, date);
  await deps.db.transaction((tx) => recordPage(tx, date, closed));
}

/** Every loan whose cursor lies before the date. One that changed while it was folded is read again. */
async function closeLoans(deps: ActivityDeps, date: BusinessDate, pool: FoldPool): Promise<void> {
  for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
    await closePages(deps, date, pool);
    if ((await loansToClose(deps.db, date, '', 1)).length === 0) return;
  }
  throw new LoanloomError('UNAVAILABLE', `loans were left behind on ${date}: the day stays open and is tried again`);
}

/** A few pages at a time. The first page that fails stops the day. */
async function closePages(deps: ActivityDeps, date: BusinessDate, pool: FoldPool): Promise<void> {
  const underway = new Set<Promise<void>>();
  for (let after = ''; ;) {
    const loans = await loansToClose(deps.db, date, after, PAGE);
    const last = loans.at(-1);
    if (!last) break;
    after = last.id;
    const work = closePage(deps, loans, date, pool).then(() => {
      underway.delete(work);
    });
    work.catch(() => undefined);
    underway.add(work);
    Context.current().heartbeat(`${date} ${after}`);
    if (underway.size >= PIPELINE) await Promise.race(underway);
  }
  await Promise.all(underway);
}

/** Ledger and payments have to agree before any day is closed on them; the difference becomes a break for engineers. */
async function assertLedgerAgrees(deps: ActivityDeps, today: BusinessDate, at: Instant): Promise<void> {
  const [first] = await deps.db.transaction(async (tx) => {
    const found = await settlementDifferences(tx);
    for (const { channel, ledger, payments } of found)
      await openBreak(
        tx,
        { channel, businessDate: today, code: 'INTERNAL', subject: keys.settlementDay(today), amount: ledger, expected: payments },
        at,
      );
    return found;
  });
  if (first)
    throw new LoanloomError(
      'INTERNAL',
      `the settlement account at ${first.channel} is ${String(first.ledger)} fen, its payments add up to ${String(first.payments)}: no day closes until that is explained`,
    );
}

/** Once its files are due, a day closes only when every channel that moved money is reconciled or its missing file is a case. */
async function assertExplained(deps: ActivityDeps, date: BusinessDate, at: Instant): Promise<void> {
  if (at < fileDueAt(date)) return;
  const open = await unexplainedDays(deps.db, date);
  if (open.length > 0)
    throw new LoanloomError('UNAVAILABLE', `${date} is not reconciled at ${open.join(', ')}: the day stays open and is tried again`);
}

/** The day's books, in one transaction: made whole or not at all. */
async function closeBooks(deps: ActivityDeps, date: BusinessDate): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await tx.raw(`SELECT pg_advisory_xact_lock(hashtext('close-business-day'))`);
    if (await tx('business_day_closes').where({ business_date: date }).first('business_date')) return;
    const totals = combine(await readBatches(tx, date));
    for (const [product, amounts] of Object.entries(totals.accrued)) {
      for (const component of ACCRUED) {
        const key = keys.accrualOfDay(product, component, date);
        await postEntry(tx, { key, loanId: null, businessDate: date, posting: accrued(component, fen(amounts[component])) });
      }
    }
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

async function firstOpenDate(deps: ActivityDeps, through: BusinessDate): Promise<BusinessDate> {
  const last = await deps
    .db('business_day_closes')
    .orderBy('business_date', 'desc')
    .first<{ business_date: BusinessDate } | undefined>('business_date');
  if (last) return addDays(last.business_date, 1);
  const oldest = await deps
    .db('loans')
    .whereNotNull('activated_on')
    .orderBy('activated_on')
    .first<{ activated_on: BusinessDate } | undefined>('activated_on');
  return oldest?.activated_on ?? through;
}

/**
 * Closes every open business date up to and including `through`, in order. Restartable: closed days
 * are skipped, and catching up after missed days books what running daily would have.
 */
async function closeThrough(deps: ActivityDeps, through: BusinessDate, poolFor: (loans: number) => FoldPool): Promise<{ closed: number }> {
  const { now } = await businessNow(deps.db);
  await assertLedgerAgrees(deps, through, now);
  const { count } = (await deps.db('loans').whereNotNull('activated_on').count<{ count: number }[]>('id as count'))[0] ?? { count: 0 };
  const pool = poolFor(count);
  let closed = 0;
  try {
    for (let date = await firstOpenDate(deps, through); date <= through; date = addDays(date, 1)) {
      await assertExplained(deps, date, now);
      await closeLoans(deps, date, pool);
      await closeBooks(deps, date);
      closed += 1;
      Context.current().heartbeat(date);
    }
  } finally {
    await pool.close();
  }
  return { closed };
}

/**
 * Closing business days. Each loan has its own date cursor and each page its own transaction, so a close
 * that was killed goes on where it was; when no loan is left behind, the day's general-ledger entries (one
 * per product and component) are made from the pages' stored sums, and the trial balance decides whether
 * the day may close.
 */
export function createCloseActivities(deps: ActivityDeps, threadsFrom = WORTH_THREADS) {
  const products: ProductTable = Object.fromEntries(
    deps.catalogue.all().map((product) => [`${product.id}@${String(product.version)}`, product]),
  );
  return {
    closeThrough: ({ through }: { through: BusinessDate }): Promise<{ closed: number }> =>
      closeThrough(deps, through, (loans) => (loans >= threadsFrom ? foldInThreads(products) : foldHere(products))),
  };
}
