import { insertLoanEvent } from '../db/loans';
import { readInstruction } from '../db/payments';
import type { Instant } from '../domain/dates';
import type { ActivityDeps } from './deps';

export function createDebitDoubtActivities(deps: ActivityDeps) {
  return {
    /** Notes that a debit's outcome stayed unknown: it freezes the next debit and contacts until an appointment learns more. */
    async noteDebitInDoubt(input: { instructionId: string; at: Instant }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        const instruction = await readInstruction(tx, input.instructionId);
        await tx('payment_instructions')
          .where({ id: input.instructionId })
          .update({ queries: instruction.queries + 1, last_queried_at: input.at });
        await insertLoanEvent(tx, instruction.loan_id, {
          key: `in-doubt:${instruction.id}:${String(instruction.queries + 1)}`,
          kind: 'DEBIT_IN_DOUBT',
          at: input.at,
          businessDate: instruction.business_date,
          data: { queries: instruction.queries + 1 },
        });
      });
    },
  };
}
