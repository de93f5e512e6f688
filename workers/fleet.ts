import { setTimeout } from 'node:timers/promises';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities, type Activities } from '../activities/index';
import type { ActivityDeps } from '../services/deps';
import { watchSigning } from './signing-watch';
import { isRestoreCleared } from '../services/payment/restore-check';
import type { Db } from '../db/pool';
import { taskQueues } from '../domain/ids';
import { IDENTITY_CHECKS } from '../domain/party/identity-checks';
import { CHANNEL_NAMES } from '../channels/names';

export interface FleetOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly deps: ActivityDeps;
  /** Connections with the patience of batches, for closing and reconciling days. */
  readonly batchDb?: Db;
  readonly bundle: NonNullable<WorkerOptions['workflowBundle']>;
  /**
   * What a crash of a worker adds to the answer of each loan that it had in memory: after this time another worker
   * takes the loan over and replays its history. The SDK's 10 seconds outlast the API's patience.
   */
  readonly stickyTimeoutMs: number;
}

function only<K extends keyof Activities>(activities: Activities, ...names: K[]): Pick<Activities, K> {
  return Object.fromEntries(names.map((name) => [name, activities[name]])) as Pick<Activities, K>;
}

export interface Fleet {
  /** Ends when every worker has let its running work finish after `shutdown`. */
  readonly running: Promise<void>;
  shutdown(): void;
}

const RESTORE_POLL_MS = 5_000;

async function untilCleared(deps: ActivityDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await isRestoreCleared(deps, deps.db).catch(() => false))) {
    deps.log.warn({}, 'no payment moves: the database was restored, and "npx loan restore-guard" has not cleared it');
    await setTimeout(RESTORE_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * One worker per task-queue group, here in one process; each can be a fleet of its own. The loans worker
 * runs workflows and their local activities; the others only talk to their system, at its pace. The channels' workers
 * take no task before the database is cleared after a restore (docs/runbooks/restore.md).
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { connection, namespace, deps } = options;
  const activities = createActivities(deps);
  const batch = createActivities({ ...deps, db: options.batchDb ?? deps.db });
  const shared = { connection, namespace, shutdownGraceTime: '3s', shutdownForceTime: '6s' } as const;
  const worker = (taskQueue: string, own: object, concurrency: number) =>
    Worker.create({ ...shared, taskQueue, activities: own, maxConcurrentActivityTaskExecutions: concurrency });
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: taskQueues.loans,
      workflowBundle: options.bundle,
      activities,
      maxCachedWorkflows: 500,
      stickyQueueScheduleToStartTimeout: options.stickyTimeoutMs,
      workflowTaskPollerBehavior: { type: 'autoscaling', initial: 4, minimum: 2, maximum: 20 },
      maxConcurrentLocalActivityExecutions: 40,
    }),
    worker(taskQueues.identity, only(activities, 'verifyIdentity'), 20),
    ...IDENTITY_CHECKS.map((check) => worker(taskQueues.identitySource(check), only(activities, 'askIdentitySource'), 10)),
    worker(taskQueues.signature, only(activities, 'sealContract'), 4),
    worker(taskQueues.collections, only(activities, 'contactBorrower'), 20),
    worker(taskQueues.batch, only(batch, 'closeThrough', 'reconcileThrough'), 2),
  ]);
  const onChannels = only(activities, 'sendPayment', 'queryPayment', 'closePayment', 'recallForBreak', 'askForBreak', 'readBalance');
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  const moveMoney = async () => {
    await untilCleared(deps, stopping.signal);
    if (isStopping()) return;
    const channels = await Promise.all(CHANNEL_NAMES.map((name) => worker(taskQueues.channel(name), onChannels, 20)));
    workers.push(...channels);
    const running = channels.map((each) => each.run());
    // Asked to stop while they were made.
    if (isStopping()) for (const each of channels) each.shutdown();
    await Promise.all(running);
  };
  const running = Promise.all([...workers.map((each) => each.run()), moveMoney(), watchSigning(deps, stopping.signal)]).then(
    () => undefined,
  );
  return {
    running,
    shutdown: () => {
      stopping.abort();
      for (const each of workers) each.shutdown();
    },
  };
}
