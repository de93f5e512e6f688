import { randomBytes } from 'node:crypto';
import { createDb } from '../../db/pool';
import { withClient } from '../../db/owner';
import type { ActivityDeps } from '../../services/deps';
import { urlsOf } from './database';
import type { PaymentDesk } from './payment-desk';

/** The database as it was, restored beside the one that went on; the epoch outside is ahead of its own. */
export interface Restored {
  readonly deps: ActivityDeps;
  readonly ownerUrl: string;
  drop(): Promise<void>;
}

/** A backup of the database as it is now (runbook: CREATE DATABASE … TEMPLATE …). */
export async function backUp(desk: PaymentDesk): Promise<Restored> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source = new URL(desk.database.ownerUrl).pathname.slice(1);
  const { appUrl, ownerUrl, adminUrl } = urlsOf(name);
  await withClient(adminUrl, async (client) => {
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source}'`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  });
  const db = createDb(appUrl, 10);
  return {
    deps: { ...desk.deps, db, restoreEpoch: () => Promise.resolve(2) },
    ownerUrl,
    drop: async () => {
      await db.destroy();
      await withClient(adminUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}
