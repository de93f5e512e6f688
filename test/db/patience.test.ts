import { createDb, isConnectionFault, type Db } from '../../db/pool';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** Guarantee: nothing waits for the database without end, and what was given up is tried again, not refused. */
describe('the database has limited time', () => {
  let database: TestDatabase;
  let hasty: Db;
  beforeAll(async () => {
    database = await createTestDatabase();
    hasty = createDb(database.appUrl, 2, { statementMs: 300, lockMs: 150 });
  });
  afterAll(async () => {
    await hasty.destroy();
    await database.close();
  });

  const faultOf = async (work: () => Promise<unknown>) => {
    const error: unknown = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { code: (error as { code?: string } | undefined)?.code, isPassing: isConnectionFault(error) };
  };

  it('ends a statement that takes too long', async () => {
    expect(await faultOf(() => hasty.raw('SELECT pg_sleep(30)'))).toEqual({ code: '57014', isPassing: true });
    const { rows } = await database.db.raw<{ rows: object[] }>(
      `SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' AND pid <> pg_backend_pid()`,
    );
    expect(rows).toHaveLength(0);
  });

  it('ends the wait for a lock', async () => {
    await database.db.transaction(async (tx) => {
      await tx.raw('SELECT pg_advisory_xact_lock(42)');
      expect(await faultOf(() => hasty.transaction((other) => other.raw('SELECT pg_advisory_xact_lock(42)')))).toEqual({
        code: '55P03',
        isPassing: true,
      });
    });
  });
});
