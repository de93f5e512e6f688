import { randomBytes } from 'node:crypto';
import { createDb, type Db } from '../../db/pool';
import { shared } from './shared';
import { withClient } from '../../db/owner';

export interface TestDatabase {
  /** As the application's role. */
  readonly db: Db;
  readonly appUrl: string;
  readonly ownerUrl: string;
  close(): Promise<void>;
}

export function urlsOf(name: string): { appUrl: string; ownerUrl: string; adminUrl: string } {
  const { appUrl, ownerUrl } = shared();
  return { appUrl: appUrl.replace('NAME', name), ownerUrl: ownerUrl.replace('NAME', name), adminUrl: ownerUrl.replace('NAME', 'postgres') };
}

/** Makes every channel look as good as new to the router: for tests that make one misbehave. */
export async function forgetChannelCalls(database: TestDatabase): Promise<void> {
  await withClient(database.ownerUrl, (client) => client.query('TRUNCATE channel_calls, channel_decisions'));
}

/** A database of the test file's own: a clone of the migrated template, or empty. */
export async function createTestDatabase(options: { isEmpty?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const { appUrl, ownerUrl, adminUrl } = urlsOf(name);
  await withClient(adminUrl, async (client) => {
    // CREATE DATABASE fails while another session copies the same template.
    await client.query('SELECT pg_advisory_lock(1)');
    await client.query(`CREATE DATABASE ${name}${options.isEmpty ? '' : ' TEMPLATE template_loanloom'}`);
  });
  const db = createDb(appUrl, 20);
  // No worker looks at the signing service where only services run.
  if (!options.isEmpty)
    await withClient(ownerUrl, (client) =>
      client.query("INSERT INTO signing_services (name, fresh_until) VALUES ('pades', now() + interval '1 day')"),
    );
  return {
    db,
    appUrl,
    ownerUrl,
    close: async () => {
      await db.destroy();
      await withClient(adminUrl, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      });
    },
  };
}
