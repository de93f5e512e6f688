import type { Client } from '@temporalio/client';
import { CHANNEL_RULES } from '../channels/rules';
import { taskQueues } from '../domain/ids';
import { SOURCE_RULES } from '../providers/identity/rules';

const ACTIVITY_QUEUE = 2;

/**
 * Sets how many calls a second the contract with each channel and identity source allows, on the server: it holds for all workers of
 * the queue together, and a storm at month's end waits instead of failing. Repeating it changes nothing.
 */
export async function ensureRateLimits(client: Client): Promise<void> {
  const limited = [
    ...Object.entries(CHANNEL_RULES).map(([name, rules]) => ({ taskQueue: taskQueues.channel(name), ...rules })),
    ...Object.entries(SOURCE_RULES).map(([check, rules]) => ({ taskQueue: taskQueues.identitySource(check), ...rules })),
  ];
  for (const { taskQueue, callsPerSecond } of limited) {
    await client.workflowService.updateTaskQueueConfig({
      namespace: client.options.namespace,
      identity: 'loanloom-setup',
      taskQueue,
      taskQueueType: ACTIVITY_QUEUE,
      updateQueueRateLimit: { rateLimit: { requestsPerSecond: callsPerSecond }, reason: 'the contract with the channel or source' },
    });
  }
}
