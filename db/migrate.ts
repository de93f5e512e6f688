import { Client } from 'pg';
import { migrationSource } from '../migrations/index';
import { LoanloomError } from '../domain/errors';
import { createDb, PATIENCE, type Db } from './pool';

/** Any number that no one else uses; the same for every process of one database. */
const MIGRATION_LOCK = 7_261_123;

/**
 * Brings a database to the newest schema. Safe from any number of processes at once and after a kill:
 * a Postgres advisory lock (freed by the server when its holder dies) is held around knex's own lock
 * row, so a knex lock found under it is stale and is cleared.
 */
export async function migrateToLatest(ownerUrl: string): Promise<string[]> {
  return underMigrationLock(ownerUrl, async (db) => {
    await assertNotNewer(db);
    const [, applied] = (await db.migrate.latest({ migrationSource })) as [number, string[]];
    return applied;
  });
}

/** CONFIGURATION for a database that a newer version has migrated: this one would write what that one no longer reads. */
async function assertNotNewer(db: Db): Promise<void> {
  if (!(await db.schema.hasTable('knex_migrations'))) return;
  const applied = await db('knex_migrations').orderBy('id').pluck<string[]>('name');
  const known = new Set((await migrationSource.getMigrations([])).map(({ name }) => name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new LoanloomError(
      'CONFIGURATION',
      `the database is newer than this program (it has ${unknown.join(', ')}): start the version that migrated it, or restore the backup of before (docs/runbooks/restore.md)`,
    );
}

/** Undoes everything, for tests of the down migrations. */
export async function migrateDown(ownerUrl: string): Promise<void> {
  await underMigrationLock(ownerUrl, (db) => db.migrate.rollback({ migrationSource }, true));
}

/** Names of migrations not yet applied. */
export async function pendingMigrations(db: Db): Promise<string[]> {
  const [, pending] = (await db.migrate.list({ migrationSource })) as [unknown, { name: string }[]];
  return pending.map((migration) => migration.name);
}

async function underMigrationLock<T>(ownerUrl: string, work: (db: Db) => Promise<T>): Promise<T> {
  const holder = new Client({ connectionString: ownerUrl, application_name: 'loanloom-migrate' });
  await holder.connect();
  const db = createDb(ownerUrl, 2, PATIENCE.migrations);
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    if (await db.schema.hasTable('knex_migrations_lock')) await db.migrate.forceFreeMigrationsLock({ migrationSource });
    return await work(db);
  } finally {
    await db.destroy();
    await holder.end();
  }
}
