import type { ChannelReply } from '../channels/port';
import { moveBreak, openBreak, readBreak } from '../db/breaks';
import { decideChannel } from '../db/channels';
import { postEntry } from '../db/journal';
import type { AttemptRow, InstructionRow } from '../db/payments';
import type { Tx } from '../db/pool';
import { businessDateOf, instant, type BusinessDate, type Instant } from '../domain/dates';
import { fen } from '../domain/money';
import { intoSuspense, outOfSuspense } from '../domain/postings';
import type { ActivityDeps } from './deps';

/** How long a channel that broke its word gets no new payments. */
const ROUTE_STOP_MS = 24 * 3_600_000;

/** Whether the money of a payment comes in to us. */
export const comesIn = (instruction: Pick<InstructionRow, 'direction'>) => instruction.direction === 'DEBIT';

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
