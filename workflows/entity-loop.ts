import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  condition,
  log,
  setCurrentDetails,
  TimeoutFailure,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { spreadMinutes } from '../domain/time/spread';
import { isPassing } from '../domain/errors';
import { database } from './activity-options';
import { inSeconds, saying } from './details';
import { searchAttributes } from './search-attributes';

/** What went wrong in a step of a loop, by code. */
export interface Fault {
  readonly code: string;
  readonly isPassing: boolean;
}

/** The fault behind a step's failure; undefined for anything that is no activity's or child's failure: that is a defect, and fails the workflow task. */
export function faultOf(error: unknown): Fault | undefined {
  // A local activity fails with its own failure, an ordinary one and a child with a failure around it.
  const cause = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error;
  const isStep = cause !== error || cause instanceof ApplicationFailure || cause instanceof TimeoutFailure;
  if (!isStep) return undefined;
  // A step that ran out of time says nothing about the next one.
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'INTERNAL') : 'UNAVAILABLE';
  return { code, isPassing: isPassing(code) };
}

const HOUR_SECONDS = 3_600;

/** Seconds to wait after so many failures in a row: passing faults 1 s to 5 min, coded ones 1 h to 24 h, spread by the workflow's id. */
export function patienceSeconds(fault: Fault, failures: number, workflowId: string): number {
  if (fault.isPassing) return Math.min(300, 2 ** Math.min(failures - 1, 9));
  const seconds = Math.min(24 * HOUR_SECONDS, HOUR_SECONDS * 2 ** Math.min(failures - 1, 5));
  return seconds + spreadMinutes(workflowId, Math.ceil(seconds / 600)) * 60;
}

/** From so many events on a run that cannot go on is continued as new, so that days of trying never fill its history. */
const STUCK_EVENTS_MAX = 40;

/**
 * What keeps a loop alive: an entity workflow never fails. A fault is said (needs attention, current details, an
 * alarm), waited out, and the loop looks again; news wakes it at once.
 */
export class Endurance {
  private isMarked = false;

  /** `news` counts what came in; `failures` goes with the run into the next. */
  constructor(
    private readonly news: () => number,
    private failures = 0,
    private readonly marksAttention = true,
  ) {}

  get failuresInARow(): number {
    return this.failures;
  }

  /** Whether the run should be continued as new before it tries again. */
  get isLong(): boolean {
    return this.failures > 0 && workflowInfo().historyLength > STUCK_EVENTS_MAX;
  }

  recovered(): void {
    this.failures = 0;
    if (!this.isMarked) return;
    this.isMarked = false;
    if (this.marksAttention) upsertSearchAttributes([{ key: searchAttributes.needsAttention, value: false }]);
  }

  /** Waits after a step has failed. Throws what is not a step's failure. */
  async wait(error: unknown): Promise<void> {
    const fault = faultOf(error);
    if (!fault) throw error;
    const seen = this.news();
    this.failures += 1;
    const { workflowId } = workflowInfo();
    const seconds = patienceSeconds(fault, this.failures, workflowId);
    log.warn('a step failed; the workflow waits and looks again', { code: fault.code, failures: this.failures, seconds });
    setCurrentDetails(
      `**Cannot go on: ${fault.code}** (${String(this.failures)} times in a row). Looks again in ${String(seconds)} s, or when it hears something.`,
    );
    if (!fault.isPassing) await this.tell(fault.code, workflowId);
    await condition(() => this.news() !== seen, seconds * 1_000, {
      summary: `${fault.code} ${String(this.failures)} times in a row: look again in ${inSeconds(seconds)}`,
    });
  }

  private async tell(code: string, workflowId: string): Promise<void> {
    if (!this.isMarked && this.marksAttention) upsertSearchAttributes([{ key: searchAttributes.needsAttention, value: true }]);
    this.isMarked = true;
    try {
      await saying(database.noteTrouble, `people are told of ${code}`, { workflowId, code });
    } catch (failure) {
      if (!faultOf(failure)) throw failure;
    }
  }
}

/** Repeats one step until it succeeds: for children and controls, which have nothing else to do meanwhile. */
export async function untilDone<T>(endurance: Endurance, step: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await step();
      endurance.recovered();
      return result;
    } catch (error) {
      await endurance.wait(error);
    }
  }
}
