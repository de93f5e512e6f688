import { writeFileSync } from 'node:fs';
import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { dumpSchema } from '../db/dump-schema';
import { migrateToLatest } from '../db/migrate';
import { createDb } from '../db/pool';
import { freePort } from './stack/ports';
import { startPostgres } from './stack/postgres';

/** Migrates a throw-away database from empty and writes what came out to migrations/schema.sql. */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'loanloom-schema-'));
  await chmod(folder, 0o755);
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: await freePort(), logDir: folder, isThrowAway: true });
  try {
    const url = postgres.ownerUrl('postgres');
    await migrateToLatest(url);
    const db = createDb(url, 1);
    writeFileSync(resolve(__dirname, '../migrations/schema.sql'), await dumpSchema(db));
    await db.destroy();
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
