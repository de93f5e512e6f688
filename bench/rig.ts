import { mkdtempSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { ActivityDeps } from '../services/deps';
import { createChannels } from '../channels/index';
import { Borrowers } from '../db/party/borrowers';
import { ensureChannelAccounts } from '../db/ledger/journal';
import { migrateToLatest } from '../db/migrate';
import { createDb, type Db } from '../db/pool';
import { createVault } from '../db/party/vault';
import { createFileKeys, newKeyRing } from '../providers/keys/file';
import { createCatalogue } from '../domain/product/products';
import { freePort } from '../dev/stack/ports';
import { startPostgres } from '../dev/stack/postgres';
import { startTemporal } from '../dev/stack/temporal-server';
import { createSimulator } from '../simulator/server';
import { workflowBundle } from '../workers/bundle';
import { startFleet } from '../workers/fleet';
import { enableAppRole, ensureDatabase } from '../db/owner';
import { CHANNEL_NAMES } from '../channels/names';
import { IDENTITY_CHECKS } from '../domain/party/identity-checks';

const silent = new DefaultLogger('ERROR', () => undefined);

/** Real Postgres, dev server, banks and workers for a benchmark, plus a worker for the floor on the same server. */
export interface Rig {
  readonly deps: ActivityDeps;
  readonly client: Client;
  /** How often each statement was sent so far. */
  readonly statements: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

async function floorWorkers(connection: NativeConnection): Promise<Worker[]> {
  const bundle = await bundleWorkflowCode({ workflowsPath: join(__dirname, 'floor-workflows.ts'), logger: silent });
  const activities = { empty: () => Promise.resolve() };
  return Promise.all([
    Worker.create({
      connection,
      taskQueue: 'floor',
      workflowBundle: bundle,
      activities,
      maxCachedWorkflows: 500,
      workflowTaskPollerBehavior: { type: 'autoscaling', initial: 4, minimum: 2, maximum: 20 },
    }),
    Worker.create({ connection, taskQueue: 'floor-channel', activities }),
  ]);
}

/** A Postgres of the benchmark's own, migrated, in a folder that is removed with it. */
export interface BenchDatabase {
  readonly folder: string;
  readonly db: Db;
  readonly ownerUrl: string;
  close(): Promise<void>;
}

export async function createBenchDatabase(): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'loanloom-bench-'));
  await chmod(folder, 0o755);
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: await freePort(), logDir: folder });
  await ensureDatabase(postgres.ownerUrl('postgres'), 'loanloom');
  await migrateToLatest(postgres.ownerUrl('loanloom'));
  await enableAppRole(postgres.ownerUrl('loanloom'));
  const db = createDb(postgres.appUrl('loanloom'), 30);
  return {
    folder,
    db,
    ownerUrl: postgres.ownerUrl('loanloom'),
    close: async () => {
      await db.destroy();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What activities need, over a benchmark's database; nothing leaves the process but to the given channels. */
export function benchDeps(db: Db, channels: ActivityDeps['channels']): ActivityDeps {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'loanloom-bench-')), 'keys.json');
  writeFileSync(keyFile, newKeyRing(), { mode: 0o600 });
  const vault = createVault(createFileKeys(keyFile));
  return {
    db,
    vault,
    borrowers: new Borrowers(vault),
    catalogue: createCatalogue(),
    channels,
    houseBank: { statement: () => Promise.resolve({ state: 'READY', nets: new Map() }) },
    mailer: { send: () => Promise.resolve() },
    identitySources: new Map(
      IDENTITY_CHECKS.map((check) => [
        check,
        { name: 'bench', check, priceFen: 0, ask: () => Promise.resolve({ answer: 'MATCH', detail: '0', body: '{}' }) },
      ]),
    ),
    signing: {
      name: 'bench',
      missing: () => Promise.resolve(null),
      seal: ({ document }) => Promise.resolve({ kind: 'SEALED', document, verification: { signatures: [], checked: [], faults: [] } }),
      verify: () => Promise.resolve({ signatures: [], checked: [], faults: [] }),
    },
    tombstones: { add: () => Promise.resolve(), all: () => Promise.resolve([]) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    restoreEpoch: () => Promise.resolve(1),
  };
}

/** How often each statement was sent, by its text with the lists of values taken out. */
function countStatements(db: Db): Map<string, number> {
  const counts = new Map<string, number>();
  db.on('query', ({ sql }: { sql: string }) => {
    const text = sql
      .replace(/\s+/g, ' ')
      .replace(/trx\d+/g, 'trx')
      .replace(/\((?:\?|\$\d+|DEFAULT)(?:, (?:\?|\$\d+|DEFAULT))*\)(?:, \((?:\?|\$\d+|DEFAULT)(?:, (?:\?|\$\d+|DEFAULT))*\))*/gi, '(…)')
      .trim();
    counts.set(text, (counts.get(text) ?? 0) + 1);
  });
  return counts;
}

export async function createRig(): Promise<Rig> {
  Runtime.install({ telemetryOptions: { logging: { forward: {}, filter: 'OFF' } }, logger: silent });
  const database = await createBenchDatabase();
  const { folder, db } = database;
  const temporal = await startTemporal({ port: await freePort(), logDir: folder });
  const secrets = Object.fromEntries(CHANNEL_NAMES.map((name) => [name, `secret-of-${name}`]));
  const banks = createSimulator({ secrets });
  await new Promise<void>((resolve) => banks.listen(0, '127.0.0.1', resolve));
  const statements = countStatements(db);
  await ensureChannelAccounts(db, CHANNEL_NAMES);
  const baseUrl = `http://127.0.0.1:${String((banks.address() as AddressInfo).port)}`;
  const deps = benchDeps(db, createChannels({ baseUrl, secrets, timeoutMs: 10_000 }));
  const connection = await NativeConnection.connect({ address: temporal.address });
  const fleet = await startFleet({ connection, namespace: 'default', deps, bundle: await workflowBundle(), stickyTimeoutMs: 2_000 });
  const workers = await floorWorkers(connection);
  const running = Promise.all([fleet.running, ...workers.map((worker) => worker.run())]);
  const clientConnection = await Connection.connect({ address: temporal.address });
  return {
    deps,
    client: new Client({ connection: clientConnection }),
    statements,
    close: async () => {
      fleet.shutdown();
      for (const worker of workers) worker.shutdown();
      await running;
      await clientConnection.close();
      await connection.close();
      await new Promise((resolve) => banks.close(resolve));
      await temporal.stop();
      await database.close();
    },
  };
}
