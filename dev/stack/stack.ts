import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { childEnv } from '../../config/env';
import { migrateToLatest } from '../../db/migrate';
import { workflowBundle } from '../../workers/bundle';
import { accepts, nodeChild, type Child } from './child';
import { StackFault } from '../../ops/fault';
import { startMailSink, type MailSink } from './mail-sink';
import { assertPortFree } from './ports';
import { startPostgres } from './postgres';
import { endLeftovers, isAlive, markOf, readRecord, removeRecord, writeRecord, type StackRecord } from '../../ops/record';
import { ensureRateLimits } from '../../temporal/rate-limits';
import { ensureSchedules } from '../../temporal/schedules';
import { ensureSecrets, OUTSIDE_SECRET_NAMES } from '../../ops/secrets';
import { startTemporal } from './temporal-server';
import { enableAppRole, ensureDatabase } from '../../db/owner';

export const ROOT = resolve(__dirname, '../..');
const DATABASE = 'loanloom';

export interface StackPorts {
  readonly api: number;
  readonly postgres: number;
  readonly temporal: number;
  readonly webUi: number;
  readonly simulator: number;
  readonly smtp: number;
  readonly mail: number;
}

export interface StackOptions {
  readonly dataDir: string;
  readonly ports: StackPorts;
  readonly progress: (line: string) => void;
  readonly channelTimeoutMs?: number;
  readonly stickyTimeoutMs?: number;
  readonly logLevel?: string;
  /** The banks keep their webhooks until they are fetched: for whoever delivers them in an order of its own. */
  readonly isWebhookHeld?: boolean;
  /** Requests are not limited: one process plays every borrower and operator. */
  readonly isUnlimited?: boolean;
}

export interface RunningStack extends StackRecord {
  readonly parts: readonly Child[];
  /** Starts a part of ours again that ended by itself. */
  revive(name: NodePart): Promise<Child>;
  readonly mailSink: Pick<MailSink, 'refuse'>;
  stop(): Promise<void>;
}

const PORT_FLAGS: Readonly<Record<keyof StackPorts, [what: string, flag: string]>> = {
  api: ['API', '--api-port'],
  postgres: ['database', '--postgres-port'],
  temporal: ['Temporal server', '--temporal-port'],
  webUi: ['Temporal Web UI', '--web-ui-port'],
  simulator: ['bank simulator', '--simulator-port'],
  smtp: ['mail sink', '--smtp-port'],
  mail: ['mail page', '--mail-port'],
};

async function clearTheWay(options: StackOptions): Promise<void> {
  const record = readRecord(options.dataDir);
  if (record && isAlive(record.supervisor)) {
    throw new StackFault(
      `the stack in ${options.dataDir} is running already (pid ${String(record.supervisor.pid)}, API ${record.apiUrl}): use it, or stop it with Ctrl-C first`,
    );
  }
  if (record) await endLeftovers(record, options.progress);
  for (const name of Object.keys(PORT_FLAGS) as (keyof StackPorts)[]) await assertPortFree(options.ports[name], ...PORT_FLAGS[name]);
}

/** The environment of worker, API and simulator; the CLI attaches with the same. */
async function environment(options: StackOptions, databaseUrl: string): Promise<Record<string, string>> {
  const { ports, dataDir } = options;
  const secrets = await ensureSecrets(join(dataDir, 'keys'), OUTSIDE_SECRET_NAMES);
  return {
    LOANLOOM_PROFILE: 'local',
    LOANLOOM_SANDBOX: 'true',
    LOANLOOM_DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: `127.0.0.1:${String(ports.temporal)}`,
    LOANLOOM_KEY_FILE: secrets.keyFile,
    LOANLOOM_TOKEN_SECRET_FILE: secrets.tokenSecret,
    CHANNEL_SECRETS_FILE: secrets.channelSecrets,
    CHANNELS_URL: `http://127.0.0.1:${String(ports.simulator)}`,
    SIGNATURE_URL: `http://127.0.0.1:${String(ports.simulator)}/ca`,
    SIGNATURE_ROOTS_FILE: join(dataDir, 'simulator-root.pem'),
    IDENTITY_URL: `http://127.0.0.1:${String(ports.simulator)}/identity`,
    CHANNEL_TIMEOUT_MS: String(options.channelTimeoutMs ?? 5_000),
    WORKER_STICKY_TIMEOUT_MS: String(options.stickyTimeoutMs ?? 2_000),
    SIMULATOR_PORT: String(ports.simulator),
    SIMULATOR_WEBHOOK_URL: options.isWebhookHeld === true ? '' : `http://127.0.0.1:${String(ports.api)}/v1/webhooks/wallet`,
    SIMULATOR_REGISTER_FILE: join(dataDir, 'simulator-register.jsonl'),
    SIMULATOR_AUTHORITY_FILE: join(dataDir, 'simulator-authority.json'),
    SIMULATOR_ROOT_FILE: join(dataDir, 'simulator-root.pem'),
    SIMULATOR_BOOKS_FILE: join(dataDir, 'simulator-books.jsonl'),
    SMTP_URL: `smtp://127.0.0.1:${String(ports.smtp)}`,
    API_PORT: String(ports.api),
    LOANLOOM_RATE_LIMITS: String(options.isUnlimited !== true),
    WEB_UI_URL: `http://127.0.0.1:${String(ports.webUi)}`,
    LOG_LEVEL: options.logLevel ?? 'info',
  };
}

/** The parts that are our own code: they keep nothing that is not in a store, so that they are started again as they are. */
export const NODE_PARTS = ['simulator', 'worker', 'api'] as const;
export type NodePart = (typeof NODE_PARTS)[number];

const ANSWER_MS = 10_000;
const ASKED_MAX = 3;

/** Schedules and rate limits. A server that has just come up has left a first call without an answer: it is asked again. */
async function prepareTemporal(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  try {
    for (let asked = 1; ; asked += 1)
      try {
        await connection.withDeadline(Date.now() + ANSWER_MS, async () => {
          await ensureSchedules(client);
          await ensureRateLimits(client);
        });
        return;
      } catch (error) {
        if (asked < ASKED_MAX) continue;
        const why = error instanceof Error ? error.message : String(error);
        throw new StackFault('Temporal is up but takes no schedules: its own words are below and in logs/temporal.log', why);
      }
  } finally {
    await connection.close();
  }
}

async function prepareDatabase(ownerUrl: (database: string) => string): Promise<void> {
  await ensureDatabase(ownerUrl('postgres'), DATABASE);
  await migrateToLatest(ownerUrl(DATABASE));
  await enableAppRole(ownerUrl(DATABASE));
}

/**
 * Starts the whole local stack, or resumes the one that left its data: Postgres, Temporal with its Web
 * UI, banks, mail, worker, API. Everything that began is stopped again when a part cannot start.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const { dataDir, ports, progress } = options;
  const logDir = join(dataDir, 'logs');
  await mkdir(logDir, { recursive: true }).catch((error: unknown) => {
    throw new StackFault(`the data folder ${dataDir} cannot be created: ${error instanceof Error ? error.message : String(error)}`);
  });
  await clearTheWay(options);
  const stops: (() => Promise<void>)[] = [];
  const children: Child[] = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
    await removeRecord(dataDir);
  };
  try {
    progress('starting Postgres, Temporal and the workflow bundle');
    const [postgres, temporal] = await Promise.all([
      startPostgres({ dataDir: join(dataDir, 'postgres'), port: ports.postgres, logDir, progress }).then(async (running) => {
        children.push(running.child);
        stops.push(() => running.stop());
        progress('Postgres is up; bringing the schema up to date');
        await prepareDatabase(running.ownerUrl);
        return running;
      }),
      startTemporal({ port: ports.temporal, uiPort: ports.webUi, file: join(dataDir, 'temporal.db'), logDir, progress }).then(
        async (running) => {
          children.push(running.child);
          stops.push(() => running.stop());
          progress('Temporal is up');
          await prepareTemporal(running.address);
          return running;
        },
      ),
      workflowBundle(),
    ]);
    const own = await environment(options, postgres.appUrl(DATABASE));
    const mail = await startMailSink({ smtpPort: ports.smtp, pagePort: ports.mail, file: join(dataDir, 'mail.jsonl') });
    stops.push(() => mail.stop());
    progress('starting banks, worker and API');
    const env = childEnv(own);
    const parts: Readonly<Record<NodePart, [script: string, isReady: () => Promise<boolean>]>> = {
      simulator: ['simulator/main.ts', () => accepts(ports.simulator)],
      worker: ['workers/main.ts', () => hasPollers(temporal.address)],
      api: ['api/server.ts', () => accepts(ports.api)],
    };
    const start = async (name: NodePart): Promise<Child> => {
      const [script, isReady] = parts[name];
      const child = nodeChild(ROOT, script, { name, env, logDir });
      children.push(child);
      stops.push(() => child.stop('SIGTERM', 8_000));
      await child.ready(isReady, 60_000);
      return child;
    };
    await Promise.all(NODE_PARTS.map(start));
    const marks = () => children.filter((child) => !child.hasEnded).map((child) => markOf(child.pid, child.name));
    const record: StackRecord = {
      supervisor: markOf(process.pid, 'supervisor'),
      children: marks(),
      env: { ...own, DATABASE_OWNER_URL: postgres.ownerUrl(DATABASE) },
      apiUrl: `http://127.0.0.1:${String(ports.api)}`,
      mailUrl: `http://127.0.0.1:${String(ports.mail)}`,
      webUiUrl: own.WEB_UI_URL ?? '',
      simulatorUrl: own.CHANNELS_URL ?? '',
    };
    await writeRecord(dataDir, record);
    const revive = async (name: NodePart): Promise<Child> => {
      const child = await start(name);
      await writeRecord(dataDir, { ...record, children: marks() });
      return child;
    };
    return { ...record, parts: children, revive, mailSink: mail, stop: () => stopInOrder(children, stops, dataDir) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** API, worker and banks first, then the stores; all within ten seconds. */
async function stopInOrder(children: readonly Child[], stops: (() => Promise<void>)[], dataDir: string): Promise<void> {
  const front = children.filter((child) => ['api', 'worker', 'simulator'].includes(child.name));
  await Promise.all(front.map((child) => child.stop('SIGTERM', 6_000)));
  await Promise.all(stops.map((end) => end()));
  await removeRecord(dataDir);
}

/** The worker polls its task queue. */
async function hasPollers(address: string): Promise<boolean> {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address });
  try {
    const queue = await connection.workflowService.describeTaskQueue({
      namespace: 'default',
      taskQueue: { name: 'loans' },
      taskQueueType: 1,
    });
    const newest = Math.max(0, ...queue.pollers.map((poller) => Number(poller.lastAccessTime?.seconds ?? 0)));
    return Date.now() / 1_000 - newest < 5;
  } finally {
    await connection.close();
  }
}
