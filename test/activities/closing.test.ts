import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createCloseActivities } from '../../activities/close/index';
import type { ActivityDeps } from '../../services/deps';
import { readLoanFile, recordOf } from '../../db/loan/loan-file';
import { trialBalance } from '../../db/ledger/journal';
import { addDays, businessDate, type BusinessDate } from '../../domain/time/dates';
import { loanAccount } from '../../domain/loan/loan-account';
import { fen } from '../../domain/money/money';
import { createCatalogue } from '../../domain/product/products';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { recordFact, seedActiveLoan } from '../support/seed';
import { createDeps, startBanks, type Banks } from '../support/world';

const START = businessDate('2026-11-24');

describe('closing business days', () => {
  let banks: Banks;
  const databases: TestDatabase[] = [];

  beforeAll(async () => {
    banks = await startBanks();
  });

  afterAll(async () => {
    await banks.close();
    for (const database of databases) await database.close();
  });

  /** A book of loans of every product, some paid, some late: the same each time. */
  async function book(): Promise<ActivityDeps> {
    const database = await createTestDatabase();
    databases.push(database);
    const deps = createDeps(database, banks, []);
    for (const [index, product] of deps.catalogue.all().entries()) {
      const { loanId } = await seedActiveLoan(deps, {
        productId: product.id,
        termMonths: 6,
        on: addDays(START, index),
        loanId: `loan-${String(index).padStart(3, '0')}`,
      });
      await deps.db.transaction(async (tx) => {
        if (index % 2 === 0)
          await recordFact(tx, loanId, { key: 'p1', type: 'REPAYMENT', valueDate: addDays(START, 33), amount: fen(150_000) });
        if (index === 3)
          await recordFact(tx, loanId, { key: 'fee', type: 'CHARGE', valueDate: addDays(START, 20), amount: fen(2_000), component: 'fee' });
      });
    }
    return deps;
  }

  const close = (deps: ActivityDeps, through: BusinessDate, threadsFrom?: number) => {
    const activities = createCloseActivities(deps, threadsFrom);
    return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => undefined) }).run(
      (input: { through: BusinessDate }) => activities.closeThrough(input),
      { through },
    );
  };

  async function books(deps: ActivityDeps) {
    const accruals = await deps
      .db('loan_accruals')
      .orderBy(['loan_id', 'business_date', 'component'])
      .select('loan_id', 'business_date', 'component', 'amount_fen');
    const snapshots = await deps.db('loan_day_snapshots').orderBy(['loan_id', 'business_date']).select();
    const closes = await deps.db('business_day_closes').orderBy('business_date').select('business_date', 'totals');
    const entries = await deps
      .db('journal_entries as e')
      .join('journal_lines as l', 'l.entry_id', 'e.id')
      .where('e.key', 'like', 'accrual:%')
      .orderBy(['e.key', 'l.line'])
      .select('e.key', 'e.business_date', 'l.account', 'l.side', 'l.amount_fen');
    return { accruals, snapshots, closes, entries };
  }

  const LAST = addDays(START, 45);

  it('gives the same books caught up in one go, day by day, or on threads', async () => {
    const [atOnce, daily, threaded] = [await book(), await book(), await book()];
    await close(atOnce, LAST);
    for (let day = START; day <= LAST; day = addDays(day, 1)) await close(daily, day);
    await close(threaded, LAST, 1);
    const expected = await books(atOnce);
    expect(await books(daily)).toEqual(expected);
    expect(await books(threaded)).toEqual(expected);
    expect(expected.closes).toHaveLength(46);
  });

  it('posts exactly what the fold has earned, by component, and keeps the trial balance', async () => {
    const deps = await book();
    await close(deps, LAST);
    for (const { id } of await deps.db('loans').select<{ id: string }[]>('id')) {
      const file = await readLoanFile(deps.db, id);
      const account = loanAccount(recordOf(deps.catalogue, file), LAST);
      expect(file.loan).toMatchObject({
        closed_through: LAST,
        accrued_interest_fen: account.interestAccrued,
        accrued_fee_fen: account.feesCharged,
        accrued_penalty_fen: account.penaltyAccrued,
      });
    }
    const income = (await trialBalance(deps.db)).filter((row) => row.account.endsWith('-income'));
    expect(income.map((row) => row.account)).toEqual(['fee-income', 'interest-income', 'penalty-income']);
    for (const row of income) {
      const component = row.account.replace('-income', '');
      const posted = await deps
        .db('loan_accruals')
        .where({ component })
        .first<{ sum: number }>(deps.db.raw('sum(amount_fen)::bigint AS sum'));
      expect(row.credit - row.debit).toBe(posted.sum);
    }
  });

  it('corrects a backdated payment by one new entry on the next day; closed days stay as they are', async () => {
    const deps = await book();
    await close(deps, LAST);
    const before = await books(deps);
    await deps.db.transaction((tx) =>
      recordFact(tx, 'loan-001', { key: 'late', type: 'REPAYMENT', valueDate: addDays(START, 32), amount: fen(300_000) }),
    );
    await close(deps, addDays(LAST, 1));
    const after = await books(deps);
    expect(after.closes.slice(0, -1)).toEqual(before.closes);
    expect(after.accruals.filter((row) => row.business_date <= LAST)).toEqual(before.accruals);
    const file = await readLoanFile(deps.db, 'loan-001');
    const account = loanAccount(recordOf(deps.catalogue, file), addDays(LAST, 1));
    expect([file.loan.accrued_interest_fen, file.loan.accrued_penalty_fen]).toEqual([account.interestAccrued, account.penaltyAccrued]);
  });

  it('leaves a day open when a loan cannot be folded, and finishes it once it can', async () => {
    const deps = await book();
    const missing = createCatalogue();
    const poor: ActivityDeps = {
      ...deps,
      catalogue: { ...missing, all: () => missing.all().filter((product) => product.id !== 'consumer-flat') },
    };
    await expect(close(poor, LAST)).rejects.toMatchObject({ code: 'PRODUCT_NOT_FOUND' });
    await expect(close(poor, LAST, 1)).rejects.toMatchObject({ code: 'INTERNAL' });
    const open = await deps.db('business_day_closes').max<{ max: string | null }[]>('business_date as max');
    expect(open[0]!.max).not.toBe(LAST);
    await close(deps, LAST);
    const clean = await book();
    await close(clean, LAST);
    expect(await books(deps)).toEqual(await books(clean));
  });

  it('can be run twice, and by two at once, without posting anything twice', async () => {
    const deps = await book();
    const outcomes = await Promise.allSettled([close(deps, LAST), close(deps, LAST)]);
    expect(outcomes.some((outcome) => outcome.status === 'fulfilled')).toBe(true);
    await close(deps, LAST);
    const clean = await book();
    await close(clean, LAST);
    const [ours, theirs] = [await books(deps), await books(clean)];
    expect(ours.accruals).toEqual(theirs.accruals);
    expect(ours.entries).toEqual(theirs.entries);
  });
});
