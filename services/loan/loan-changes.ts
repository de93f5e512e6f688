import { updateApplication } from '../../db/application/applications';
import type { CommandRow } from '../../db/commands';
import { insertLoanEvent, updateLoan, type LoanFile } from '../../db/loan/loans';
import { moveInstruction, readInstruction } from '../../db/payment/payments';
import { addMail } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { ActivityDeps } from '../deps';

/** An operator is named in the loan's own record; the borrower is its owner anyway. */
const byOperator = (command: CommandRow) => (command.caller.startsWith('operator:') ? { by: command.caller } : {});

/** Ends a loan that was never paid out. Nothing rests on its application any more: not the borrower's identity, not what they can afford. */
export async function giveUpLoan(tx: Tx, command: CommandRow, file: LoanFile, at: Instant): Promise<Record<string, never>> {
  await updateLoan(tx, file.loan.id, { status: 'REJECTED', closed_on: businessDateOf(at), needs_attention: null });
  await updateApplication(tx, file.loan.id, { status: 'WITHDRAWN', waiting_until: null });
  await insertLoanEvent(tx, file.loan.id, {
    key: 'rejected',
    kind: 'REJECTED',
    at,
    businessDate: businessDateOf(at),
    data: byOperator(command),
  });
  return {};
}

/** The borrower changes their mind before the payout has begun: nothing has moved, and nothing will. ILLEGAL_TRANSITION afterwards. */
export async function withdrawLoan(tx: Tx, command: CommandRow, file: LoanFile, at: Instant): Promise<Record<string, never>> {
  const hasBegun = file.instructions.some((each) => each.direction === 'PAYOUT' && each.sentAt !== null);
  if (file.loan.status !== 'APPROVED' || hasBegun)
    throw new LoanloomError('ILLEGAL_TRANSITION', 'the payout has begun: the loan can be paid back, not cancelled', {
      from: file.loan.status,
    });
  for (const each of file.instructions.filter((instruction) => instruction.open))
    await moveInstruction(tx, await readInstruction(tx, each.id), 'FAILED', at, 'WITHDRAWN');
  return giveUpLoan(tx, command, file, at);
}

/**
 * Another card for whatever is still to move: a payment that is on its way keeps the one it was opened with, so that
 * its number never stands for two accounts. NOT_FOUND for a card that is not the borrower's own.
 */
export async function changeCard(
  deps: ActivityDeps,
  tx: Tx,
  command: CommandRow,
  file: LoanFile,
  at: Instant,
): Promise<Record<string, never>> {
  const cardId = String(command.body.bankCardId);
  // The card is the borrower's own: its row is looked up under them.
  await deps.borrowers.cardNumber(tx, file.loan.borrower_id, cardId);
  await updateLoan(tx, file.loan.id, { bank_card_id: cardId });
  await addMail(tx, {
    key: `card-changed:${command.id}`,
    borrowerId: file.loan.borrower_id,
    template: 'card-changed',
    params: { loanId: file.loan.id, changedOn: businessDateOf(at) },
  });
  await insertLoanEvent(tx, file.loan.id, {
    key: `card:${command.id}`,
    kind: 'CARD_CHANGED',
    at,
    businessDate: businessDateOf(at),
    data: byOperator(command),
  });
  return {};
}
