import type { BusinessDate } from '../dates';
import { daysFrom } from './facts';
import type { Bucket, State } from './state';

export function bucketOf(daysPastDue: number): Bucket {
  if (daysPastDue <= 0) return 'CURRENT';
  if (daysPastDue <= 30) return 'DPD_1_30';
  if (daysPastDue <= 60) return 'DPD_31_60';
  return daysPastDue <= 90 ? 'DPD_61_90' : 'DPD_90_PLUS';
}

/** Days past due of an unpaid due date: calendar days, standing still while frozen, without the days of a hardship pause. */
export function daysPastDueOf(state: Pick<State, 'frozen' | 'paused'>, dueOn: BusinessDate, on: BusinessDate): number {
  const until = state.frozen.reduce((earliest, { since }) => (since < earliest ? since : earliest), on);
  const days = Math.max(0, daysFrom(dueOn, until));
  const paused = state.paused.reduce((sum, pause) => {
    const from = pause.from > dueOn ? pause.from : dueOn;
    const to = pause.until < until ? pause.until : until;
    return to > from ? sum + daysFrom(from, to) : sum;
  }, 0);
  return Math.max(0, days - paused);
}
