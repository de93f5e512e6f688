import type { Client } from '@temporalio/client';
import Long from 'long';

const MAX_SKIPS = 1_000;
const NOT_FOUND = 5;
const RUNNING = 1;
const SCHEDULED = 1;

/** Where a running workflow stands in its own time. */
export interface VirtualClock {
  /** Milliseconds since the epoch; the wall clock's, until the workflow has skipped any time. */
  readonly now: number;
  /** A child whose first task is not scheduled yet has nothing in flight: a fast-forward would take it to the target before it begins. */
  readonly hasBegun: boolean;
  /** The fast-forward under way, '' when none is: it was reached, was never set, or its skips are used up. */
  readonly fastForwardId: string;
  /** An activity of its own that no worker has taken: it freezes this clock until one does. */
  readonly waitsForWorker: boolean;
  /** Workflow ids of its open children, which have clocks of their own and freeze this one. */
  readonly children: readonly string[];
}

const msOf = (time: { seconds?: Long | null; nanos?: number | null }): number =>
  Number(time.seconds ?? 0) * 1_000 + Math.floor((time.nanos ?? 0) / 1e6);
const hasCode = (error: unknown, code: number) => typeof error === 'object' && error !== null && 'code' in error && error.code === code;

/** A running workflow's own clock; undefined when it does not run. */
export async function virtualClock(client: Client, workflowId: string): Promise<VirtualClock | undefined> {
  try {
    const description = await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId },
    });
    if (description.workflowExecutionInfo?.status !== RUNNING) return undefined;
    const info = description.workflowExtendedInfo?.timeSkippingInfo;
    const config = info?.effectiveConfig;
    return {
      now: info?.currentTime ? msOf(info.currentTime) : Date.now(),
      hasBegun: Number(description.workflowExecutionInfo.historyLength) > 1,
      fastForwardId: config?.enabled ? (config.fastForwardConfig?.id ?? '') : '',
      waitsForWorker: description.pendingActivities.some((activity) => activity.state === SCHEDULED),
      children: description.pendingChildren.flatMap((child) => child.workflowId ?? []),
    };
  } catch (error) {
    if (hasCode(error, NOT_FOUND)) return undefined;
    throw error;
  }
}

const idFor = (target: number) => `to-${String(target)}`;

/**
 * Lets a workflow skip up to `target`, once: while one to it is under way, a second would jump over timers
 * that are due (design §6 rule 2).
 */
export async function fastForward(client: Client, workflowId: string, clock: VirtualClock, target: number): Promise<void> {
  if (!clock.hasBegun || clock.now >= target || clock.fastForwardId === idFor(target)) return;
  const ms = target - clock.now;
  try {
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace: client.options.namespace,
      workflowExecution: { workflowId },
      workflowExecutionOptions: {
        timeSkippingConfig: {
          enabled: true,
          // A child that skipped from its birth would stand at a due timer when it is led, and jump over it.
          disablePropagation: true,
          maxSessionSkipCount: MAX_SKIPS,
          fastForwardConfig: {
            id: idFor(target),
            duration: { seconds: Long.fromNumber(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 },
          },
        },
      },
      updateMask: { paths: ['time_skipping_config'] },
    });
  } catch (error) {
    // It may have closed in between: then it needs no clock.
    if (!hasCode(error, NOT_FOUND)) throw error;
  }
}
