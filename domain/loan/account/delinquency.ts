import type { BusinessDate } from '../../time/dates';
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
  return Math.max(0, days - daysWithin(state.paused, dueOn, until));
}

/** Days from one date to another that lie in any of the stretches; a day that lies in several counts once. */
export function daysWithin(
  stretches: readonly { readonly from: BusinessDate; readonly until: BusinessDate }[],
  from: BusinessDate,
  to: BusinessDate,
): number {
  let [days, covered] = [0, from];
  for (const stretch of [...stretches].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const first = stretch.from > covered ? stretch.from : covered;
    const last = stretch.until < to ? stretch.until : to;
    if (last <= first) continue;
    days += daysFrom(first, last);
    covered = last;
  }
  return days;
}
