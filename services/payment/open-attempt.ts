import { createHash } from 'node:crypto';
import { postEntry } from '../../db/ledger/journal';
import { insertAttempt, moveInstruction, type InstructionRow } from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import { debitSent, payoutSent, refundSent } from '../../domain/ledger/postings';
import type { Instant } from '../../domain/time/dates';
import { attemptNumber, keys } from '../../domain/keys';

/** Commits attempt row and pending entry before anything is sent. */
export async function openAttempt(
  tx: Tx,
  instruction: InstructionRow,
  { attempt, channel, bankCardId }: { attempt: number; channel: string; bankCardId: string },
  at: Instant,
): Promise<{ attempt: number; channel: string }> {
  const number = attemptNumber(instruction.id, attempt);
  const requestSha256 = createHash('sha256')
    .update([number, instruction.direction, String(instruction.amount_fen), instruction.loan_id].join('|'))
    .digest('hex');
  await insertAttempt(tx, { instruction, attempt, channel, number, requestSha256, sentAt: at, bankCardId });
  await moveInstruction(tx, instruction, { to: 'IN_FLIGHT', at });
  const pending = { PAYOUT: payoutSent, DEBIT: debitSent, REFUND: refundSent }[instruction.direction];
  await postEntry(tx, {
    key: keys.paymentSent(number),
    loanId: instruction.loan_id,
    businessDate: instruction.business_date,
    posting: pending(channel, instruction.amount_fen),
  });
  return { attempt, channel };
}
