import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import Long from 'long';
import { clockOffsetMs, setClockOffset } from '../db/clock';
import type { Db } from '../db/pool';
import { addDays, businessDateOf, epochMs, instant, type Instant } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import { taskQueues, workflowIds } from '../domain/ids';
import { ENDED_APPLICATIONS, OPEN_LOANS } from '../domain/states';
import { CHANNEL_NAMES } from '../channels/index';
import { closeBusinessDay } from '../workflows/close-business-day';
import { reconcileChannelDay } from '../workflows/reconcile-channel-day';

export interface ClockDeps {
  readonly db: Db;
  readonly client: Client;
  readonly isSandbox: boolean;
  readonly progress?: (line: string) => void;
}

const MAX_SKIPS = 1_000;
const POLL_MS = 100;
const PATIENCE_MS = 300_000;

interface OpenWork {
  readonly workflowId: string;
  /** Payments: the loan that waits for this child. */
  readonly loanWorkflowId?: string;
}

/** Workflows that live in business time: open applications and loans, from Postgres. */
async function openWorkflows(db: Db): Promise<OpenWork[]> {
  const applications = await db('applications').whereNotIn('status', ENDED_APPLICATIONS).select<{ id: string }[]>('id');
  const loans = await db('loans').whereIn('status', OPEN_LOANS).select<{ id: string }[]>('id');
  const breaks = await db('breaks').whereNull('closed_on').select<{ id: string }[]>('id');
  return [
    ...breaks.map((row) => ({ workflowId: workflowIds.break(row.id) })),
    ...applications.map((row) => ({ workflowId: workflowIds.application(row.id) })),
    ...loans.map((row) => ({ workflowId: workflowIds.loan(row.id) })),
  ];
}

/** Open payments are children with clocks of their own, which would skip without bound: they are led to the target too. */
async function openPayments(db: Db): Promise<OpenWork[]> {
  const rows = await db('payment_instructions')
    .whereIn('state', ['IN_FLIGHT', 'MANUAL'])
    .select<{ id: string; direction: string; loan_id: string; business_date: string; presentment: number }[]>();
  return rows.map((row) => ({
    workflowId:
      row.direction === 'PAYOUT' ? workflowIds.disbursement(row.id) : workflowIds.debit(row.loan_id, row.business_date, row.presentment),
    loanWorkflowId: workflowIds.loan(row.loan_id),
  }));
}

interface VirtualClock {
  readonly now: number;
  readonly fastForwardId: string;
}

const msOf = (time: { seconds?: Long | null; nanos?: number | null }): number =>
  Number(time.seconds ?? 0) * 1_000 + Math.floor((time.nanos ?? 0) / 1e6);
const hasCode = (error: unknown, code: number) => typeof error === 'object' && error !== null && 'code' in error && error.code === code;
const NOT_FOUND = 5;

/** A running workflow's own clock; undefined when it does not run. */
export async function virtualClock(client: Client, workflowId: string): Promise<VirtualClock | undefined> {
  try {
    const description = await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId },
    });
    if (description.workflowExecutionInfo?.status !== 1) return undefined;
    const info = description.workflowExtendedInfo?.timeSkippingInfo;
    return {
      now: info?.currentTime ? msOf(info.currentTime) : Date.now(),
      fastForwardId: info?.effectiveConfig?.fastForwardConfig?.id ?? '',
    };
  } catch (error) {
    if (hasCode(error, NOT_FOUND)) return undefined;
    throw error;
  }
}

const idFor = (target: number) => `to-${String(target)}`;

/** Lets a workflow skip up to `target`, once: a second fast-forward to it would jump over timers that are due (design §6 rule 2). */
export async function fastForward(client: Client, workflowId: string, clock: VirtualClock, target: number): Promise<void> {
  if (clock.now >= target || clock.fastForwardId === idFor(target)) return;
  const ms = target - clock.now;
  try {
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace: client.options.namespace,
      workflowExecution: { workflowId },
      workflowExecutionOptions: {
        timeSkippingConfig: {
          enabled: true,
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

/** Loans and applications that have not reported everything up to `target` as done. */
async function stragglers(deps: ClockDeps, target: Instant): Promise<string[]> {
  const loans = await deps
    .db('loans')
    .whereIn('status', OPEN_LOANS)
    .whereRaw('(next_kind IS NULL OR next_at <= ?)', [target])
    .select<{ id: string }[]>('id');
  const applications = await deps
    .db('applications')
    .whereNotIn('status', ENDED_APPLICATIONS)
    .where('waiting_until', '<=', target)
    .select<{ id: string }[]>('id');
  const opening = await deps
    .db('applications')
    .leftJoin('loans', 'loans.id', 'applications.id')
    .where('applications.status', 'READY_TO_DISBURSE')
    .whereNull('loans.next_kind')
    .select<{ id: string }[]>('applications.id as id');
  return [...loans.map((row) => workflowIds.loan(row.id)), ...[...applications, ...opening].map((row) => workflowIds.application(row.id))];
}

/**
 * One look at everything open: starts what has not been started, and names what is not there yet. Clocks never
 * go back, so what has `arrived` is not asked again: asking costs the server more than skipping.
 */
async function leadOn(deps: ClockDeps, target: Instant, arrived: Set<string>): Promise<string[]> {
  const targetMs = epochMs(target);
  const open = [...(await openWorkflows(deps.db)), ...(await openPayments(deps.db))];
  const underway = open.filter((work) => !arrived.has(work.workflowId));
  const clocks = await Promise.all(underway.map(async (work) => ({ work, clock: await virtualClock(deps.client, work.workflowId) })));
  const frozen = new Set<string>();
  const waiting = new Set(await stragglers(deps, target));
  for (const { work, clock } of clocks) {
    if (!clock) continue;
    await fastForward(deps.client, work.workflowId, clock, targetMs);
    if (clock.now < targetMs) waiting.add(work.workflowId);
    // A loan stands still while its payment is open; a payment that is at the target and still open is not waited for.
    else if (work.loanWorkflowId !== undefined) frozen.add(work.loanWorkflowId);
    else arrived.add(work.workflowId);
  }
  return [...waiting].filter((workflowId) => !frozen.has(workflowId));
}

async function waitForAll(deps: ClockDeps, target: Instant): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  const arrived = new Set<string>();
  for (let round = 1; ; round += 1) {
    const waiting = await leadOn(deps, target, arrived);
    if (waiting.length === 0) return;
    if (Date.now() > deadline)
      throw new LoanloomError(
        'UNAVAILABLE',
        `these workflows did not reach ${target} in time: ${waiting.slice(0, 5).join(', ')}; look at them in the Web UI`,
      );
    if (round % 100 === 0) deps.progress?.(`waiting for ${String(waiting.length)} workflows to reach ${target}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Reconciles every channel's days before the target's, as far as their files are there at the target. */
async function reconcileDates(deps: ClockDeps, target: Instant): Promise<void> {
  const through = addDays(businessDateOf(target), -1);
  await Promise.all(
    CHANNEL_NAMES.map((channel) =>
      deps.client.workflow.execute(reconcileChannelDay, {
        workflowId: workflowIds.reconciliation(channel, through),
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        taskQueue: taskQueues.loans,
        args: [{ channel, through, now: target, once: true }],
      }),
    ),
  );
}

/** Closes every business date before the target's, in one run of the daily close. */
async function closeDates(deps: ClockDeps, target: Instant): Promise<void> {
  const through = addDays(businessDateOf(target), -1);
  try {
    await deps.client.workflow.execute(closeBusinessDay, {
      workflowId: workflowIds.close(through),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      taskQueue: taskQueues.loans,
      args: [{ through }],
    });
  } catch (error) {
    // The clock moved within one date: it is closed already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Moves the sandbox's one business clock to `target`: fast-forwards every open workflow, waits until each
 * has done all that was due, moves API and banks, and closes the dates crossed. Only forward, only in a
 * sandbox (FORBIDDEN otherwise).
 */
export async function advanceClock(deps: ClockDeps, target: Instant): Promise<void> {
  if (!deps.isSandbox)
    throw new LoanloomError('FORBIDDEN', 'the clock moves in a sandbox only: set LOANLOOM_SANDBOX=true where no real money is');
  const offset = await clockOffsetMs(deps.db);
  const ahead = epochMs(target) - Date.now();
  if (ahead < offset)
    throw new LoanloomError('INVALID_DATE', `the clock stands at ${instant(Date.now() + offset)} already and never goes back`);
  await waitForAll(deps, target);
  await setClockOffset(deps.db, epochMs(target) - Date.now());
  await reconcileDates(deps, target);
  await closeDates(deps, target);
}
