import { insertLoanEvent } from '../../db/loan/loan-facts';
import { moveInstruction, type InstructionRow } from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import type { Instant } from '../../domain/time/dates';
import { keys } from '../../domain/keys';

/** A debit has failed for certain: the product's calendar says when it is presented again. */
export async function failDebit(tx: Tx, instruction: InstructionRow, code: string, at: Instant): Promise<void> {
  await moveInstruction(tx, instruction, { to: 'FAILED', at, code });
  await insertLoanEvent(tx, instruction.loan_id, {
    key: keys.debitFailed(instruction.id),
    kind: 'DEBIT_FAILED',
    at,
    businessDate: instruction.business_date,
    data: { code, amount: instruction.amount_fen, presentment: instruction.presentment },
  });
}
