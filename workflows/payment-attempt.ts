import { ActivityFailure, condition, isCancellation, log } from '@temporalio/workflow';
import type { RecordedOutcome } from '../services/payment/payment-outcomes';
import type { Instant } from '../domain/time/dates';
import { LATER_MAX, nextAct } from '../domain/payment/attempt';
import { asker, sender } from './activity-options';
import type { BusinessTime } from './business-time';
import { inSeconds, saying } from './details';
import { untilDone, type Endurance } from './entity-loop';

export interface LiveAttempt {
  readonly instructionId: string;
  readonly attempt: number;
  readonly channel: string;
}

/** From here on a question is a business moment: a workflow that began behind a sandbox's clock does not ask its way there hour by hour. */
const PATIENT_SECONDS = 300;

/** Seconds between queries: quickly at first, then minutes, then hours (UnionPay's 1…32 s and beyond). */
const QUERY_SECONDS = [1, 2, 4, 8, 16, 32, 60, 300, 900, 3_600] as const;

export interface AttemptLimits {
  /** Give up asking after this many queries and report the attempt as open; Infinity for payouts. */
  readonly queriesMax: number;
  /** Called once when `slaAt` has passed without an outcome. */
  readonly slaAt?: Instant;
  readonly onSlaExceeded?: () => Promise<void>;
  /** Set by an operator's wish to ask at once. */
  readonly nudged?: () => boolean;
  readonly endurance: Endurance;
  /** The run should end soon: the attempt is reported as open. */
  readonly isOver?: () => boolean;
}

/** The state of the attempt: final, or still open when the limits ran out. */
export type AttemptResult = 'SUCCEEDED' | 'FAILED' | 'OPEN';

const resultOf = (state: RecordedOutcome['state']): AttemptResult =>
  state === 'SUCCEEDED' || state === 'RETURNED' ? 'SUCCEEDED' : state === 'FAILED' ? 'FAILED' : 'OPEN';

/** Sends once. A send whose activity failed (worker died, timed out) may have reached the channel: open. */
async function sendOnce(live: LiveAttempt, time: BusinessTime): Promise<RecordedOutcome | undefined> {
  try {
    return await saying(sender(live.channel).sendPayment, `send attempt ${String(live.attempt)} over ${live.channel}`, {
      instructionId: live.instructionId,
      attempt: live.attempt,
      at: time.now(),
    });
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    log.warn('the sending of a payment ended without an answer; its outcome will be asked for');
    return undefined;
  }
}

/**
 * Drives one attempt to a final state: send once (unless it is resumed), then query the same number;
 * "later" is answered by sending the same number again; "not found" past the quiet period by closing it.
 * Nothing here can lead to a second payment: another attempt exists only after this one is FAILED.
 */
export async function driveAttempt(live: LiveAttempt, isNew: boolean, time: BusinessTime, limits: AttemptLimits): Promise<AttemptResult> {
  let outcome = isNew ? await sendOnce(live, time) : undefined;
  let later = 0;
  let escalated = false;
  for (let query = 0; ;) {
    if (outcome && resultOf(outcome.state) !== 'OPEN') return resultOf(outcome.state);
    const mustResend = nextAct(outcome, later) === 'RESEND';
    if ((query >= limits.queriesMax || (query > 0 && limits.isOver?.() === true)) && !mustResend) return 'OPEN';
    if (!escalated && limits.slaAt !== undefined && time.now() >= limits.slaAt) {
      escalated = true;
      await limits.onSlaExceeded?.();
    }
    const seconds = mustResend ? (outcome?.retryAfterSeconds ?? 60) : (QUERY_SECONDS[Math.min(query, QUERY_SECONDS.length - 1)] ?? 3_600);
    const then = mustResend ? 'send the same number again' : `ask ${live.channel} how attempt ${String(live.attempt)} stands`;
    const lagMs = seconds < PATIENT_SECONDS ? 0 : time.lagMs();
    await condition(() => limits.nudged?.() ?? false, seconds * 1_000 + lagMs, { summary: `in ${inSeconds(seconds)}: ${then}` });
    if (mustResend) {
      later += 1;
      // A resend that is lost makes the outcome unknown: it is asked for, never sent again.
      outcome = await sendOnce(live, time);
      if (outcome?.retryAfterSeconds != null) continue;
    }
    const last = outcome;
    outcome = await untilDone(limits.endurance, () => ask(live, time, last));
    query += 1;
  }
}

async function ask(live: LiveAttempt, time: BusinessTime, last: RecordedOutcome | undefined): Promise<RecordedOutcome> {
  const call = { instructionId: live.instructionId, attempt: live.attempt, at: time.now() };
  if (nextAct(last, LATER_MAX) === 'CLOSE')
    return saying(asker(live.channel).closePayment, `ask ${live.channel} never to execute attempt ${String(live.attempt)}`, call);
  return saying(asker(live.channel).queryPayment, `ask ${live.channel} how attempt ${String(live.attempt)} stands`, call);
}
