import { sealAudit } from '../../db/audit';
import { chmod, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureChannelAccounts } from '../../db/ledger/journal';
import { readLoanFile } from '../../db/loan/loan-file';
import { migrateToLatest } from '../../db/migrate';
import { createDb } from '../../db/pool';
import { checkInvariants } from '../../ops/audit/invariants';
import { freePort } from '../../dev/stack/ports';
import { startPostgres, type RunningPostgres } from '../../dev/stack/postgres';
import type { TestDatabase } from '../support/database';
import { shared } from '../support/shared';
import { createWorld, eventually, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';
import { enableAppRole, ensureDatabase } from '../../db/owner';
import { CHANNEL_NAMES } from '../../channels/names';

describe('Postgres killed and restarted in the middle of payouts', () => {
  let postgres: RunningPostgres;
  let world: World;
  let settings: { dataDir: string; port: number; logDir: string };

  beforeAll(async () => {
    const folder = await mkdtemp(join(shared().folder, 'restart-'));
    await chmod(folder, 0o755);
    settings = { dataDir: join(folder, 'postgres'), port: await freePort(), logDir: folder };
    postgres = await startPostgres(settings);
    await ensureDatabase(postgres.ownerUrl('postgres'), 'loanloom');
    await migrateToLatest(postgres.ownerUrl('loanloom'));
    await enableAppRole(postgres.ownerUrl('loanloom'));
    const db = createDb(postgres.appUrl('loanloom'), 20);
    await ensureChannelAccounts(db, CHANNEL_NAMES);
    const database: TestDatabase = {
      db,
      appUrl: postgres.appUrl('loanloom'),
      ownerUrl: postgres.ownerUrl('loanloom'),
      close: () => db.destroy(),
    };
    world = await createWorld({ server: 'dev', database });
  });

  afterAll(async () => {
    await world.close();
    await postgres.stop();
  });

  it('loses nothing: every loan is paid out once and the books agree', async () => {
    const fleet = await world.startFleet();
    const loans = await Promise.all(Array.from({ length: 6 }, () => seedLoan(world.deps)));
    for (const { loanId } of loans) await world.banks.script({ kind: 'PAYOUT', reference: loanId, behaviour: 'slow', delayMs: 300 });
    await Promise.all(loans.map(({ loanId }) => startLoan(world.client, loanId)));
    await eventually('some bookings', async () => (await world.banks.books()).entries.length >= 2);
    process.kill(postgres.child.pid, 'SIGKILL');
    await postgres.child.exited;
    await eventually('all bookings', async () => (await world.banks.books()).entries.length >= 2);
    postgres = await startPostgres(settings);
    for (const { loanId } of loans) {
      await eventually(
        `the payout of ${loanId}`,
        () =>
          readLoanFile(world.deps.db, loanId).then(
            (file) => file.loan.status === 'ACTIVE',
            () => undefined,
          ),
        90_000,
      );
    }
    const books = await world.banks.books();
    expect(books.entries.filter((entry) => entry.kind === 'PAYOUT' && entry.state === 'BOOKED')).toHaveLength(loans.length);
    await sealAudit(world.deps.db, 1_000);
    for (const check of await checkInvariants({ db: world.deps.db, client: world.client, books })) expect(check.violations).toEqual([]);
    await fleet.stop();
  });
});
