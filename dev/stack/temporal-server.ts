import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import Long from 'long';
import { ALL_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes';
import { startChild, type Child } from './child';
import { findTemporalBinary, TEMPORAL_CLI, type Progress } from './temporal-binaries';

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

/**
 * The dev server as the sandbox needs it: time skipping on, and no minimal interval between runs of one
 * workflow id (without it virtual time leaps from the third continue-as-new on, design §6 rule 1). A timer
 * task due at once waits for the time shift, a second by default: that second was the price of every skip. And
 * the timer queue is read 20 times a second by default, which let many skips at once stand still for seconds.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const command = await findTemporalBinary(TEMPORAL_CLI, {
    ...(options.cacheDir === undefined ? {} : { cacheDir: options.cacheDir }),
    ...(options.progress === undefined ? {} : { progress: options.progress }),
  });
  if (options.file !== undefined) await mkdir(dirname(options.file), { recursive: true });
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(options.port),
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
  const child = startChild({ name: 'temporal', command, args, env: process.env, logDir: options.logDir });
  const address = `127.0.0.1:${String(options.port)}`;
  await child.ready(async () => {
    const connection = await Connection.connect({ address, connectTimeout: 500 });
    try {
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return true;
    } finally {
      await connection.close();
    }
  }, 60_000);
  if (options.file !== undefined) await keepHistories(address);
  return { child, address, stop: () => child.stop('SIGTERM', 8_000) };
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
