import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { ActivityDeps } from '../../services/deps';
import type { Mail } from '../../providers/messages/port';
import { createHouseBank } from '../../channels/adapters/house-bank';
import { createChannels, linkTo } from '../../channels/index';
import { Borrowers } from '../../db/party/borrowers';
import { createPadesProvider } from '../../providers/signature/pades';
import { createVault } from '../../db/party/vault';
import { createCatalogue, type Catalogue } from '../../domain/product/products';
import type { BankBooks } from '../../ops/audit/bank-books';
import { freePort } from '../../dev/stack/ports';
import { startTemporal, type RunningTemporal } from '../../dev/stack/temporal-server';
import { createSimulator } from '../../simulator/server';
import type { Script } from '../../simulator/scripts';
import { startFleet as startWorkers } from '../../workers/fleet';
import { ALL_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes';
import { createTestDatabase, type TestDatabase } from './database';
import { fileKeys } from './keepers';
import { shared } from './shared';
import { OUTSIDE_SECRET_NAMES } from '../../ops/secrets';
import type { Tombstone, Tombstones } from '../../config/tombstones';
import { createIdentitySources } from '../../providers/identity/index';
import type { KeyProvider } from '../../providers/keys/port';

Runtime.install({ telemetryOptions: { logging: { forward: {}, filter: 'OFF' } }, logger: new DefaultLogger('ERROR', () => undefined) });

export const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** SDK enum numbers of search-attribute types. */
const ATTRIBUTE_TYPE: Readonly<Record<string, number>> = { TEXT: 1, KEYWORD: 2, INT: 3, DOUBLE: 4, BOOL: 5, DATETIME: 6 };

export interface Banks {
  readonly url: string;
  readonly secrets: Record<string, string>;
  /** Of the certificate authority. */
  readonly rootPem: string;
  script(script: Omit<Script, 'times'> & { times?: number }): Promise<void>;
  /** Any other thing that simulator/control.ts takes. */
  tell(what: string, input: object): Promise<void>;
  books(): Promise<BankBooks>;
  close(): Promise<void>;
}

/** The simulated banks, over real HTTP. */
export async function startBanks(): Promise<Banks> {
  const secrets = Object.fromEntries(OUTSIDE_SECRET_NAMES.map((name) => [name, `secret-of-${name}`]));
  const server: Server = createSimulator({ secrets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const tell = async (what: string, input: object) => {
    const response = await fetch(`${url}/${what}`, { method: 'POST', body: JSON.stringify(input) });
    if (!response.ok) throw new Error(await response.text());
  };
  return {
    url,
    secrets,
    rootPem: await (await fetch(`${url}/ca/root.pem`)).text(),
    script: (script) => tell('scripts', script),
    tell,
    books: async () => (await (await fetch(`${url}/books`)).json()) as BankBooks,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

export interface World {
  readonly database: TestDatabase;
  readonly deps: ActivityDeps;
  readonly banks: Banks;
  readonly mails: Mail[];
  readonly client: Client;
  /** The time-skipping environment; undefined on the dev server. */
  readonly environment: TestWorkflowEnvironment | undefined;
  readonly address: string;
  /** Starts the worker fleet; several may run one after another. */
  startFleet(): Promise<Fleet>;
  close(): Promise<void>;
}

export interface Fleet {
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly server: 'time-skipping' | 'dev';
  readonly catalogue?: Catalogue;
  readonly channelTimeoutMs?: number;
  /** The dev server's: how long a skipped timer waits before it fires. */
  readonly timerShiftMs?: number;
  /** By default a new file of the test's own. */
  readonly keys?: KeyProvider;
  /** What stands outside the database; 1 is what a new one has. */
  readonly restoreEpoch?: number;
  /** By default a clone of the run's template. */
  readonly database?: TestDatabase;
}

export function createDeps(
  database: TestDatabase,
  banks: Banks,
  mails: Mail[],
  options: Pick<WorldOptions, 'catalogue' | 'channelTimeoutMs' | 'keys' | 'restoreEpoch'> = {},
): ActivityDeps {
  const vault = createVault(options.keys ?? fileKeys());
  return {
    db: database.db,
    vault,
    borrowers: new Borrowers(vault),
    catalogue: options.catalogue ?? createCatalogue(),
    channels: createChannels({ baseUrl: banks.url, secrets: banks.secrets, timeoutMs: options.channelTimeoutMs ?? 400 }),
    houseBank: createHouseBank(linkTo({ baseUrl: banks.url, secrets: banks.secrets, timeoutMs: 2_000 }, 'housebank')),
    mailer: {
      send: (mail) => {
        mails.push(mail);
        return Promise.resolve();
      },
    },
    identitySources: createIdentitySources({
      baseUrl: `${banks.url}/identity`,
      secrets: banks.secrets,
      timeoutMs: options.channelTimeoutMs ?? 400,
    }),
    signing: createPadesProvider({
      link: { baseUrl: `${banks.url}/ca`, secret: banks.secrets.ca ?? '', timeoutMs: 5_000 },
      trustedRoots: () => Promise.resolve(banks.rootPem),
    }),
    tombstones: memoryTombstones(),
    log: quiet,
    restoreEpoch: () => Promise.resolve(options.restoreEpoch ?? 1),
  };
}

/** Tombstones of a test's own. */
export function memoryTombstones(): Tombstones {
  const kept: Tombstone[] = [];
  return {
    add: (tombstone) => {
      kept.push(tombstone);
      return Promise.resolve();
    },
    all: () => Promise.resolve([...kept]),
  };
}

async function connectTestServer(): Promise<TestWorkflowEnvironment> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: shared().testServer }, port: await freePort() },
  });
  const searchAttributes = Object.fromEntries(ALL_SEARCH_ATTRIBUTES.map((key) => [key.name, ATTRIBUTE_TYPE[key.type] ?? 2]));
  await environment.connection.operatorService.addSearchAttributes({ namespace: environment.namespace ?? 'default', searchAttributes });
  return environment;
}

/** Real Postgres, real banks over HTTP, a real Temporal server: everything but a mail server. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const database = options.database ?? (await createTestDatabase());
  const banks = await startBanks();
  const mails: Mail[] = [];
  const deps = createDeps(database, banks, mails, options);
  let environment: TestWorkflowEnvironment | undefined;
  let server: RunningTemporal | undefined;
  let client: Client;
  let connection: NativeConnection;
  let address = '';
  if (options.server === 'time-skipping') {
    environment = await connectTestServer();
    ({ client } = environment);
    connection = environment.nativeConnection;
  } else {
    server = await startTemporal({
      port: await freePort(),
      logDir: shared().folder,
      ...(options.timerShiftMs === undefined ? {} : { timerShiftMs: options.timerShiftMs }),
    });
    ({ address } = server);
    connection = await NativeConnection.connect({ address });
    const { Connection } = await import('@temporalio/client');
    client = new Client({ connection: await Connection.connect({ address }) });
  }
  return {
    database,
    deps,
    banks,
    mails,
    client,
    environment,
    address,
    startFleet: () => startFleet(connection, deps),
    close: async () => {
      await environment?.teardown();
      if (server) {
        await client.connection.close();
        await connection.close();
        await server.stop();
      }
      await banks.close();
      await database.close();
    },
  };
}

async function startFleet(connection: NativeConnection, deps: ActivityDeps): Promise<Fleet> {
  const workers = await startWorkers({
    connection,
    namespace: 'default',
    deps,
    bundle: { codePath: shared().bundlePath },
    stickyTimeoutMs: 2_000,
  });
  return {
    stop: async () => {
      workers.shutdown();
      await workers.running;
    },
  };
}

/** What a service is made of, over a database and banks of the tests' own; no workflow runs. */
export interface Desk {
  readonly database: TestDatabase;
  readonly banks: Banks;
  readonly deps: ActivityDeps;
  close(): Promise<void>;
}

export async function openDesk(given: Partial<ActivityDeps> = {}): Promise<Desk> {
  const [database, banks] = await Promise.all([createTestDatabase(), startBanks()]);
  return {
    database,
    banks,
    deps: { ...createDeps(database, banks, []), ...given },
    close: async () => {
      await banks.close();
      await database.close();
    },
  };
}

type Leave = (() => Promise<void>) | undefined;

/** Gives a describe block a desk of its own. What `take` returns is done before the desk is closed. */
export function withDesk(take: (desk: Desk) => Leave | Promise<Leave>, given: Partial<ActivityDeps> = {}): void {
  let desk: Desk | undefined;
  let leave: Leave;
  beforeAll(async () => {
    desk = await openDesk(given);
    leave = await take(desk);
  });
  afterAll(async () => {
    await leave?.();
    await desk?.close();
  });
}

/** Gives a describe block a world of its own, with workers, for as long as its tests run. */
export function withServedWorld(options: WorldOptions, use: (world: World) => void): void {
  let world: World;
  let fleet: Fleet;
  beforeAll(async () => {
    world = await createWorld(options);
    fleet = await world.startFleet();
    use(world);
  });
  afterAll(async () => {
    await fleet.stop();
    await world.close();
  });
}

/** Polls until `read` gives a value. For waiting on other processes; never a fixed sleep. */
export async function eventually<T>(what: string, read: () => Promise<T | undefined | false>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${String(timeoutMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
