import { CancellationScope, condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { epochMs, type BusinessDate, type Instant } from '../domain/time/dates';
import { database } from './activity-options';
import { BusinessTime } from './business-time';
import { attemptDetails, businessMoment, saying } from './details';
import { Endurance, untilDone } from './entity-loop';
import { queryNow } from './disburse-loan.messages';
import { driveAttempt } from './payment-attempt';

export interface DisburseLoanInput {
  readonly loanId: string;
  readonly instructionId: string;
  readonly businessDate: BusinessDate;
  readonly now: Instant;
}

export interface DisburseLoanResult {
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly now: Instant;
}

/** A payment that is asked about for days is continued as new: its place is in Postgres. */
const HISTORY_EVENTS_MAX = 400;

/**
 * Pays a loan out over one channel after another until success is confirmed or every channel has
 * provably refused. See docs/workflows/disburse-loan.md.
 */
export async function disburseLoan(input: DisburseLoanInput): Promise<DisburseLoanResult> {
  // Money that may be on its way is followed to its end, whoever asks to stop.
  return CancellationScope.nonCancellable(() => disburse(input));
}

async function disburse(input: DisburseLoanInput): Promise<DisburseLoanResult> {
  const time = new BusinessTime(input.now);
  let nudges = 0;
  setHandler(queryNow, () => {
    nudges += 1;
  });
  const nudged = () => {
    if (nudges === 0) return false;
    nudges -= 1;
    return true;
  };

  const endurance = new Endurance(() => nudges, 0, false);
  for (;;) {
    const step = await untilDone(endurance, () =>
      saying(database.openPayout, 'which channel comes next?', {
        loanId: input.loanId,
        instructionId: input.instructionId,
        businessDate: input.businessDate,
        at: time.now(),
      }),
    );
    if (step.next === 'DONE') return { state: step.state === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED', now: time.now() };
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX && step.next !== 'SEND')
      await continueAsNew<typeof disburseLoan>({ ...input, now: time.now() });
    if (step.next === 'WAIT') {
      const summary = `until ${businessMoment(step.until)}: on hold, or no channel can take it before`;
      setCurrentDetails(summary);
      await condition(nudged, Math.max(1_000, epochMs(step.until) - Date.now()), { summary });
      continue;
    }
    setCurrentDetails(attemptDetails({ ...step, next: step.next }));
    await driveAttempt({ instructionId: input.instructionId, attempt: step.attempt, channel: step.channel }, step.next === 'SEND', time, {
      queriesMax: Infinity,
      slaAt: step.slaAt,
      onSlaExceeded: () =>
        untilDone(endurance, () =>
          saying(database.escalatePayment, 'past its SLA: a person gets the case', { instructionId: input.instructionId, at: time.now() }),
        ),
      nudged,
      endurance,
      isOver: () => workflowInfo().historyLength > HISTORY_EVENTS_MAX,
    });
  }
}
