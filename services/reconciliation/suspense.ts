import type { ChannelReply } from '../../channels/port';
import { moveBreak, noteOnBreak, openBreak, readBreak, type BreakRow } from '../../db/reconciliation/breaks';
import { decideChannel } from '../../db/payment/channels';
import { postEntry } from '../../db/ledger/journal';
import type { AttemptRow, InstructionRow } from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import { businessDateOf, instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { fen } from '../../domain/money/money';
import { intoSuspense, outOfSuspense, writeOffReversed } from '../../domain/ledger/postings';
import type { ActivityDeps } from '../deps';
import { keys } from '../../domain/keys';

/** How long a channel that broke its word gets no new payments. */
const ROUTE_STOP_MS = 24 * 3_600_000;

/** Whether the money of a payment comes in to us. */
export const comesIn = (instruction: Pick<InstructionRow, 'direction'>) => instruction.direction === 'DEBIT';

/** Books money that a break is about into suspense, once. */
export async function intoSuspenseFor(
  tx: Tx,
  {
    breakId,
    cameIn,
    amount,
    date,
  }: { readonly breakId: string; readonly cameIn: boolean; readonly amount: number; readonly date: BusinessDate },
): Promise<void> {
  const row = await readBreak(tx, breakId);
  const isNew = await postEntry(tx, {
    key: keys.suspended(breakId),
    loanId: row.loan_id,
    businessDate: date,
    posting: intoSuspense(row.channel, cameIn, fen(amount)),
  });
  if (isNew)
    await tx('breaks')
      .where({ id: breakId })
      .update({ suspense_fen: cameIn ? amount : 0 - amount });
}

/** Books that the channel gave a break's money back (or took it back), once: false when that is booked already. */
async function bookGivenBack(tx: Tx, row: BreakRow, moved: number, date: BusinessDate): Promise<boolean> {
  const posting = outOfSuspense(row.channel, moved > 0, fen(Math.abs(moved)));
  return postEntry(tx, { key: keys.suspenseHealed(row.id), loanId: row.loan_id, businessDate: date, posting });
}

/** The money of a break that was written off came back: the write-off is reversed, and the break says so. */
async function reverseWriteOff(tx: Tx, row: BreakRow, date: BusinessDate, at: Instant): Promise<boolean> {
  const moved = row.amount_fen - row.expected_fen;
  if (!(await bookGivenBack(tx, row, moved, date))) return false;
  const posting = writeOffReversed(row.channel, moved > 0, fen(Math.abs(moved)));
  await postEntry(tx, { key: keys.writeOffReversed(row.id), loanId: row.loan_id, businessDate: date, posting });
  const note = 'the channel gave the money back after it was written off: the write-off is reversed';
  await noteOnBreak(tx, row.id, { kind: 'RECOVERED', actor: 'reconciliation', at, note });
  return true;
}

/**
 * The channel gave a break's money back (or took it back): it leaves suspense and the break is closed, or its
 * write-off is reversed. False where the break has no such money, or had it back before.
 */
export async function healSuspense(tx: Tx, breakId: string, date: BusinessDate, at: Instant): Promise<boolean> {
  const row = await readBreak(tx, breakId);
  if (row.state === 'CLEARED' && row.proposal === 'WRITE_OFF') return reverseWriteOff(tx, row, date, at);
  if (row.closed_on !== null || row.suspense_fen === 0) return false;
  await bookGivenBack(tx, row, row.suspense_fen, date);
  await moveBreak(tx, row, {
    to: 'HEALED',
    change: { closed_on: businessDateOf(at), suspense_fen: fen(0) },
    event: { actor: 'reconciliation', at, note: 'the channel gave the money back' },
  });
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
  await intoSuspenseFor(tx, { breakId, cameIn: comesIn(instruction), amount: instruction.amount_fen, date: valueDate });
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
