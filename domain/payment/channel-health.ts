import type { Instant } from '../time/dates';

/** How a channel did over its latest sends (a window by count, so that a quiet night does not forget an outage). */
export interface ChannelHealth {
  readonly sends: number;
  /** Sends that ended with a listed answer, a refusal included. */
  readonly answered: number;
  readonly unknown: number;
  readonly p95Ms: number;
  readonly sentTodayFen: number;
  /** What we have there less what was sent since it was asked; null where no reading is fresh. */
  readonly spendableFen: number | null;
  /** The latest moment at which it said that it cannot take more for now (balance, rate). */
  readonly laterAt: Instant | null;
}

/** An operator's (or reconciliation's) word on a channel, until it ends. */
export interface ChannelDecision {
  readonly enabled: boolean;
  readonly until: Instant | null;
}
