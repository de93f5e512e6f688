import { readApplication, updateApplication } from '../../db/application/applications';
import type { CommandRow } from '../../db/commands';
import { updateLoan } from '../../db/loan/loans';
import { type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent } from '../../db/loan/loan-facts';
import { moveInstruction, readInstruction } from '../../db/payment/payments';
import { addMail } from '../../db/outbox';
import { insertProposal } from '../../db/loan/proposals';
import type { Tx } from '../../db/pool';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { ActivityDeps } from '../deps';
import { assertCardConfirmed } from '../party/card-check';
import { isContradicted } from '../../domain/loan/loan-events';
import { assertRestoreCleared } from '../payment/restore-check';
import { keys } from '../../domain/keys';

/** Who gives a loan up: an operator is named in the loan's own record; the borrower is its owner anyway. */
const named = ({ caller_role: role, caller }: Pick<CommandRow, 'caller_role' | 'caller'>) => (role === 'operator' ? { by: caller } : {});

/**
 * Ends a loan that was never paid out. Nothing rests on its application any more: not the borrower's identity, not what they
 * can afford. RESTORE_NOT_CLEARED while the lost time may have paid it out.
 */
export async function giveUpLoan(
  deps: Pick<ActivityDeps, 'restoreEpoch'>,
  tx: Tx,
  { file, at, by }: { readonly file: LoanFile; readonly at: Instant; readonly by: Pick<CommandRow, 'caller_role' | 'caller'> },
): Promise<Record<string, never>> {
  await assertRestoreCleared(deps, tx);
  await updateLoan(tx, file.loan.id, { status: 'REJECTED', closed_on: businessDateOf(at), attention: null });
  // One whose payout came back was disbursed, and has ended.
  if ((await readApplication(tx, file.loan.id)).status === 'READY_TO_DISBURSE')
    await updateApplication(tx, file.loan.id, { status: 'WITHDRAWN', waiting_until: null });
  await insertLoanEvent(tx, file.loan.id, {
    key: 'rejected',
    kind: 'REJECTED',
    at,
    businessDate: businessDateOf(at),
    data: named(by),
  });
  return {};
}

/** Whether money may be on its way to the borrower, or with them: a payout that came back is neither. */
const hasPayoutBegun = ({ instructions }: Pick<LoanFile, 'instructions'>): boolean =>
  instructions.some((each) => each.direction === 'PAYOUT' && each.sentAt !== null && each.state !== 'RETURNED' && each.state !== 'FAILED');

/** Whether a loan can still be given up by its borrower: it is approved, and no payout of it has begun or was found. */
export const isBeforePayout = (file: LoanFile): boolean =>
  file.loan.status === 'APPROVED' && !hasPayoutBegun(file) && !isContradicted(file.instructions, 'PAYOUT');

/** The borrower changes their mind before the payout has begun: nothing has moved, and nothing will. ILLEGAL_TRANSITION afterwards. */
export async function withdrawLoan(
  deps: Pick<ActivityDeps, 'restoreEpoch'>,
  tx: Tx,
  given: { readonly file: LoanFile; readonly at: Instant; readonly by: Pick<CommandRow, 'caller_role' | 'caller'> },
): Promise<Record<string, never>> {
  const { file, at } = given;
  if (!isBeforePayout(file))
    throw new LoanloomError('ILLEGAL_TRANSITION', 'the payout has begun: the loan can be paid back, not cancelled', {
      from: file.loan.status,
    });
  for (const each of file.instructions.filter((instruction) => instruction.open))
    await moveInstruction(tx, await readInstruction(tx, each.id), { to: 'FAILED', at, code: 'WITHDRAWN' });
  return giveUpLoan(deps, tx, given);
}

/**
 * Another card for whatever is still to move: a payment that is on its way keeps the one it was opened with, so that
 * its number never stands for two accounts. NOT_FOUND for a card that is not the borrower's own.
 */
export async function changeCard(
  deps: ActivityDeps,
  tx: Tx,
  {
    change,
    file,
    at,
  }: {
    readonly change: { readonly id: string; readonly cardId: string; readonly by: Readonly<Record<string, string>> };
    readonly file: LoanFile;
    readonly at: Instant;
  },
): Promise<Record<string, string>> {
  const { id, cardId, by } = change;
  // The card is the borrower's own: its row is looked up under them.
  await deps.borrowers.cardNumber(tx, file.loan.borrower_id, cardId);
  await assertCardConfirmed(deps, tx, file.loan.borrower_id, cardId);
  await updateLoan(tx, file.loan.id, { bank_card_id: cardId });
  await addMail(tx, {
    key: keys.cardChangedMail(id),
    borrowerId: file.loan.borrower_id,
    template: 'card-changed',
    params: { loanId: file.loan.id, changedOn: businessDateOf(at) },
  });
  await insertLoanEvent(tx, file.loan.id, {
    key: keys.cardChanged(id),
    kind: 'CARD_CHANGED',
    at,
    businessDate: businessDateOf(at),
    data: by,
  });
  return { bankCardId: cardId };
}

/** Another card by the borrower's own word, which a code confirms; an operator's word takes a second operator, since money may go there. */
export async function wishCard(
  deps: ActivityDeps,
  tx: Tx,
  { command, file, at }: { readonly command: CommandRow; readonly file: LoanFile; readonly at: Instant },
): Promise<Record<string, string | boolean>> {
  const cardId = String(command.body.bankCardId);
  if (command.caller_role !== 'operator') return changeCard(deps, tx, { change: { id: command.id, cardId, by: {} }, file, at });
  await deps.borrowers.cardNumber(tx, file.loan.borrower_id, cardId);
  const body = { type: 'CARD', bankCardId: cardId };
  await insertProposal(tx, {
    id: command.id,
    loanId: file.loan.id,
    body,
    why: String(command.body.reason),
    proposedBy: command.caller,
    proposedAt: at,
  });
  return { proposalId: command.id, needsSecond: true };
}
