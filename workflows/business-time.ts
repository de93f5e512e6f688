import { log } from '@temporalio/workflow';
import { businessDateOf, epochMs, instant, laterOf, type BusinessDate, type Instant } from '../domain/time/dates';
import { has, VERSIONS } from './versions';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/**
 * Business time inside a workflow: the later of workflow time and the latest instant in its input or in what our own
 * database answered (design §6, rule 3). It never goes back. What a message claims about time is not believed: the
 * database knows the sandbox's clock, and a sender does not.
 */
export class BusinessTime {
  private latest: Instant;
  private readonly believesSenders: boolean;

  constructor(startedAt: Instant) {
    this.latest = startedAt;
    // Runs whose history began before go on as they began.
    this.believesSenders = !has(VERSIONS.timeFromTheDatabase);
  }

  /** Takes note of an instant that our database answered. */
  saw(at: Instant | undefined): void {
    if (at !== undefined) this.latest = laterOf(this.latest, at);
  }

  /** A message's own time: false where it is malformed. Only runs from before go by it. */
  heard(at: unknown): boolean {
    const isWellFormed = typeof at === 'string' && INSTANT.test(at) && !Number.isNaN(Date.parse(at));
    if (!isWellFormed) log.warn('a message names no valid time; it is dropped');
    else if (this.believesSenders) this.saw(instant(at));
    return isWellFormed;
  }

  now(): Instant {
    return laterOf(instant(Date.now()), this.latest);
  }

  /** How far workflow time is behind: none where real money is; in a sandbox whose clock was moved before the workflow began, days. */
  lagMs(): number {
    return Math.max(0, epochMs(this.latest) - Date.now());
  }

  today(): BusinessDate {
    return businessDateOf(this.now());
  }
}
