import type { Instant } from '../domain/time/dates';
import type { ActivityDeps } from '../services/deps';
import type { StepDeps, PaymentStep } from '../services/payment/payment-steps';
import { routePayment } from './route-payment';
import { openDebit, openPayout, type DebitRequest, type PayoutRequest } from '../services/payment/open-payment';
import { readWithAttempts, readAttempts, readInstruction, moveInstruction } from '../db/payment/payments';
import { OPEN_ATTEMPTS } from '../domain/states';
import { assertRestoreCleared } from '../services/payment/restore-check';
import { disbursementOfEpoch } from '../db/payment/restore';
import { updateLoan, lockLoan } from '../db/loan/loans';
import { addTrouble } from '../db/outbox';
import { workflowShapes } from '../domain/keys';
import { PAST_SLA } from '../domain/loan/attention';
export type { PaymentStep } from '../services/payment/payment-steps';
export function createPaymentActivities(deps: ActivityDeps) {
  const routed = (): StepDeps => ({ ...deps, route: routePayment });
  return {
    /**
     * Opens (or resumes) a payment to the borrower: the loan's payout, or the refund of a surplus, by the
     * instruction's id. Repeating it finds the instruction and its live attempt. RESTORE_NOT_CLEARED after a restore.
     */
    openPayout: (input: PayoutRequest): Promise<PaymentStep> => deps.db.transaction((tx) => openPayout(routed(), tx, input)),

    /** Opens (or resumes) a debit. RESTORE_NOT_CLEARED after a restore. */
    openDebit: (input: DebitRequest): Promise<PaymentStep> => deps.db.transaction((tx) => openDebit(routed(), tx, input)),

    /** Takes up a debit to ask how it ended, and never to present it: DONE where nothing of it is open. */
    async resumeDebit(input: { instructionId: string; at: Instant }): Promise<PaymentStep> {
      return deps.db.transaction(async (tx) => {
        const { instruction, attempts } = await readWithAttempts(tx, input.instructionId);
        const live = attempts.find((attempt) => OPEN_ATTEMPTS.includes(attempt.state));
        const state = instruction.state === 'SUCCEEDED' || instruction.state === 'RETURNED' ? 'SUCCEEDED' : 'FAILED';
        return live
          ? { next: 'QUERY', attempt: live.attempt, channel: live.channel, slaAt: input.at }
          : { next: 'DONE', state, valueDate: null };
      });
    },

    /**
     * Temporal knows a payment's workflow that this loan wanted to start. Where the database knows the payment too, it
     * runs for an earlier run of the loan, and its facts come by themselves; where not, the database has forgotten it:
     * nothing is paid, a person is told. RESTORE_NOT_CLEARED before the restore guard has looked.
     */
    async noteKnownPayment(input: { loanId: string; instructionId: string; at: Instant }): Promise<{ isForgotten: boolean }> {
      return deps.db.transaction(async (tx) => {
        // Before the guard has looked, that is no news: it is what the guard looks for.
        await assertRestoreCleared(deps, tx);
        const attempts = await readAttempts(tx, input.instructionId);
        if (attempts.length > 0) return { isForgotten: false };
        await updateLoan(tx, input.loanId, {
          attention: {
            kind: 'PAYMENT_FORGOTTEN',
            text: `payment ${input.instructionId} is known to Temporal and not to this database: was it restored? See docs/runbooks/restore.md`,
            sticky: true,
          },
        });
        await addTrouble(tx, { workflowId: workflowShapes.loan(input.loanId), code: 'PAYMENT_FORGOTTEN' });
        return { isForgotten: true };
      });
    },

    /** Past its SLA a person gets the case; the child goes on asking. */
    async escalatePayment(input: { instructionId: string; at: Instant }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        const instruction = await readInstruction(tx, input.instructionId);
        await lockLoan(tx, instruction.loan_id);
        if (instruction.state !== 'IN_FLIGHT') return;
        await moveInstruction(tx, instruction, { to: 'MANUAL', at: input.at, code: 'SLA_EXCEEDED' });
        await addTrouble(tx, { workflowId: await disbursementOfEpoch(tx, instruction.id), code: 'SLA_EXCEEDED' });
        await updateLoan(tx, instruction.loan_id, { attention: PAST_SLA });
      });
    },
  };
}
