import type { ChannelReply } from '../channels/port';
import { openBreak, healBreaks, moveBreak, readBreak } from '../db/breaks';
import { decideChannel } from '../db/channels';
import { postEntry } from '../db/journal';
import { insertLoanEvent, insertTransaction, lockLoan, readLoanFile, recordOf, updateLoan, type LoanFile, type LoanRow } from '../db/loans';
import { addFactNotice, addMail } from '../db/outbox';
import { moveAttempt, moveInstruction, readAttempt, readInstruction, type AttemptRow, type InstructionRow } from '../db/payments';
import type { Tx } from '../db/pool';
import { latestValueDate } from '../domain/account';
import { factsInForce } from '../domain/account/facts';
import { businessDateOf, instant, type BusinessDate, type Instant } from '../domain/dates';
import { keys } from '../domain/ids';
import { loanAccount } from '../domain/loan-account';
import { fen, yuan } from '../domain/money';
import { ACCRUED, accrued, debitReturned, intoSuspense, outOfSuspense, payoutReturned, refundReturned } from '../domain/postings';
import { effectOf } from './account-effect';
import type { ActivityDeps } from './deps';

/** How long a channel that broke its word gets no new payments. */
const ROUTE_STOP_MS = 24 * 3_600_000;

/** Whether the money of a payment comes in to us. */
export const comesIn = (instruction: Pick<InstructionRow, 'direction'>) => instruction.direction === 'DEBIT';

export interface ReturnedPayment {
  readonly instructionId: string;
  readonly attempt: number;
  /** The day on which the channel booked the return. */
  readonly valueDate: BusinessDate;
  readonly at: Instant;
}

/** A payout came back: the loan is as it was before it, and a person decides whether to pay again. */
async function undoPayout(tx: Tx, loan: LoanRow, instruction: InstructionRow, attempt: AttemptRow, input: ReturnedPayment): Promise<void> {
  await insertTransaction(tx, {
    loanId: loan.id,
    key: keys.returned(attempt.number),
    type: 'REVERSAL',
    amount: null,
    data: { of: keys.disbursement(instruction.id) },
    valueDate: input.valueDate,
    businessDate: businessDateOf(input.at),
    instructionId: instruction.id,
  });
  await postEntry(tx, {
    key: `payment:${attempt.number}:returned`,
    loanId: loan.id,
    businessDate: input.valueDate,
    posting: payoutReturned(attempt.channel, instruction.amount_fen),
  });
  // Income that was accrued on money the borrower never had is taken back at once: the daily close has lost sight of the loan.
  for (const component of ACCRUED) {
    const posted = loan[`accrued_${component}_fen`];
    await postEntry(tx, {
      key: `accrual:${loan.id}:${component}:returned:${attempt.number}`,
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
    key: `payout-returned:${attempt.number}`,
    kind: 'PAYOUT_RETURNED',
    at: input.at,
    businessDate: input.valueDate,
    data: { amount: instruction.amount_fen, instructionId: instruction.id },
  });
  await addMail(tx, {
    key: `payout-returned:${attempt.number}`,
    borrowerId: loan.borrower_id,
    template: 'payout-returned',
    params: { loanId: loan.id, amount: yuan(instruction.amount_fen), valueDate: input.valueDate },
  });
}

/** A repayment was taken back by its bank: folded without it, and the ledger receives the difference. */
async function undoRepayment(
  deps: ActivityDeps,
  tx: Tx,
  loan: LoanRow,
  instruction: InstructionRow,
  attempt: AttemptRow,
  input: ReturnedPayment,
): Promise<void> {
  const before = await readLoanFile(tx, loan.id);
  await insertTransaction(tx, {
    loanId: loan.id,
    key: keys.returned(attempt.number),
    type: 'REVERSAL',
    amount: null,
    data: { of: keys.repayment(instruction.id) },
    valueDate: input.valueDate,
    businessDate: businessDateOf(input.at),
    instructionId: instruction.id,
  });
  const file = await readLoanFile(tx, loan.id);
  const asOf = latestValueDate(file.facts, input.valueDate);
  const account = loanAccount(recordOf(deps.catalogue, file), asOf);
  const effect = effectOf(loanAccount(recordOf(deps.catalogue, before), asOf), account);
  await postEntry(tx, {
    key: `payment:${attempt.number}:returned`,
    loanId: loan.id,
    businessDate: input.valueDate,
    posting: debitReturned(attempt.channel, instruction.amount_fen, effect, account.chargedOffOn !== null),
  });
  await insertLoanEvent(tx, loan.id, {
    key: `repayment-returned:${attempt.number}`,
    kind: 'REPAYMENT_RETURNED',
    at: input.at,
    businessDate: input.valueDate,
    data: { amount: instruction.amount_fen },
  });
  if (account.status === 'ACTIVE' && loan.status !== 'ACTIVE') {
    await updateLoan(tx, loan.id, { status: 'ACTIVE', closed_on: null });
    if (loan.closed_on !== null)
      await insertLoanEvent(tx, loan.id, {
        key: `reopened:${attempt.number}`,
        kind: 'REOPENED',
        at: input.at,
        businessDate: input.valueDate,
        data: {},
      });
  }
  await addMail(tx, {
    key: `repayment-returned:${attempt.number}`,
    borrowerId: loan.borrower_id,
    template: 'repayment-returned',
    params: { loanId: loan.id, amount: yuan(instruction.amount_fen), valueDate: input.valueDate },
  });
}

/** Whether the books can take the return back by themselves; otherwise it waits in suspense for a person. */
function isSimple(loan: LoanRow, instruction: InstructionRow, file: LoanFile): boolean {
  if (instruction.direction === 'REFUND') return true;
  if (instruction.direction === 'DEBIT') return loan.status !== 'CLOSED_WRITTEN_OFF';
  // Only what came with the payout itself may be there: money or restructurings since then need a decision.
  const facts = factsInForce(file.facts, latestValueDate(file.facts, loan.opened_on));
  return loan.status === 'ACTIVE' && !file.instructions.some((each) => each.open) && facts.every((fact) => fact.type === 'DISBURSEMENT');
}

/**
 * Records that a successful payment came back: SUCCEEDED → RETURNED, never anything else. Repeating it has
 * no further effect. What the books cannot undo by themselves (a payout returned after repayments, a
 * repayment of a loan that is written off) goes to suspense and stays an open break.
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
    await intoSuspenseFor(tx, breakId, !comesIn(instruction), instruction.amount_fen, input.valueDate);
    return;
  }
  await moveAttempt(tx, attempt, { state: 'RETURNED', code: 'RETURNED' }, input.at);
  await moveInstruction(tx, instruction, 'RETURNED', input.at, 'RETURNED');
  if (instruction.direction === 'PAYOUT') await undoPayout(tx, loan, instruction, attempt, input);
  else if (instruction.direction === 'DEBIT') await undoRepayment(deps, tx, loan, instruction, attempt, input);
  else await undoRefund(tx, loan, instruction, attempt, input);
  await healBreaks(
    tx,
    { channel: attempt.channel, number: attempt.number, codes: ['RETURNED', 'FAILED_AFTER_SUCCESS', 'SHORT', 'CUTOFF'] },
    { at: input.at, on: businessDateOf(input.at), note: 'reversed to its original payment' },
  );
  await addFactNotice(tx, loanId, `returned:${attempt.number}`);
}

async function undoRefund(tx: Tx, loan: LoanRow, instruction: InstructionRow, attempt: AttemptRow, input: ReturnedPayment): Promise<void> {
  await insertTransaction(tx, {
    loanId: loan.id,
    key: keys.returned(attempt.number),
    type: 'REVERSAL',
    amount: null,
    data: { of: keys.refund(instruction.id) },
    valueDate: input.valueDate,
    businessDate: businessDateOf(input.at),
    instructionId: instruction.id,
  });
  await postEntry(tx, {
    key: `payment:${attempt.number}:returned`,
    loanId: loan.id,
    businessDate: input.valueDate,
    posting: refundReturned(attempt.channel, instruction.amount_fen),
  });
  if (loan.status === 'CLOSED_OBLIGATIONS_MET') {
    await updateLoan(tx, loan.id, { needs_attention: '!a refund came back: the surplus is still owed to the borrower' });
  }
}

/** Books money that a break is about into suspense, once. */
export async function intoSuspenseFor(tx: Tx, breakId: string, cameIn: boolean, amount: number, date: BusinessDate): Promise<void> {
  const row = await readBreak(tx, breakId);
  const isNew = await postEntry(tx, {
    key: `break:${breakId}:suspense`,
    loanId: row.loan_id,
    businessDate: date,
    posting: intoSuspense(row.channel, cameIn, fen(amount)),
  });
  if (isNew)
    await tx('breaks')
      .where({ id: breakId })
      .update({ suspense_fen: cameIn ? amount : 0 - amount });
}

/** Takes a break's money out of suspense again because the channel gave it back (or took it back), and closes the break. */
export async function healSuspense(tx: Tx, breakId: string, date: BusinessDate, at: Instant): Promise<boolean> {
  const row = await readBreak(tx, breakId);
  if (row.closed_on !== null || row.suspense_fen === 0) return false;
  const cameIn = row.suspense_fen > 0;
  await postEntry(tx, {
    key: `break:${breakId}:healed`,
    loanId: row.loan_id,
    businessDate: date,
    posting: outOfSuspense(row.channel, cameIn, fen(Math.abs(row.suspense_fen))),
  });
  await moveBreak(
    tx,
    row,
    'HEALED',
    { closed_on: businessDateOf(at), suspense_fen: fen(0) },
    { actor: 'reconciliation', at, note: 'the channel gave the money back' },
  );
  return true;
}

/**
 * The channel's file shows a payment booked that it had refused (or had confirmed never to make): the
 * borrower owes nothing for it. The money goes to suspense, its route gets no new payments, the break's
 * workflow asks for it back.
 */
export async function recordPaidAfterFailure(
  deps: ActivityDeps,
  tx: Tx,
  input: { instruction: InstructionRow; attempt: AttemptRow; valueDate: BusinessDate; at: Instant },
): Promise<string> {
  const { instruction, attempt, valueDate, at } = input;
  const sign = comesIn(instruction) ? 1 : -1;
  const breakId = await openBreak(
    tx,
    {
      channel: attempt.channel,
      businessDate: valueDate,
      code: 'PAID_AFTER_FAILURE',
      subject: attempt.number,
      loanId: instruction.loan_id,
      amount: sign * instruction.amount_fen,
      expected: 0,
    },
    at,
  );
  await intoSuspenseFor(tx, breakId, comesIn(instruction), instruction.amount_fen, valueDate);
  const reason = `break ${breakId}`;
  const known = await tx('channel_decisions').where({ channel: attempt.channel, reason }).first<{ seq: number } | undefined>('seq');
  if (!known)
    await decideChannel(tx, {
      channel: attempt.channel,
      enabled: false,
      until: instant(Date.parse(at) + ROUTE_STOP_MS),
      actor: 'reconciliation',
      reason,
      at,
    });
  deps.log.error({ number: attempt.number, channel: attempt.channel }, 'a channel moved money for a payment that it had refused');
  return breakId;
}

/**
 * A channel's answer contradicts a final state (late success after failover, failure after success): a
 * break for a person and for reconciliation, never an update.
 */
export async function recordContradiction(
  deps: ActivityDeps,
  tx: Tx,
  input: { instruction: InstructionRow; attempt: AttemptRow; reply: ChannelReply; at: Instant },
): Promise<void> {
  const { instruction, attempt, reply, at } = input;
  if (attempt.state === 'FAILED' && reply.outcome === 'SUCCEEDED') {
    await recordPaidAfterFailure(deps, tx, { instruction, attempt, valueDate: reply.valueDate ?? businessDateOf(at), at });
    return;
  }
  await openBreak(
    tx,
    {
      channel: attempt.channel,
      businessDate: attempt.value_date ?? businessDateOf(at),
      code: 'FAILED_AFTER_SUCCESS',
      subject: attempt.number,
      loanId: instruction.loan_id,
      amount: 0,
      expected: comesIn(instruction) ? instruction.amount_fen : 0 - instruction.amount_fen,
    },
    at,
  );
}
