import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index';
import { taskQueues } from '../domain/ids';

/**
 * Idempotent work on our own database: local activities, no extra round trip to the server. Tried a few times at
 * once; what is wrong for longer is the loop's to wait for (entity-loop.ts), since each later try costs history.
 */
export const database = proxyLocalActivities<Activities>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
});

export const identity = proxyActivities<Pick<Activities, 'verifyIdentity'>>({
  taskQueue: taskQueues.identity,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '5m' },
});

/**
 * Asking one identity source: it answers with a value; what fails here is our own, or that no worker takes it. After ten
 * minutes the loop hears of it, tells people and goes on trying.
 */
export function identitySource(check: string) {
  return proxyActivities<Pick<Activities, 'askIdentitySource'>>({
    taskQueue: taskQueues.identitySource(check),
    scheduleToCloseTimeout: '10m',
    startToCloseTimeout: '30s',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
  });
}

/** Sealing a contract: it answers with a value; what fails here is our own, or that no worker takes it. */
export const signing = proxyActivities<Pick<Activities, 'sealContract'>>({
  taskQueue: taskQueues.signature,
  scheduleToCloseTimeout: '10m',
  startToCloseTimeout: '1m',
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
