import { isGrpcServiceError, type Client } from '@temporalio/client';
import { isConnectionFault } from '../../db/pool';
import { OPEN_ATTEMPTS } from '../../domain/states';
import { checkInvariants } from '../../ops/audit/invariants';
import type { SimWorld } from './world';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

/** Two books are never read in one instant: what contradicts only for a moment is no contradiction. */
const PAUSE_MS = 300;

/** No workflow ever ends but by having done its work. */
async function deadWorkflows(client: Client, lost: ReadonlySet<string>): Promise<Violation[]> {
  const found: Violation[] = [];
  for await (const { workflowId, status } of client.workflow.list({
    query: `ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut', 'Canceled')`,
  }))
    if (!lost.has(workflowId)) found.push({ invariant: 'I11', what: `workflow ${workflowId} is ${status.name}` });
  return found;
}

/**
 * What a bank paid and a restored database does not know: under a number that the guard still waits for, its channel
 * having had it open, or for a loan that the database does not know at all (the channel's file brings it, and it is recalled).
 */
function isOfLostTime(world: SimWorld, known: ReadonlySet<string>, { invariant, what }: Violation): boolean {
  const isUncleared = world.unclearedSince !== undefined;
  if (invariant === 'I1' && isUncleared && what.startsWith('unknown to us: ')) return true;
  // Booked by its bank under a day that was matched before: the guard asks for it until it knows.
  if (invariant === 'I3' && isUncleared && what.endsWith('is reconciled and in no book of ours')) return true;
  const loanId = /unknown to us: (?:payout|debit|refund)-([0-9a-z]{12})/.exec(what)?.[1];
  return invariant === 'I1' && loanId !== undefined && !known.has(loanId) && world.restores > 0;
}

async function look(world: SimWorld, isThorough: boolean): Promise<Violation[]> {
  const { db, client } = world.attached;
  const books = await world.books();
  // A loop that survives must not hide what it survived.
  const stuck = await db('loans')
    .whereIn('attention_kind', ['CANNOT_GO_ON', 'PAYMENT_FORGOTTEN', 'CANCELLATION_REFUSED'])
    .whereNot('needs_attention', 'like', '%UNAVAILABLE%')
    .select<{ id: string; needs_attention: string }[]>('id', 'needs_attention');
  const isAwaited = (text: string) => world.unclearedSince !== undefined && text.includes('RESTORE_NOT_CLEARED');
  const unexpected = stuck
    .filter((row) => !isAwaited(row.needs_attention))
    .map((row) => ({ invariant: 'I4', what: `loan ${row.id}: ${row.needs_attention}` }));
  if (isThorough) unexpected.push(...(await deadWorkflows(client, world.lost)));
  unexpected.push(...(await world.consents.violations(world)));
  const isHeldBack = world.unclearedSince !== undefined;
  const checks = await checkInvariants({ db, books, ...(isThorough ? { client } : {}), isBrief: !isThorough, isHeldBack });
  const found = checks.flatMap((check) => check.violations.map((what) => ({ invariant: check.invariant, what })));
  const known = new Set(await db('loans').pluck<string[]>('id'));
  return [...unexpected, ...found.filter((each) => !isOfLostTime(world, known, each))];
}

/** A store or a process that is being killed or comes up. */
export function isAway(error: unknown): boolean {
  if (isConnectionFault(error) || isGrpcServiceError(error)) return true;
  return error instanceof Error && /fetch failed|terminated|ECONN|Timeout acquiring|is starting up|shutting down/.test(error.message);
}

/** What contradicts the invariants and goes on doing so for `patienceMs`. `isThorough`: hash chains and workflows too. */
export async function violations(world: SimWorld, isThorough: boolean, patienceMs: number): Promise<Violation[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const isLast = Date.now() > deadline;
    try {
      const found = await look(world, isThorough);
      if (found.length === 0 || isLast) return found;
    } catch (error) {
      // The database is on its way back up; or what is recorded contradicts itself so that nothing can be folded.
      if (isLast && !isAway(error)) return [{ invariant: 'I7', what: `the books cannot be read: ${String(error)}` }];
      if (isLast) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Whether a payment is on its way. */
export async function hasOpenPayments(world: SimWorld): Promise<boolean> {
  return (await world.attached.db('payment_attempts').whereIn('state', OPEN_ATTEMPTS).first<object | undefined>('number')) !== undefined;
}

/** Gives payments that are on their way the time to arrive, so that what they did can be looked at. */
export async function quiet(world: SimWorld, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline && (await hasOpenPayments(world).catch(() => true)))
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** At the end nothing may be open any more, and what differs between the books has to be a case. */
export async function openEnds(world: SimWorld): Promise<Violation[]> {
  const { db } = world.attached;
  const open = await db('payment_attempts')
    .whereIn('state', OPEN_ATTEMPTS)
    .whereRaw('NOT EXISTS (SELECT FROM breaks b WHERE b.number = payment_attempts.number AND b.closed_on IS NULL)')
    .select<{ number: string; state: string }[]>('number', 'state');
  return open.map((row) => ({ invariant: 'I4', what: `${row.number} is still ${row.state}, and nobody's case` }));
}
