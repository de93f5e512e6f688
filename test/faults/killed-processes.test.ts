import { randomUUID } from 'node:crypto';
import { mintToken } from '../../api/auth';
import { readLoanFile } from '../../db/loan/loan-file';
import { checkInvariants } from '../../ops/audit/invariants';
import { accepts } from '../../dev/stack/child';
import { freePort } from '../../dev/stack/ports';
import { startRelay } from '../../workers/relay';
import { startBlackHole, startProcess, type ProcessSettings } from '../support/processes';
import { createFileKeys } from '../../providers/keys/file';
import { newKeyFile } from '../support/keepers';
import { createWorld, eventually, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';

const tokenSecret = 'a-secret-for-tests-of-32-bytes-or-more';

describe('processes killed with -9', () => {
  let world: World;
  const keyFile = newKeyFile();

  beforeAll(async () => {
    world = await createWorld({ server: 'dev', keys: createFileKeys(keyFile) });
  });

  afterAll(() => world.close());

  const settings = (more: Partial<ProcessSettings> = {}): ProcessSettings => ({
    databaseUrl: world.database.appUrl,
    temporalAddress: world.address,
    banks: world.banks,
    keyFile,
    tokenSecret,
    ...more,
  });
  const ofLoan = async (loanId: string, kind: 'PAYOUT' | 'DEBIT') =>
    (await world.banks.books()).entries.filter((entry) => entry.reference === loanId && entry.kind === kind && entry.state === 'BOOKED');

  it('pays out exactly once when the worker dies after the bank accepted', async () => {
    const { loanId } = await seedLoan(world.deps);
    // The bank books at once and takes its time to answer: the worker dies in between.
    await world.banks.script({ kind: 'PAYOUT', reference: loanId, behaviour: 'slow', delayMs: 50_000 });
    const first = startProcess('workers/main.ts', settings());
    await startLoan(world.client, loanId);
    await eventually('the bank’s booking', async () => (await ofLoan(loanId, 'PAYOUT')).length === 1);
    expect((await readLoanFile(world.deps.db, loanId)).loan.status).toBe('APPROVED');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;

    const second = startProcess('workers/main.ts', settings());
    await eventually('the payout’s confirmation', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'ACTIVE', 90_000);
    expect(await ofLoan(loanId, 'PAYOUT')).toHaveLength(1);
    for (const check of await checkInvariants({ db: world.deps.db, client: world.client, books: await world.banks.books() }))
      expect(check.violations).toEqual([]);
    await second.stop('SIGTERM', 8_000);
  });

  it('starts an application once when the API dies between its commit and the workflow’s start', async () => {
    const hole = await startBlackHole();
    const port = await freePort();
    const api = startProcess('api/server.ts', settings({ temporalAddress: hole.address, apiPort: port }));
    await api.ready(() => accepts(port), 30_000);
    const token = await mintToken(new TextEncoder().encode(tokenSecret), 'unlucky', 1);
    const key = randomUUID();
    const ask = (to: number) =>
      fetch(`http://127.0.0.1:${String(to)}/v1/applications`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': key, 'content-type': 'application/json' },
        body: JSON.stringify({ productId: 'consumer-installment' }),
      });
    const lost = ask(port).then(
      () => 'answered',
      () => 'lost',
    );
    const application = await eventually('the commit', () =>
      world.deps.db('applications').where({ borrower_id: 'unlucky' }).first<{ id: string } | undefined>('id'),
    );
    process.kill(api.pid, 'SIGKILL');
    expect(await lost).toBe('lost');
    hole.server.close();

    const relay = startRelay(world.deps, world.client);
    const running = await eventually('the workflow', () =>
      world.client.workflow
        .getHandle(`application-${application.id}`)
        .describe()
        .catch(() => undefined),
    );
    expect(running.status.name).toBe('RUNNING');
    const again = startProcess('api/server.ts', settings({ apiPort: port }));
    await again.ready(() => accepts(port), 30_000);
    const repeated = (await (await ask(port)).json()) as { result: { applicationId: string } };
    expect(repeated.result.applicationId).toBe(application.id);
    expect(await world.deps.db('applications').where({ borrower_id: 'unlucky' })).toHaveLength(1);
    await relay.stop();
    await again.stop('SIGTERM', 8_000);
  });
});
