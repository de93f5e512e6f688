import type { ChannelReply } from '../../channels/port';
import { healBreaks, openBreak } from '../../db/reconciliation/breaks';
import { postEntry } from '../../db/ledger/journal';
import { lockLoanOf, type LoanRow } from '../../db/loan/loans';
import { addFactNotice } from '../../db/outbox';
import {
  moveAttempt,
  moveInstruction,
  readAttempt,
  readOrderedAttempt,
  type AttemptRow,
  type InstructionRow,
} from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import { addDays, businessDateOf, type Instant } from '../../domain/time/dates';
import { afterAnswer, type Asked, type Recorded } from '../../domain/payment/attempt';
import { debitVoided, payoutVoided, refundVoided } from '../../domain/ledger/postings';
import { OPEN_ATTEMPTS } from '../../domain/states';
import { withDoubtPosted } from './account-effect';
import { failDebit } from './debit-failure';
import { productOf, type ActivityDeps } from '../deps';
import { bookPayout, bookRefund, bookRepayment } from './payment-bookings';
import { comesIn, recordContradiction } from '../reconciliation/suspense';
import { keys } from '../../domain/keys';

/** The attempt's state after what a channel said was recorded. */
export interface RecordedOutcome {
  readonly state: AttemptRow['state'];
  readonly retryAfterSeconds: number | null;
  readonly notFoundForMs: number;
}

async function recordSuccess(deps: ActivityDeps, tx: Tx, { loan, instruction, attempt, reply, at }: Known): Promise<AttemptRow> {
  const valueDate = reply.valueDate ?? instruction.business_date;
  const reference = reply.channelReference === undefined ? {} : { channelReference: reply.channelReference };
  const after = await moveAttempt(tx, attempt, { state: 'SUCCEEDED', code: reply.code, valueDate, notFoundSince: null, ...reference }, at);
  await moveInstruction(tx, instruction, { to: 'SUCCEEDED', at });
  await healBreaks(
    tx,
    { channel: attempt.channel, number: attempt.number, codes: ['AMOUNT', 'PARTY', 'VALUE_DATE', 'CONFIRMED_BY_FILE'] },
    { at, note: 'the channel confirms the payment as ordered' },
  );
  const confirmed = { loan, instruction, attempt, valueDate, at };
  if (instruction.direction === 'DEBIT') await bookRepayment(deps, tx, confirmed);
  else if (instruction.direction === 'REFUND') await bookRefund(deps, tx, confirmed);
  else await bookPayout(deps, tx, confirmed);
  return after;
}

/** Proof of failure: the pending entry is voided. A debit has failed with it; a payout goes on to its next channel. */
async function recordFailure(tx: Tx, known: Known, { facts, nothingSent }: Recorded): Promise<AttemptRow> {
  const { instruction, attempt, reply, at } = known;
  const change = { state: 'FAILED', code: reply.code, notFoundSince: null, nothingSent, sendsRefused: facts.sendsRefused } as const;
  const after = await moveAttempt(tx, attempt, change, at);
  const voided = { PAYOUT: payoutVoided, DEBIT: debitVoided, REFUND: refundVoided }[instruction.direction];
  const posting = voided(attempt.channel, instruction.amount_fen);
  await postEntry(tx, {
    key: keys.paymentVoided(attempt.number),
    loanId: instruction.loan_id,
    businessDate: instruction.business_date,
    posting,
  });
  // Nothing reached the channel: the debit may still go over another one.
  if (instruction.direction === 'DEBIT' && !nothingSent) await failDebit(tx, instruction, reply.code, at);
  return after;
}

const MISMATCH_CODES = { amount: 'AMOUNT', account: 'PARTY', 'value date': 'VALUE_DATE' } as const;

async function recordOpen(tx: Tx, known: Known, { facts }: Recorded): Promise<AttemptRow> {
  const { instruction, attempt, reply, at } = known;
  if (reply.mismatch !== undefined) {
    const expected = comesIn(instruction) ? instruction.amount_fen : 0 - instruction.amount_fen;
    const found = {
      channel: attempt.channel,
      businessDate: businessDateOf(at),
      code: MISMATCH_CODES[reply.mismatch],
      subject: attempt.number,
      loanId: attempt.loan_id,
      amount: 0,
      expected,
    } as const;
    await openBreak(tx, { ...found, note: `the channel's answer names another ${reply.mismatch} than was ordered or is possible` }, at);
  }
  const notFoundSince = reply.notFound ? ((attempt.not_found_since?.toISOString() as Instant | undefined) ?? at) : null;
  return moveAttempt(tx, attempt, { state: facts.state, code: reply.code, notFoundSince, sendsRefused: facts.sendsRefused }, at);
}

interface Known {
  readonly loan: LoanRow;
  readonly instruction: InstructionRow;
  readonly attempt: AttemptRow;
  readonly reply: ChannelReply;
  readonly asked: Asked;
  readonly at: Instant;
}

/** Answers with the attempt as it is then. */
async function recordOn(deps: ActivityDeps, tx: Tx, known: Known): Promise<AttemptRow> {
  const { instruction, attempt, reply, asked, at } = known;
  const facts = { state: attempt.state, sends: attempt.sends, sendsRefused: attempt.sends_refused };
  const recorded = afterAnswer(facts, asked, reply);
  if (recorded.contradiction !== null) {
    await recordContradiction(deps, tx, { instruction, attempt, reply, at });
    return readAttempt(tx, attempt.instruction_id, attempt.attempt);
  }
  if (!OPEN_ATTEMPTS.includes(attempt.state)) return attempt;
  if (recorded.facts.state === 'SUCCEEDED') return recordSuccess(deps, tx, known);
  if (recorded.facts.state === 'FAILED') return recordFailure(tx, known, recorded);
  return recordOpen(tx, known, recorded);
}

/** A success dated before its order or far ahead is no fact: the money may have moved, and a person has to look. */
function withPlausibleDate(
  deps: Pick<ActivityDeps, 'catalogue'>,
  { loan, instruction, attempt, reply, at }: Omit<Known, 'asked'>,
): ChannelReply {
  if (reply.outcome !== 'SUCCEEDED' || reply.valueDate === undefined) return reply;
  const sentOn = businessDateOf(attempt.sent_at.toISOString() as Instant);
  const first = sentOn < instruction.business_date ? sentOn : instruction.business_date;
  const last = addDays(businessDateOf(at), productOf(deps, loan).payout.valueDaysAheadMax);
  return reply.valueDate >= first && reply.valueDate <= last ? reply : { outcome: 'UNKNOWN', code: 'VALUE_DATE', mismatch: 'value date' };
}

interface Reply {
  readonly instructionId: string;
  readonly attempt: number;
  /** What the reply is an answer to. */
  readonly asked: Asked;
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
  const { asked, at } = input;
  const loan = await lockLoanOf(tx, input.instructionId);
  const loanId = loan.id;
  const { instruction, attempt } = await readOrderedAttempt(tx, input.instructionId, input.attempt);
  const reply = withPlausibleDate(deps, { loan, instruction, attempt, reply: input.reply, at });
  const record = () => recordOn(deps, tx, { loan, instruction, attempt, reply, asked, at });
  const debit = { loanId, instructionId: instruction.id, at };
  const after =
    instruction.direction === 'DEBIT'
      ? await withDoubtPosted(deps, tx, { debit, work: record, mayBeDoubtful: ({ state }) => state === 'UNKNOWN' })
      : await record();
  if (reply.outcome === 'SUCCEEDED' || reply.outcome === 'FAILED_DEFINITIVE')
    await addFactNotice(tx, loanId, keys.outcomeChanged(attempt.number));
  return {
    state: after.state,
    retryAfterSeconds: reply.outcome === 'RETRY_SAME' ? (reply.retryAfterSeconds ?? 60) : null,
    notFoundForMs: after.not_found_since === null ? 0 : Math.max(0, Date.parse(at) - after.not_found_since.getTime()),
  };
}
