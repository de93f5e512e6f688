import type { ChannelReply } from '../channels/port';
import { readApplication, updateApplication } from '../db/applications';
import { healBreaks, openBreak } from '../db/breaks';
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
import { latestValueDate } from '../domain/account';
import { businessDateOf, type BusinessDate, type Instant } from '../domain/dates';
import { loanAccount } from '../domain/loan-account';
import { keys } from '../domain/ids';
import { yuan } from '../domain/money';
import { scheduleFor } from '../domain/offer';
import { debitSucceeded, debitVoided, payoutSucceeded, payoutVoided, refundPaid, refundVoided } from '../domain/postings';
import { isTerminal, ATTEMPT_TRANSITIONS } from '../domain/states';
import { effectOf } from './account-effect';
import { productOf, type ActivityDeps } from './deps';
import { failDebit } from './debit-failure';
import { comesIn, recordContradiction } from './suspense';

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
  // A payout after a returned one has its own value date, and so its own binding schedule.
  const version = loan.schedule_version + 1;
  await insertSchedule(tx, loan.id, version, 'payout confirmed', valueDate, schedule);
  await updateLoan(tx, loan.id, { status: 'ACTIVE', activated_on: valueDate, schedule_version: version });
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

/** The refund is confirmed: the surplus is the borrower's again. */
async function bookRefund(
  tx: Tx,
  loan: LoanRow,
  instruction: InstructionRow,
  attempt: AttemptRow,
  valueDate: BusinessDate,
  at: Instant,
): Promise<void> {
  const isNew = await insertTransaction(tx, {
    loanId: loan.id,
    key: keys.refund(instruction.id),
    type: 'CREDIT_BALANCE_REFUND',
    amount: instruction.amount_fen,
    valueDate,
    businessDate: instruction.business_date,
    instructionId: instruction.id,
  });
  if (!isNew) return;
  await postEntry(tx, {
    key: `payment:${attempt.number}:succeeded`,
    loanId: loan.id,
    businessDate: instruction.business_date,
    posting: refundPaid(attempt.channel, instruction.amount_fen),
  });
  await insertLoanEvent(tx, loan.id, {
    key: `refunded:${instruction.id}`,
    kind: 'REFUNDED',
    at,
    businessDate: valueDate,
    data: { amount: instruction.amount_fen },
  });
  await addMail(tx, {
    key: `refunded:${instruction.id}`,
    borrowerId: loan.borrower_id,
    template: 'refunded',
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
  await healBreaks(
    tx,
    { channel: attempt.channel, number: attempt.number, codes: ['AMOUNT', 'PARTY', 'CONFIRMED_BY_FILE'] },
    { at, note: 'the channel confirms the payment as ordered' },
  );
  if (instruction.direction === 'DEBIT') {
    await bookRepayment(deps, tx, loan, instruction, attempt, valueDate, at);
    return;
  }
  if (instruction.direction === 'REFUND') {
    await bookRefund(tx, loan, instruction, attempt, valueDate, at);
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
async function recordFailure(
  tx: Tx,
  instruction: InstructionRow,
  attempt: AttemptRow,
  { code, nothingSent }: ChannelReply,
  at: Instant,
): Promise<void> {
  await moveAttempt(tx, attempt, { state: 'FAILED', code, notFoundSince: null, ...(nothingSent ? { nothingSent } : {}) }, at);
  const voided = { PAYOUT: payoutVoided, DEBIT: debitVoided, REFUND: refundVoided }[instruction.direction];
  const posting = voided(attempt.channel, instruction.amount_fen);
  await postEntry(tx, {
    key: `payment:${attempt.number}:voided`,
    loanId: instruction.loan_id,
    businessDate: instruction.business_date,
    posting,
  });
  // Nothing reached the channel: the debit may still go over another one.
  if (instruction.direction !== 'DEBIT' || nothingSent) return;
  await failDebit(tx, instruction, code, at);
}

async function recordOpen(tx: Tx, instruction: InstructionRow, attempt: AttemptRow, reply: ChannelReply, at: Instant): Promise<void> {
  if (reply.mismatch !== undefined) {
    const expected = comesIn(instruction) ? instruction.amount_fen : 0 - instruction.amount_fen;
    const code = reply.mismatch === 'amount' ? 'AMOUNT' : 'PARTY';
    const found = {
      channel: attempt.channel,
      businessDate: businessDateOf(at),
      code,
      subject: attempt.number,
      loanId: attempt.loan_id,
      amount: 0,
      expected,
    } as const;
    await openBreak(tx, { ...found, note: `the channel's answer names another ${reply.mismatch} than was ordered` }, at);
  }
  const notFoundSince = reply.notFound ? ((attempt.not_found_since?.toISOString() as Instant | undefined) ?? at) : null;
  const state = reply.outcome === 'RETRY_SAME' ? attempt.state : reply.acknowledged ? 'ACCEPTED' : 'UNKNOWN';
  await moveAttempt(tx, attempt, { state, code: reply.code, notFoundSince }, at);
}

interface Reply {
  readonly instructionId: string;
  readonly attempt: number;
  readonly reply: ChannelReply;
  readonly at: Instant;
}

/**
 * Records what a channel said about an attempt: states, journal, facts and notices in one transaction
 * under the loan's lock. A terminal attempt is never changed: what contradicts it raises attention
 * (reference §2: "contradiction → break, not update"). Repeating it has no further effect.
 */
export async function recordReply(deps: ActivityDeps, input: Reply): Promise<RecordedOutcome> {
  return deps.db.transaction((tx) => recordReplyIn(deps, tx, input));
}

/** The same within a transaction of the caller's. */
export async function recordReplyIn(deps: ActivityDeps, tx: Tx, input: Reply): Promise<RecordedOutcome> {
  const { reply, at } = input;
  const { loan_id: loanId } = await readInstruction(tx, input.instructionId);
  const loan = await lockLoan(tx, loanId);
  const instruction = await readInstruction(tx, input.instructionId);
  const attempt = await readAttempt(tx, input.instructionId, input.attempt);
  if (isTerminal(ATTEMPT_TRANSITIONS, attempt.state) || attempt.state === 'SUCCEEDED') {
    const contradicts =
      (attempt.state === 'FAILED' && reply.outcome === 'SUCCEEDED') ||
      (attempt.state === 'SUCCEEDED' && reply.outcome === 'FAILED_DEFINITIVE');
    if (contradicts) await recordContradiction(deps, tx, { instruction, attempt, reply, at });
  } else if (reply.outcome === 'SUCCEEDED') await recordSuccess(deps, tx, loan, instruction, attempt, reply, at);
  else if (reply.outcome === 'FAILED_DEFINITIVE') await recordFailure(tx, instruction, attempt, reply, at);
  else await recordOpen(tx, instruction, attempt, reply, at);
  if (reply.outcome === 'SUCCEEDED' || reply.outcome === 'FAILED_DEFINITIVE') await addFactNotice(tx, loanId, `outcome:${attempt.number}`);
  const after = await readAttempt(tx, input.instructionId, input.attempt);
  return {
    state: after.state,
    retryAfterSeconds: reply.outcome === 'RETRY_SAME' ? (reply.retryAfterSeconds ?? 60) : null,
    notFoundForMs: after.not_found_since === null ? 0 : Math.max(0, Date.parse(at) - after.not_found_since.getTime()),
  };
}
