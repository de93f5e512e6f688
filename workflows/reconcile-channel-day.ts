import { condition, continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { addDays, businessDateOf, instant, type BusinessDate, type Instant } from '../domain/time/dates';
import { batch } from './activity-options';
import { BusinessTime } from './business-time';
import { saying } from './details';
import { Endurance, untilDone } from './entity-loop';

export interface ReconcileChannelDayInput {
  readonly channel: string;
  /** Reconcile every day up to and including this one; by default yesterday. */
  readonly through?: BusinessDate;
  readonly now?: Instant;
  /** Once over what is there, without waiting for a file that is not due yet. */
  readonly once?: boolean;
  /** What runs before this one have done. */
  readonly before?: { readonly reconciled: number; readonly breaks: number };
}

export interface ReconcileChannelDayResult {
  readonly reconciled: number;
  /** Breaks that were opened. */
  readonly breaks: number;
  readonly withoutFile: readonly { readonly date: BusinessDate; readonly why: string }[];
}

/** A file that is not there yet is asked for again after this time. */
const RETRY_MS = 30 * 60_000;
const HISTORY_EVENTS_MAX = 400;

/** Waits for a channel's file of a day, matches it, and opens breaks. See docs/workflows/reconcile-channel-day.md. */
export async function reconcileChannelDay(input: ReconcileChannelDayInput): Promise<ReconcileChannelDayResult> {
  const time = new BusinessTime(input.now ?? instant(workflowInfo().startTime));
  const through = input.through ?? addDays(businessDateOf(time.now()), -1);
  const total = { reconciled: input.before?.reconciled ?? 0, breaks: input.before?.breaks ?? 0 };
  const endurance = new Endurance(() => 0, 0, false);
  for (;;) {
    const result = await untilDone(endurance, () =>
      saying(batch.reconcileThrough, `reconcile ${input.channel} up to ${through}`, { channel: input.channel, through, at: time.now() }),
    );
    total.reconciled += result.reconciled;
    total.breaks += result.breaks;
    const { withoutFile } = result;
    if (result.waitsFor === null || input.once === true) return { ...total, withoutFile };
    setCurrentDetails(`Waiting for the file of **${input.channel}** for ${result.waitsFor}; ${String(total.reconciled)} days reconciled.`);
    await condition(() => false, RETRY_MS, { summary: `in 30 min: is the file of ${result.waitsFor} there?` });
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX)
      await continueAsNew<typeof reconcileChannelDay>({ channel: input.channel, through, now: time.now(), before: total });
  }
}
