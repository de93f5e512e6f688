import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import Long from 'long';
import { ALL_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes';
import { StackFault } from '../../ops/fault';
import { startChild, type Child } from './child';
import { freePort } from './ports';
import { findBinary, TEMPORAL_CLI, type Progress } from './temporal-binaries';

const ATTRIBUTE_TYPES: Readonly<Record<string, string>> = {
  KEYWORD: 'Keyword',
  DATETIME: 'Datetime',
  BOOL: 'Bool',
  INT: 'Int',
  TEXT: 'Text',
  DOUBLE: 'Double',
  KEYWORD_LIST: 'KeywordList',
};

export interface TemporalOptions {
  readonly port: number;
  readonly uiPort?: number;
  /** SQLite file; without it the server keeps everything in memory. */
  readonly file?: string;
  readonly logDir: string;
  readonly cacheDir?: string;
  readonly progress?: Progress;
  /** How long a timer that is due at once waits, ms; 50 by default. */
  readonly timerShiftMs?: number;
}

export interface RunningTemporal {
  readonly child: Child;
  readonly address: string;
  stop(): Promise<void>;
}

const STARTS_MAX = 3;

function argsOf(options: TemporalOptions, own: { readonly httpPort: number; readonly metricsPort: number }): string[] {
  return [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(options.port),
    '--http-port',
    String(own.httpPort),
    '--metrics-port',
    String(own.metricsPort),
    '--log-level',
    'warn',
    ...(options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort)]),
    ...(options.file === undefined
      ? []
      : ['--db-filename', options.file, '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal']),
    '--dynamic-config-value',
    'frontend.WorkflowTimeSkippingEnabled=true',
    '--dynamic-config-value',
    'history.workflowIdReuseMinimalInterval="0s"',
    '--dynamic-config-value',
    `history.timerProcessorMaxTimeShift="${String(options.timerShiftMs ?? 50)}ms"`,
    '--dynamic-config-value',
    'history.timerProcessorMaxPollRPS=1000',
    ...ALL_SEARCH_ATTRIBUTES.flatMap((key) => ['--search-attribute', `${key.name}=${ATTRIBUTE_TYPES[key.type] ?? 'Keyword'}`]),
  ];
}

/**
 * The dev server as the sandbox needs it: time skipping on, and no minimal interval between runs of one
 * workflow id (without it virtual time leaps from the third continue-as-new on, design §6 rule 1). A timer
 * task due at once waits for the time shift, a second by default: that second was the price of every skip. And
 * the timer queue is read 20 times a second by default, which let many skips at once stand still for seconds.
 *
 * Its inner services choose ports of their own among those of outgoing connections: one that was taken in between
 * ends the server, so that it is started again.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const command = await findBinary(TEMPORAL_CLI, {
    ...(options.cacheDir === undefined ? {} : { cacheDir: options.cacheDir }),
    ...(options.progress === undefined ? {} : { progress: options.progress }),
  });
  if (options.file !== undefined) await mkdir(dirname(options.file), { recursive: true });
  const address = `127.0.0.1:${String(options.port)}`;
  const child = await startUntilBound(command, options, address);
  if (options.file !== undefined) await keepHistories(address);
  return { child, address, stop: () => child.stop('SIGTERM', 8_000) };
}

async function startUntilBound(command: string, options: TemporalOptions, address: string): Promise<Child> {
  for (let start = 1; ; start += 1) {
    const args = argsOf(options, { httpPort: await freePort(), metricsPort: await freePort() });
    const child = startChild({ name: 'temporal', command, args, env: process.env, logDir: options.logDir });
    try {
      await child.ready(() => answers(address), 60_000);
      return child;
    } catch (error) {
      await child.stop('SIGTERM', 8_000);
      const isPortTaken = error instanceof StackFault && error.output.includes('address already in use');
      if (!isPortTaken || start === STARTS_MAX) throw error;
    }
  }
}

async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 500 });
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    return true;
  } finally {
    await connection.close();
  }
}

/** Closed workflows stay visible for 30 days. */
async function keepHistories(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.withDeadline(Date.now() + 30_000, () =>
      connection.workflowService.updateNamespace({
        namespace: 'default',
        config: { workflowExecutionRetentionTtl: { seconds: Long.fromNumber(30 * 86_400) } },
      }),
    );
  } finally {
    await connection.close();
  }
}
