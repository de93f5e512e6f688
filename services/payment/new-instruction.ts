import { insertInstruction, type InstructionRow } from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import type { Instant } from '../../domain/time/dates';
import type { ActivityDeps } from '../deps';
import { assertRestoreCleared } from './restore-check';

/**
 * Gives out a payment's number for a command, as openPayout and openDebit do for an appointment. RESTORE_NOT_CLEARED while
 * the lost time may have given out the same number, perhaps for another amount: only the guard, which asks the channels,
 * writes numbers down then. Repeating it with the same id changes nothing.
 */
export async function giveNumber(
  deps: Pick<ActivityDeps, 'restoreEpoch'>,
  tx: Tx,
  instruction: Pick<InstructionRow, 'id' | 'loan_id' | 'direction' | 'amount_fen' | 'business_date' | 'presentment'>,
  at: Instant,
): Promise<void> {
  await assertRestoreCleared(deps, tx);
  await insertInstruction(tx, instruction, at);
}
