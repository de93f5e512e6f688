import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { dumpSchema } from '../../db/dump-schema';
import { migrateDown, migrateToLatest, pendingMigrations } from '../../db/migrate';
import { createDb } from '../../db/pool';
import {
  APPLICATION_TRANSITIONS,
  ATTEMPT_TRANSITIONS,
  BREAK_TRANSITIONS,
  INSTRUCTION_TRANSITIONS,
  LOAN_TRANSITIONS,
} from '../../domain/states';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { eventually } from '../support/world';
import { withClient } from '../../db/owner';

describe('migrations', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
  });

  afterEach(() => database.close());

  async function schema(): Promise<string> {
    const db = createDb(database.ownerUrl, 1);
    try {
      return await dumpSchema(db);
    } finally {
      await db.destroy();
    }
  }

  const committed = readFileSync(resolve(__dirname, '../../migrations/schema.sql'), 'utf8');
  const migrateInProcess = () =>
    spawn(process.execPath, ['--import', 'tsx', resolve(__dirname, '../support/migrate-once.ts'), database.ownerUrl], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  const ended = (child: ReturnType<typeof migrateInProcess>) =>
    new Promise<number | null>((done) => {
      child.on('exit', done);
    });

  it('build, from empty, exactly the committed schema', async () => {
    await migrateToLatest(database.ownerUrl);
    expect(await schema()).toBe(committed);
  });

  it('change nothing when they run again', async () => {
    expect((await migrateToLatest(database.ownerUrl)).length).toBeGreaterThan(0);
    expect(await migrateToLatest(database.ownerUrl)).toEqual([]);
  });

  it('leave a database alone that a newer version has migrated, and say what to do', async () => {
    await migrateToLatest(database.ownerUrl);
    const db = createDb(database.ownerUrl, 1);
    try {
      await db('knex_migrations').insert({ name: '20991231000000_of_tomorrow', batch: 99, migration_time: new Date() });
      await expect(migrateToLatest(database.ownerUrl)).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining('20991231000000_of_tomorrow') as string,
      });
      expect(await schema()).toBe(committed);
    } finally {
      await db.destroy();
    }
  });

  it('go down to nothing and up again to the same schema', async () => {
    await migrateToLatest(database.ownerUrl);
    await migrateDown(database.ownerUrl);
    expect(await schema()).not.toContain('CREATE TABLE');
    await migrateToLatest(database.ownerUrl);
    expect(await schema()).toBe(committed);
  });

  it('run once when twenty processes start at the same time', async () => {
    const children = Array.from({ length: 20 }, migrateInProcess);
    expect(await Promise.all(children.map(ended))).toEqual(Array.from({ length: 20 }, () => 0));
    expect(await schema()).toBe(committed);
    const applied = await withClient(
      database.ownerUrl,
      async (client) => (await client.query<{ name: string }>('SELECT name FROM knex_migrations')).rows,
    );
    expect(new Set(applied.map((row) => row.name)).size).toBe(applied.length);
  });

  it('are finished by the next process when one is killed half-way, although its lock row stayed behind', async () => {
    // A session that holds the last migration up: it wants a role that another transaction has just altered.
    const victim = migrateInProcess();
    const blocker = createDb(database.ownerUrl, 1);
    await eventually(
      'the first tables',
      async () =>
        (await withClient(
          database.ownerUrl,
          async (client) => (await client.query(`SELECT FROM pg_tables WHERE tablename = 'knex_migrations_lock'`)).rowCount,
        )) === 1,
    );
    victim.kill('SIGKILL');
    await ended(victim);
    await blocker.raw(`UPDATE knex_migrations_lock SET is_locked = 1`);
    await blocker.destroy();
    await migrateToLatest(database.ownerUrl);
    expect(await schema()).toBe(committed);
    const db = createDb(database.ownerUrl, 1);
    expect(await pendingMigrations(db)).toEqual([]);
    await db.destroy();
  });

  it('hold the same state machines as the domain', async () => {
    await migrateToLatest(database.ownerUrl);
    const rows = await withClient(
      database.ownerUrl,
      async (client) =>
        (await client.query<{ machine: string; from_state: string; to_state: string }>('SELECT * FROM state_transitions')).rows,
    );
    const inDatabase = rows
      .filter((row) => row.machine !== 'command')
      .map((row) => `${row.machine} ${row.from_state} ${row.to_state}`)
      .sort();
    const tables = {
      application: APPLICATION_TRANSITIONS,
      loan: LOAN_TRANSITIONS,
      instruction: INSTRUCTION_TRANSITIONS,
      attempt: ATTEMPT_TRANSITIONS,
      break: BREAK_TRANSITIONS,
    };
    const inDomain = Object.entries(tables).flatMap(([machine, table]) =>
      Object.entries(table).flatMap(([from, targets]) => targets.map((to: string) => `${machine} ${from} ${to}`)),
    );
    expect(inDatabase).toEqual(inDomain.sort());
  });
});
