import { saveHistories } from '../histories';
import { Actors } from './actors';
import { Calendar } from './calendar';
import { openEnds, quiet, violations, type Violation } from './checks';
import type { Action } from './script';
import { Unexpected } from './unexpected';
import { SimWorld } from './world';

export interface RunResult {
  /** Steps that were played. */
  readonly steps: number;
  /** The step after which it failed, counted from 0; null when it is the end, or nothing failed. */
  readonly failedAt: number | null;
  readonly violations: readonly Violation[];
  readonly summary: string;
  /** Where logs and data of a failed run were kept, when that was asked for. */
  readonly kept: string | null;
}

export interface RunOptions {
  readonly seed: number;
  readonly script: readonly Action[];
  readonly progress: (line: string) => void;
  /** Told of each step how long it took to play, and then to find nothing wrong. */
  readonly trace?: (step: number, action: Action, playMs: number, lookMs: number) => void;
  /** Stop playing after this time and go to the end. */
  readonly secondsMax?: number;
  /** Save histories of what only faults bring about, for the replay gate. */
  readonly isRecorded?: boolean;
  /** Keep the logs and data of a run that fails. */
  readonly isKept?: boolean;
  /** How long a contradiction has to last: a killed process needs seconds to be back. */
  readonly patienceMs?: number;
}

/** The innermost message: what a failed workflow's activity said. */
function causeOf(error: unknown): string {
  let [message, current] = [String(error), error];
  while (current instanceof Error) {
    message = current.message;
    current = current.cause;
  }
  return message;
}

const PATIENCE_MS = 25_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Hash chains and workflows are looked at this often: they cost more than a step. */
const THOROUGH_EVERY = 50;

async function summary(world: SimWorld): Promise<string> {
  const { db } = world.attached;
  const count = async (table: string) => Number((await db(table).count<{ count: string | number }[]>('* as count'))[0]?.count ?? 0);
  const [loans, attempts, entries, breaks, days] = await Promise.all(
    ['loans', 'payment_attempts', 'journal_entries', 'breaks', 'reconciliations'].map((table) => count(table)),
  );
  return `${String(loans)} loans, ${String(attempts)} payment attempts, ${String(entries)} journal entries, ${String(days)} channel days reconciled, ${String(breaks)} breaks`;
}

/** Plays a script on a stack of its own, with the invariants checked after every step and the three books compared at the end. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { script, progress, patienceMs = PATIENCE_MS } = options;
  const world = await SimWorld.start();
  const interrupt = () => void world.stop().finally(() => process.exit(130));
  for (const signal of SIGNALS) process.once(signal, interrupt);
  const startedAt = Date.now();
  const calendar = new Calendar(world, Math.max(60_000, 8 * patienceMs));
  const actors = new Actors(world, options.seed, calendar);
  let isKept = false;
  const result = async (steps: number, failedAt: number | null, found: readonly Violation[]): Promise<RunResult> => {
    isKept = options.isKept === true && found.length > 0;
    return { steps, failedAt, violations: found, summary: await summary(world), kept: isKept ? world.dataDir : null };
  };
  const failed = (step: number, found: readonly Violation[]) => result(step, step, found);
  try {
    let played = 0;
    for (const [index, action] of script.entries()) {
      if (options.secondsMax !== undefined && (Date.now() - startedAt) / 1_000 > options.secondsMax) break;
      const begunAt = Date.now();
      const stumble = await actors.play(action).then(
        () => undefined,
        (error: unknown) => error,
      );
      played += 1;
      const playedAt = Date.now();
      const found =
        stumble instanceof Unexpected
          ? [{ invariant: 'I6', what: stumble.message }]
          : await violations(world, index % THOROUGH_EVERY === THOROUGH_EVERY - 1, patienceMs);
      options.trace?.(index, action, playedAt - begunAt, Date.now() - playedAt);
      // What stops the clock, a reconciliation or a close is a stuck system even where no book is wrong.
      if (found.length === 0 && stumble !== undefined)
        found.push({ invariant: 'I4', what: `${action.do} cannot go on: ${causeOf(stumble)}` });
      if (found.length > 0) return await failed(index, found);
      if (played % 100 === 0)
        progress(`${String(played)} of ${String(script.length)} steps, ${String(Math.round((Date.now() - startedAt) / 1_000))} s`);
    }
    await quiet(world, patienceMs);
    const before = await violations(world, true, patienceMs);
    if (before.length > 0) return await failed(script.length, before);
    const standstill = await calendar.settle().then(
      () => [],
      (error: unknown) => [{ invariant: 'I4', what: `the end cannot be reached: ${causeOf(error)}` }],
    );
    if (standstill.length > 0) return await failed(script.length, standstill);
    if (options.isRecorded) await saveHistories(world.attached, { types: ['reconcileChannelDay', 'resolveBreak'] });
    await quiet(world, patienceMs);
    const found = [...(await violations(world, true, patienceMs)), ...(await openEnds(world))];
    return await result(played, null, found);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    await world.stop(isKept);
  }
}
