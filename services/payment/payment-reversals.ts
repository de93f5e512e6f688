import { healBreaks, openBreak } from '../../db/reconciliation/breaks';
import { postEntry } from '../../db/ledger/journal';
import { lockLoan, updateLoan, type LoanRow } from '../../db/loan/loans';
import { readLoanFile, type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent, insertTransaction } from '../../db/loan/loan-facts';
import { addFactNotice, addMail } from '../../db/outbox';
import {
  moveAttempt,
  moveInstruction,
  readAttempt,
  readInstruction,
  type AttemptRow,
  type InstructionRow,
} from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import { latestValueDate } from '../../domain/loan/account';
import { factsInForce } from '../../domain/loan/account/facts';
import { businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { fen, yuan } from '../../domain/money/money';
import { ACCRUED, accrued, debitReturned, payoutReturned, refundReturned } from '../../domain/ledger/postings';
import { effectOfFact } from './account-effect';
import type { ActivityDeps } from '../deps';
import { reopenWhereOwed } from '../loan/loan-status';
import { comesIn, intoSuspenseFor } from '../reconciliation/suspense';
import { keys } from '../../domain/keys';

export interface ReturnedPayment {
  readonly instructionId: string;
  readonly attempt: number;
  /** The day on which the channel booked the return. */
  readonly valueDate: BusinessDate;
  readonly at: Instant;
}

/** The fact that a payment never counted: `of` names what it had booked. */
async function insertReversal(tx: Tx, attempt: AttemptRow, input: ReturnedPayment, of: string): Promise<void> {
  await insertTransaction(tx, {
    loanId: attempt.loan_id,
    key: keys.returned(attempt.number),
    type: 'REVERSAL',
    amount: null,
    data: { of },
    valueDate: input.valueDate,
    businessDate: businessDateOf(input.at),
    instructionId: input.instructionId,
  });
}

interface Returning {
  readonly loan: LoanRow;
  readonly instruction: InstructionRow;
  readonly attempt: AttemptRow;
  readonly input: ReturnedPayment;
}

/** A payout came back: the loan is as it was before it, and a person decides whether to pay again. */
async function undoPayout(tx: Tx, { loan, instruction, attempt, input }: Returning): Promise<void> {
  await insertReversal(tx, attempt, input, keys.disbursement(instruction.id));
  await postEntry(tx, {
    key: keys.paymentReturned(attempt.number),
    loanId: loan.id,
    businessDate: input.valueDate,
    posting: payoutReturned(attempt.channel, instruction.amount_fen),
  });
  // Income that was accrued on money the borrower never had is taken back at once: the daily close has lost sight of the loan.
  for (const component of ACCRUED) {
    const posted = loan[`accrued_${component}_fen`];
    await postEntry(tx, {
      key: keys.accrualReturned(loan.id, component, attempt.number),
      loanId: loan.id,
      businessDate: input.valueDate,
      posting: accrued(component, fen(0 - posted)),
    });
  }
  await updateLoan(tx, loan.id, {
    status: 'APPROVED',
    activated_on: null,
    accrued_interest_fen: fen(0),
    accrued_fee_fen: fen(0),
    accrued_penalty_fen: fen(0),
  });
  await insertLoanEvent(tx, loan.id, {
    key: keys.payoutReturned(attempt.number),
    kind: 'PAYOUT_RETURNED',
    at: input.at,
    businessDate: input.valueDate,
    data: { amount: instruction.amount_fen, instructionId: instruction.id },
  });
  await addMail(tx, {
    key: keys.payoutReturned(attempt.number),
    borrowerId: loan.borrower_id,
    template: 'payout-returned',
    params: { loanId: loan.id, amount: yuan(instruction.amount_fen), valueDate: input.valueDate },
  });
}

/** What a payment had booked as a fact, and the entry that takes it back. */
const UNDONE = {
  DEBIT: { fact: keys.repayment, posting: debitReturned },
  REFUND: { fact: keys.refund, posting: refundReturned },
} as const;

/** Records that what a payment had booked never counted: folded without it, and the ledger receives the difference. */
async function bookReversal(
  deps: ActivityDeps,
  tx: Tx,
  { loan, instruction, attempt, input }: Returning,
  { fact, posting }: (typeof UNDONE)[keyof typeof UNDONE],
): Promise<void> {
  await insertReversal(tx, attempt, input, fact(instruction.id));
  const { effect, account, isChargedOff } = await effectOfFact(deps, tx, {
    loanId: attempt.loan_id,
    key: keys.returned(attempt.number),
    valueDate: input.valueDate,
  });
  await postEntry(tx, {
    key: keys.paymentReturned(attempt.number),
    loanId: attempt.loan_id,
    businessDate: input.valueDate,
    posting: posting(attempt.channel, instruction.amount_fen, effect, isChargedOff),
  });
  if (loan.status === 'OVERPAID' && account.status === 'ACTIVE') await updateLoan(tx, loan.id, { status: 'ACTIVE' });
  await reopenWhereOwed(tx, loan, account, { key: keys.returned(attempt.number), at: input.at, businessDate: input.valueDate });
}

/** A repayment was taken back by its bank: what it had settled is owed again, and a loan that it had closed is open again. */
async function undoRepayment(deps: ActivityDeps, tx: Tx, returning: Returning): Promise<void> {
  const { loan, instruction, attempt, input } = returning;
  await bookReversal(deps, tx, returning, UNDONE.DEBIT);
  await insertLoanEvent(tx, loan.id, {
    key: keys.repaymentReturned(attempt.number),
    kind: 'REPAYMENT_RETURNED',
    at: input.at,
    businessDate: input.valueDate,
    data: { amount: instruction.amount_fen },
  });
  await addMail(tx, {
    key: keys.repaymentReturned(attempt.number),
    borrowerId: loan.borrower_id,
    template: 'repayment-returned',
    params: { loanId: loan.id, amount: yuan(instruction.amount_fen), valueDate: input.valueDate },
  });
}

/** Whether the books can take the return back by themselves; otherwise it waits in suspense for a person. */
function isSimple(loan: LoanRow, instruction: InstructionRow, file: LoanFile): boolean {
  if (instruction.direction !== 'PAYOUT') return true;
  // Only what came with the payout itself may be there: money or restructurings since then need a decision.
  const facts = factsInForce(file.facts, latestValueDate(file.facts, loan.opened_on));
  return loan.status === 'ACTIVE' && !file.instructions.some((each) => each.open) && facts.every((fact) => fact.type === 'DISBURSEMENT');
}

/**
 * Records that a successful payment came back: SUCCEEDED → RETURNED, never anything else. Repeating it has
 * no further effect. What the books cannot undo by themselves (a payout returned after repayments) goes to
 * suspense and stays an open break.
 */
export async function recordReturn(deps: ActivityDeps, tx: Tx, input: ReturnedPayment): Promise<void> {
  const { loan_id: loanId } = await readInstruction(tx, input.instructionId);
  const loan = await lockLoan(tx, loanId);
  const instruction = await readInstruction(tx, input.instructionId);
  const attempt = await readAttempt(tx, input.instructionId, input.attempt);
  if (attempt.state !== 'SUCCEEDED') return;
  const breakId = await openBreak(
    tx,
    {
      channel: attempt.channel,
      businessDate: input.valueDate,
      code: 'RETURNED',
      subject: attempt.number,
      loanId,
      amount: comesIn(instruction) ? 0 - instruction.amount_fen : instruction.amount_fen,
      expected: 0,
    },
    input.at,
  );
  if (!isSimple(loan, instruction, await readLoanFile(tx, loanId))) {
    await intoSuspenseFor(tx, { breakId, cameIn: !comesIn(instruction), amount: instruction.amount_fen, date: input.valueDate });
    return;
  }
  await moveAttempt(tx, attempt, { state: 'RETURNED', code: 'RETURNED' }, input.at);
  await moveInstruction(tx, instruction, { to: 'RETURNED', at: input.at, code: 'RETURNED' });
  const returning = { loan, instruction, attempt, input };
  if (instruction.direction === 'PAYOUT') await undoPayout(tx, returning);
  else if (instruction.direction === 'DEBIT') await undoRepayment(deps, tx, returning);
  else await bookReversal(deps, tx, returning, UNDONE.REFUND);
  await healBreaks(
    tx,
    { channel: attempt.channel, number: attempt.number, codes: ['RETURNED', 'FAILED_AFTER_SUCCESS', 'SHORT', 'CUTOFF'] },
    { at: input.at, note: 'reversed to its original payment' },
  );
  await addFactNotice(tx, loanId, keys.returned(attempt.number));
}
