import type { ChannelReply } from '../channels/port';
import { readApplication, updateApplication } from '../db/applications';
import { postEntry } from '../db/journal';
import {
  insertLoanEvent,
  insertSchedule,
  insertTransaction,
  lockLoan,
  readLoanFile,
  recordOf,
  updateLoan,
  type LoanRow,
} from '../db/loans';
import { addFactNotice, addMail } from '../db/outbox';
import { moveAttempt, moveInstruction, readAttempt, readInstruction, type AttemptRow, type InstructionRow } from '../db/payments';
import type { Tx } from '../db/pool';
import { latestValueDate, settledTotals, type Account } from '../domain/account';
import { type BusinessDate, type Instant } from '../domain/dates';
import { loanAccount } from '../domain/loan-account';
import { keys } from '../domain/ids';
import { minus, yuan } from '../domain/money';
import { scheduleFor } from '../domain/offer';
import { debitSucceeded, debitVoided, payoutSucceeded, payoutVoided, type AccountEffect } from '../domain/postings';
import { isTerminal, ATTEMPT_TRANSITIONS } from '../domain/states';
import { productOf, type ActivityDeps } from './deps';

/** The attempt's state after what a channel said was recorded. */
export interface RecordedOutcome {
  readonly state: AttemptRow['state'];
  readonly retryAfterSeconds: number | null;
  readonly notFoundForMs: number;
}

/** The payout is confirmed: the loan becomes active, its binding schedule is made from the channel's value date. */
async function activateLoan(
  deps: ActivityDeps,
  tx: Tx,
  loan: LoanRow,
  instruction: InstructionRow,
  valueDate: BusinessDate,
  at: Instant,
): Promise<void> {
  const schedule = scheduleFor({ principal: loan.principal_fen, termMonths: loan.term_months }, productOf(deps, loan), valueDate);
  const isNew = await insertTransaction(tx, {
    loanId: loan.id,
    key: keys.disbursement(instruction.id),
    type: 'DISBURSEMENT',
    amount: instruction.amount_fen,
    valueDate,
    businessDate: instruction.business_date,
    instructionId: instruction.id,
  });
  if (!isNew) return;
  await insertSchedule(tx, loan.id, 1, 'payout confirmed', valueDate, schedule);
  await updateLoan(tx, loan.id, { status: 'ACTIVE', activated_on: valueDate, schedule_version: 1 });
  const application = await readApplication(tx, loan.id);
  if (application.status === 'READY_TO_DISBURSE') await updateApplication(tx, loan.id, { status: 'DISBURSED', waiting_until: null });
  await insertLoanEvent(tx, loan.id, {
    key: `payout-confirmed:${instruction.id}`,
    kind: 'PAYOUT_CONFIRMED',
    at,
    businessDate: valueDate,
    data: { amount: instruction.amount_fen },
  });
  const first = schedule[0];
  await addMail(tx, {
    key: `payout-confirmed:${instruction.id}`,
    borrowerId: loan.borrower_id,
    template: 'payout-confirmed',
    params: {
      loanId: loan.id,
      amount: yuan(instruction.amount_fen),
      valueDate,
      firstDueOn: first?.dueOn ?? '',
      firstAmount: first ? yuan(first.payment) : '',
    },
  });
}

/** What changed between two folds of one loan: all that the ledger receives. */
export function effectOf(before: Account, after: Account): AccountEffect {
  const [a, b] = [settledTotals(after), settledTotals(before)];
  return {
    penalty: minus(a.penalty, b.penalty),
    fee: minus(a.fee, b.fee),
    interest: minus(a.interest, b.interest),
    principal: minus(a.principal, b.principal),
    surplus: minus(a.surplus, b.surplus),
  };
}

/** The debit is confirmed: a repayment on the channel's value date, split as the fold says. */
async function bookRepayment(
  deps: ActivityDeps,
  tx: Tx,
  loan: LoanRow,
  instruction: InstructionRow,
  attempt: AttemptRow,
  valueDate: BusinessDate,
  at: Instant,
): Promise<void> {
  const key = keys.repayment(instruction.id);
  const isNew = await insertTransaction(tx, {
    loanId: loan.id,
    key,
    type: 'REPAYMENT',
    amount: instruction.amount_fen,
    valueDate,
    businessDate: instruction.business_date,
    instructionId: instruction.id,
  });
  if (!isNew) return;
  const file = await readLoanFile(tx, loan.id);
  const record = recordOf(deps.catalogue, file);
  const asOf = latestValueDate(file.facts, valueDate);
  const effect = effectOf(
    loanAccount({ ...record, facts: record.facts.filter((fact) => fact.key !== key) }, asOf),
    loanAccount(record, asOf),
  );
  const isChargedOff = file.events.some((event) => event.kind === 'CHARGED_OFF');
  await postEntry(tx, {
    key: `payment:${attempt.number}:succeeded`,
    loanId: loan.id,
    businessDate: instruction.business_date,
    posting: debitSucceeded(attempt.channel, instruction.amount_fen, effect, isChargedOff),
  });
  await insertLoanEvent(tx, loan.id, {
    key: `received:${instruction.id}`,
    kind: 'PAYMENT_RECEIVED',
    at,
    businessDate: valueDate,
    data: { amount: instruction.amount_fen },
  });
  await addMail(tx, {
    key: `received:${instruction.id}`,
    borrowerId: loan.borrower_id,
    template: 'payment-received',
    params: { loanId: loan.id, amount: yuan(instruction.amount_fen), valueDate },
  });
}

async function recordSuccess(
  deps: ActivityDeps,
  tx: Tx,
  loan: LoanRow,
  instruction: InstructionRow,
  attempt: AttemptRow,
  reply: ChannelReply,
  at: Instant,
): Promise<void> {
  const valueDate = reply.valueDate ?? instruction.business_date;
  await moveAttempt(
    tx,
    attempt,
    {
      state: 'SUCCEEDED',
      code: reply.code,
      valueDate,
      notFoundSince: null,
      ...(reply.channelReference === undefined ? {} : { channelReference: reply.channelReference }),
    },
    at,
  );
  await moveInstruction(tx, instruction, 'SUCCEEDED', at);
  if (instruction.direction === 'DEBIT') {
    await bookRepayment(deps, tx, loan, instruction, attempt, valueDate, at);
    return;
  }
  await activateLoan(deps, tx, loan, instruction, valueDate, at);
  await postEntry(tx, {
    key: `payment:${attempt.number}:succeeded`,
    loanId: loan.id,
    businessDate: instruction.business_date,
    posting: payoutSucceeded(attempt.channel, instruction.amount_fen),
  });
}

/** Proof of failure: the pending entry is voided. A debit has failed with it; a payout goes on to its next channel. */
async function recordFailure(tx: Tx, instruction: InstructionRow, attempt: AttemptRow, code: string, at: Instant): Promise<void> {
  await moveAttempt(tx, attempt, { state: 'FAILED', code, notFoundSince: null }, at);
  const isPayout = instruction.direction === 'PAYOUT';
  const posting = (isPayout ? payoutVoided : debitVoided)(attempt.channel, instruction.amount_fen);
  await postEntry(tx, {
    key: `payment:${attempt.number}:voided`,
    loanId: instruction.loan_id,
    businessDate: instruction.business_date,
    posting,
  });
  if (isPayout) return;
  await moveInstruction(tx, instruction, 'FAILED', at, code);
  await insertLoanEvent(tx, instruction.loan_id, {
    key: `debit-failed:${instruction.id}`,
    kind: 'DEBIT_FAILED',
    at,
    businessDate: instruction.business_date,
    data: { code, amount: instruction.amount_fen, presentment: instruction.presentment },
  });
}

async function recordOpen(tx: Tx, attempt: AttemptRow, reply: ChannelReply, at: Instant): Promise<void> {
  const notFoundSince = reply.notFound ? ((attempt.not_found_since?.toISOString() as Instant | undefined) ?? at) : null;
  const state = reply.outcome === 'RETRY_SAME' ? attempt.state : reply.acknowledged ? 'ACCEPTED' : 'UNKNOWN';
  await moveAttempt(tx, attempt, { state, code: reply.code, notFoundSince }, at);
}

/**
 * Records what a channel said about an attempt: states, journal, facts and notices in one transaction
 * under the loan's lock. A terminal attempt is never changed: what contradicts it raises attention
 * (reference §2: "contradiction → break, not update"). Repeating it has no further effect.
 */
export async function recordReply(
  deps: ActivityDeps,
  input: { instructionId: string; attempt: number; reply: ChannelReply; at: Instant },
): Promise<RecordedOutcome> {
  const { reply, at } = input;
  return deps.db.transaction(async (tx) => {
    const { loan_id: loanId } = await readInstruction(tx, input.instructionId);
    const loan = await lockLoan(tx, loanId);
    const instruction = await readInstruction(tx, input.instructionId);
    const attempt = await readAttempt(tx, input.instructionId, input.attempt);
    if (isTerminal(ATTEMPT_TRANSITIONS, attempt.state) || attempt.state === 'SUCCEEDED') {
      const contradicts =
        (attempt.state === 'FAILED' && reply.outcome === 'SUCCEEDED') ||
        (attempt.state === 'SUCCEEDED' && reply.outcome === 'FAILED_DEFINITIVE');
      if (contradicts) {
        await updateLoan(tx, loanId, {
          needs_attention: `!the channel now says ${reply.outcome} about ${attempt.number}, which is ${attempt.state}`,
        });
        deps.log.error({ number: attempt.number, recorded: attempt.state, said: reply.outcome }, 'a channel contradicts a final outcome');
      }
    } else if (reply.outcome === 'SUCCEEDED') await recordSuccess(deps, tx, loan, instruction, attempt, reply, at);
    else if (reply.outcome === 'FAILED_DEFINITIVE') await recordFailure(tx, instruction, attempt, reply.code, at);
    else await recordOpen(tx, attempt, reply, at);
    if (reply.outcome === 'SUCCEEDED' || reply.outcome === 'FAILED_DEFINITIVE')
      await addFactNotice(tx, loanId, `outcome:${attempt.number}`);
    const after = await readAttempt(tx, input.instructionId, input.attempt);
    return {
      state: after.state,
      retryAfterSeconds: reply.outcome === 'RETRY_SAME' ? (reply.retryAfterSeconds ?? 60) : null,
      notFoundForMs: after.not_found_since === null ? 0 : Math.max(0, Date.parse(at) - after.not_found_since.getTime()),
    };
  });
}
