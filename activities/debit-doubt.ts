import { insertLoanEvent } from '../db/loan/loan-facts';
import { readInstruction } from '../db/payment/payments';
import type { Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import { OPEN_INSTRUCTIONS } from '../domain/states';
import type { ActivityDeps } from '../services/deps';
import { keys } from '../domain/keys';

export function createDebitDoubtActivities(deps: ActivityDeps) {
  return {
    /** Whether a debit's outcome is decided. */
    async readDebit(input: { instructionId: string }): Promise<{ isFinal: boolean }> {
      const { state } = await readInstruction(deps.db, input.instructionId).catch((error: unknown) => {
        // Nothing was due: no instruction was made.
        if (error instanceof LoanloomError && error.code === 'NOT_FOUND') return { state: 'FAILED' as const };
        throw error;
      });
      return { isFinal: !OPEN_INSTRUCTIONS.includes(state) };
    },

    /** Notes that a debit's outcome stayed unknown: it freezes the next debit and contacts until an appointment learns more. */
    async noteDebitInDoubt(input: { instructionId: string; at: Instant }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        const instruction = await readInstruction(tx, input.instructionId);
        await tx('payment_instructions')
          .where({ id: input.instructionId })
          .update({ queries: instruction.queries + 1, last_queried_at: input.at });
        await insertLoanEvent(tx, instruction.loan_id, {
          key: keys.debitInDoubt(instruction.id, instruction.queries + 1),
          kind: 'DEBIT_IN_DOUBT',
          at: input.at,
          businessDate: instruction.business_date,
          data: { queries: instruction.queries + 1 },
        });
      });
    },
  };
}
