import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index';
import { taskQueues } from '../domain/ids';

/**
 * Idempotent work on our own database: local activities, no extra round trip to the server. Retried
 * without end, because the only thing that can be wrong for long is that the database is away.
 */
export const database = proxyLocalActivities<Activities>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '10s', backoffCoefficient: 2 },
});

export const identity = proxyActivities<Pick<Activities, 'verifyIdentity'>>({
  taskQueue: taskQueues.identity,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '5m' },
});

export const collections = proxyActivities<Pick<Activities, 'contactBorrower'>>({
  taskQueue: taskQueues.collections,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '5s', maximumInterval: '10m' },
});

export const batch = proxyActivities<Pick<Activities, 'closeThrough' | 'reconcileThrough'>>({
  taskQueue: taskQueues.batch,
  startToCloseTimeout: '2h',
  heartbeatTimeout: '2m',
  retry: { initialInterval: '5s', maximumInterval: '5m' },
});

/** Sending money: once. A worker that dies is seen after 10 s, and the outcome is then asked for. */
export function sender(channel: string) {
  return proxyActivities<Pick<Activities, 'sendPayment'>>({
    taskQueue: taskQueues.channel(channel),
    startToCloseTimeout: '3m',
    heartbeatTimeout: '10s',
    retry: { maximumAttempts: 1 },
  });
}

/** Asking, and fencing by asking to close: repeatable, without end where not said otherwise. */
export function asker(channel: string, maximumAttempts?: number) {
  return proxyActivities<Pick<Activities, 'queryPayment' | 'closePayment' | 'recallForBreak' | 'askForBreak' | 'readBalance'>>({
    taskQueue: taskQueues.channel(channel),
    startToCloseTimeout: '3m',
    heartbeatTimeout: '10s',
    retry: { initialInterval: '1s', maximumInterval: '5m', ...(maximumAttempts === undefined ? {} : { maximumAttempts }) },
  });
}
