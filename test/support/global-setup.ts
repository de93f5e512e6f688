import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureChannelAccounts } from '../../db/ledger/journal';
import { migrateToLatest } from '../../db/migrate';
import { createDb } from '../../db/pool';
import { freePort } from '../../dev/stack/ports';
import { startPostgres } from '../../dev/stack/postgres';
import { findBinary, TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../../dev/stack/temporal-binaries';
import { workflowBundle } from '../../workers/bundle';
import { enableAppRole, ensureDatabase } from '../../db/owner';
import { CHANNEL_NAMES } from '../../channels/names';

/** One Postgres and one migrated template database for the whole run; each test file clones the template. */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'loanloom-test-'));
  await chmod(folder, 0o755);
  mkdirSync(join(folder, 'logs'));
  const progress = (line: string) => process.stderr.write(`  ${line}\n`);
  const [postgres, temporal, testServer, bundle] = await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres'), port: await freePort(), logDir: join(folder, 'logs'), isThrowAway: true }),
    findBinary(TEMPORAL_CLI, { progress }),
    findBinary(TEMPORAL_TEST_SERVER, { progress }),
    workflowBundle(),
  ]);
  await ensureDatabase(postgres.ownerUrl('postgres'), 'template_loanloom');
  await migrateToLatest(postgres.ownerUrl('template_loanloom'));
  await enableAppRole(postgres.ownerUrl('template_loanloom'));
  const db = createDb(postgres.ownerUrl('template_loanloom'), 1);
  await ensureChannelAccounts(db, CHANNEL_NAMES);
  await db.destroy();
  Object.assign(globalThis, { loanloomPostgres: postgres, loanloomFolder: folder });
  const shared = {
    folder,
    ownerUrl: postgres.ownerUrl('NAME'),
    appUrl: postgres.appUrl('NAME'),
    temporal,
    testServer,
    bundlePath: bundle.codePath,
  };
  const file = join(folder, 'shared.json');
  writeFileSync(file, JSON.stringify(shared));
  process.env.LOANLOOM_TEST_SHARED = file;
}
