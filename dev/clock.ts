import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { clockOffsetMs, setClockOffset, whileHoldingClock } from '../db/clock';
import type { Db } from '../db/pool';
import { addDays, businessDateOf, epochMs, instant, type Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import { isRestoreCleared } from '../services/payment/restore-check';
import { taskQueues } from '../domain/ids';
import { ENDED_APPLICATIONS, OPEN_LOANS } from '../domain/states';
import { fastForward, virtualClock, type VirtualClock } from './fast-forward';
import { closeBusinessDay } from '../workflows/close-business-day';
import { reconcileChannelDay } from '../workflows/reconcile-channel-day';
import { CHANNEL_NAMES } from '../channels/names';
import { workflowShapes } from '../domain/keys';

export interface ClockDeps {
  readonly db: Db;
  readonly client: Client;
  readonly isSandbox: boolean;
  readonly restoreEpoch: () => Promise<number>;
  readonly progress?: (line: string) => void;
}

const POLL_MS = 100;
const PATIENCE_MS = 300_000;

/** Workflows that live in business time: open breaks, applications and loans, from Postgres. */
async function openWorkflows(db: Db): Promise<string[]> {
  const applications = await db('applications').whereNotIn('status', ENDED_APPLICATIONS).select<{ id: string }[]>('id');
  const loans = await db('loans').whereIn('status', OPEN_LOANS).select<{ id: string }[]>('id');
  const breaks = await db('breaks').whereNull('closed_on').select<{ id: string }[]>('id');
  return [
    ...breaks.map((row) => workflowShapes.break(row.id)),
    ...applications.map((row) => workflowShapes.application(row.id)),
    ...loans.map((row) => workflowShapes.loan(row.id)),
  ];
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
  return [
    ...loans.map((row) => workflowShapes.loan(row.id)),
    ...[...applications, ...opening].map((row) => workflowShapes.application(row.id)),
  ];
}

/**
 * One look at everything open: starts what has not been started, and names what is not there yet. Clocks never
 * go back, so what has `arrived` with nothing left to do is not asked again: asking costs the server more than
 * skipping. What still has to act may yet open a payment.
 */
async function leadOn(deps: ClockDeps, target: Instant, arrived: Set<string>): Promise<string[]> {
  const targetMs = epochMs(target);
  const open = new Set(await openWorkflows(deps.db));
  const waiting = new Set(await stragglers(deps, target));
  const isCleared = await isRestoreCleared(deps, deps.db);
  const lead = async (workflowId: string): Promise<VirtualClock | undefined> => {
    const clock = await virtualClock(deps.client, workflowId);
    if (clock) await fastForward(deps.client, workflowId, clock, targetMs);
    return clock;
  };
  const isThere = (clock: VirtualClock | undefined) => clock !== undefined && clock.now >= targetMs;
  const look = async (workflowId: string): Promise<void> => {
    const clock = await lead(workflowId);
    if (!clock) return;
    // It stands still for its payments; one that is at the target and still open is not waited for, and none is that
    // waits for the restore guard, which may itself wait for a bank's day to pass.
    const payments = await Promise.all(clock.children.filter((child) => !open.has(child)).map(lead));
    // A case that has to ask a channel waits for the guard too: the channels' workers take no task before.
    if (!isCleared && clock.waitsForWorker) waiting.delete(workflowId);
    else if (payments.length > 0 && (!isCleared || payments.every(isThere))) waiting.delete(workflowId);
    else if (!isThere(clock)) waiting.add(workflowId);
    else if (payments.length === 0 && !waiting.has(workflowId)) arrived.add(workflowId);
  };
  await Promise.all([...open].filter((workflowId) => !arrived.has(workflowId)).map(look));
  return [...waiting];
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
    if (round % 100 === 0)
      deps.progress?.(`waiting for ${String(waiting.length)} workflows to reach ${target}: ${waiting.slice(0, 5).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Reconciles every channel's days before the target's, as far as their files are there at the target. */
async function reconcileDates(deps: ClockDeps, target: Instant): Promise<void> {
  const through = addDays(businessDateOf(target), -1);
  await Promise.all(
    CHANNEL_NAMES.map((channel) =>
      deps.client.workflow.execute(reconcileChannelDay, {
        workflowId: workflowShapes.reconciliation(channel, through),
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
      workflowId: workflowShapes.close(through),
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
 * sandbox (FORBIDDEN otherwise), and one move at a time (UNAVAILABLE otherwise).
 */
export async function advanceClock(deps: ClockDeps, target: Instant): Promise<void> {
  if (!deps.isSandbox)
    throw new LoanloomError('FORBIDDEN', 'the clock moves in a sandbox only: set LOANLOOM_SANDBOX=true where no real money is');
  await whileHoldingClock(deps.db, () => move(deps, target));
}

async function move(deps: ClockDeps, target: Instant): Promise<void> {
  const offset = await clockOffsetMs(deps.db);
  const ahead = epochMs(target) - Date.now();
  if (ahead < offset)
    throw new LoanloomError('INVALID_DATE', `the clock stands at ${instant(Date.now() + offset)} already and never goes back`);
  await waitForAll(deps, target);
  // A small step may have taken longer than itself.
  await setClockOffset(deps.db, Math.max(offset, epochMs(target) - Date.now()));
  await reconcileDates(deps, target);
  await closeDates(deps, target);
}
