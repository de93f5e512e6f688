import { CancellationScope } from '@temporalio/workflow';
import type { BusinessDate, Instant } from '../domain/time/dates';
import { database } from './activity-options';
import { BusinessTime } from './business-time';
import { saying } from './details';
import { Endurance, untilDone } from './entity-loop';
import { driveAttempt } from './payment-attempt';
import { keys } from '../domain/keys';
import { has, VERSIONS } from './versions';

export interface DebitLoanInput {
  readonly loanId: string;
  readonly businessDate: BusinessDate;
  readonly presentment: number;
  /** When the agenda wanted it; null for a payment that the borrower asked for. */
  readonly plannedAt: Instant | null;
  readonly now: Instant;
  /** Only asks how it ended; never presents it. */
  readonly onlyQuery?: boolean;
}

export interface DebitLoanResult {
  readonly outcome: 'SUCCEEDED' | 'FAILED' | 'UNKNOWN';
  readonly now: Instant;
}

/** Minutes, not days: what is unknown after these queries is an appointment of the loan. */
const QUERIES_MAX = 7;

/** Presents one debit, or resumes it, and asks for its outcome for a few minutes. See docs/workflows/debit-loan.md. */
export async function debitLoan(input: DebitLoanInput): Promise<DebitLoanResult> {
  return CancellationScope.nonCancellable(() => debit(input));
}

async function debit(input: DebitLoanInput): Promise<DebitLoanResult> {
  const time = new BusinessTime(input.now);
  const endurance = new Endurance(() => 0, 0, false);
  const instructionId = keys.debitInstruction(input.loanId, input.businessDate, input.presentment);
  for (;;) {
    const result = await presentOnce(input, instructionId, time, endurance);
    // A send that reached nobody leaves the debit open: it goes over another channel, or is given up there.
    if (result !== 'FAILED' || !has(VERSIONS.debitFailover)) return { outcome: result, now: time.now() };
    if (input.onlyQuery === true) return { outcome: result, now: time.now() };
    const after = await untilDone(endurance, () => saying(database.readDebit, 'is its outcome decided?', { instructionId }));
    if (after.isFinal) return { outcome: result, now: time.now() };
  }
}

async function presentOnce(
  input: DebitLoanInput,
  instructionId: string,
  time: BusinessTime,
  endurance: Endurance,
): Promise<DebitLoanResult['outcome']> {
  const { loanId, businessDate, presentment, plannedAt } = input;
  const step = await untilDone(endurance, () =>
    input.onlyQuery === true
      ? saying(database.resumeDebit, 'is anything of it open?', { instructionId, at: time.now() })
      : saying(database.openDebit, 'what is owed, and which channel comes next?', {
          loanId,
          instructionId,
          businessDate,
          presentment,
          plannedAt,
          at: time.now(),
        }),
  );
  if (step.next === 'DONE') return step.state === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED';
  if (step.next === 'WAIT') return 'UNKNOWN';
  const live = { instructionId, attempt: step.attempt, channel: step.channel };
  const result = await driveAttempt(live, step.next === 'SEND', time, { queriesMax: QUERIES_MAX, endurance });
  if (result !== 'OPEN') return result;
  await untilDone(endurance, () => saying(database.noteDebitInDoubt, 'its outcome stays unknown', { instructionId, at: time.now() }));
  return 'UNKNOWN';
}
