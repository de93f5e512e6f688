import { businessDateOf, instant, laterOf, type BusinessDate, type Instant } from '../domain/dates';

/**
 * Business time inside a workflow: the later of workflow time and the latest instant in any input or
 * result (design §6, rule 3). It never goes back.
 */
export class BusinessTime {
  private latest: Instant;

  constructor(startedAt: Instant) {
    this.latest = startedAt;
  }

  /** Takes note of an instant that came in from outside. */
  saw(at: Instant): void {
    this.latest = laterOf(this.latest, at);
  }

  now(): Instant {
    return laterOf(instant(Date.now()), this.latest);
  }

  today(): BusinessDate {
    return businessDateOf(this.now());
  }
}
