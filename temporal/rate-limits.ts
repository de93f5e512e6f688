import type { Client } from '@temporalio/client';
import { CHANNEL_RULES } from '../channels/rules';
import { taskQueues } from '../domain/ids';

const ACTIVITY_QUEUE = 2;

/**
 * Sets how many calls a second each channel's contract allows, on the server: it holds for all workers of
 * the queue together, and a storm at month's end waits instead of failing. Repeating it changes nothing.
 */
export async function ensureRateLimits(client: Client): Promise<void> {
  for (const [channel, rules] of Object.entries(CHANNEL_RULES)) {
    await client.workflowService.updateTaskQueueConfig({
      namespace: client.options.namespace,
      identity: 'loanloom-setup',
      taskQueue: taskQueues.channel(channel),
      taskQueueType: ACTIVITY_QUEUE,
      updateQueueRateLimit: { rateLimit: { requestsPerSecond: rules.callsPerSecond }, reason: 'the contract with the channel' },
    });
  }
}
