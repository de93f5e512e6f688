import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities, type Activities } from '../activities/index';
import type { ActivityDeps } from '../activities/deps';
import { CHANNEL_NAMES } from '../channels/index';
import { taskQueues } from '../domain/ids';

export interface FleetOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly deps: ActivityDeps;
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

/**
 * One worker per task-queue group, here in one process; each can be a fleet of its own. The loans worker
 * runs workflows and their local activities; the others only talk to their system, at its pace.
 */
export async function createFleet(options: FleetOptions): Promise<Worker[]> {
  const { connection, namespace, deps } = options;
  const activities = createActivities(deps);
  const shared = { connection, namespace, shutdownGraceTime: '3s', shutdownForceTime: '6s' } as const;
  const worker = (taskQueue: string, own: object, concurrency: number) =>
    Worker.create({ ...shared, taskQueue, activities: own, maxConcurrentActivityTaskExecutions: concurrency });
  return Promise.all([
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
    worker(taskQueues.collections, only(activities, 'contactBorrower'), 20),
    worker(taskQueues.batch, only(activities, 'closeThrough', 'reconcileThrough'), 2),
    ...CHANNEL_NAMES.map((name) =>
      worker(
        taskQueues.channel(name),
        only(activities, 'sendPayment', 'queryPayment', 'closePayment', 'recallForBreak', 'askForBreak', 'readBalance'),
        20,
      ),
    ),
  ]);
}
