import type { Channel, PaymentOrder } from '../channels/port';
import { recordCall } from '../db/payment/channels';
import { beginSend, readOrderedAttempt, type AttemptRow } from '../db/payment/payments';
import type { Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import type { ActivityDeps } from '../services/deps';
import { whileHeartbeating } from './heartbeat';
import { assertRestoreCleared } from '../services/payment/restore-check';
import { recordReply, type RecordedOutcome } from '../services/payment/payment-outcomes';

export interface ChannelCall {
  readonly instructionId: string;
  readonly attempt: number;
  readonly at: Instant;
}

/** An attempt as its channel sees it: the borrower's account and name are decrypted here and go nowhere else. */
export async function orderOf(
  deps: ActivityDeps,
  call: ChannelCall,
): Promise<{ channel: Channel; order: PaymentOrder; attempt: AttemptRow }> {
  const { attempt, instruction, borrowerId, bankCardId } = await readOrderedAttempt(deps.db, call.instructionId, call.attempt);
  const channel = deps.channels.get(attempt.channel);
  if (!channel) throw new LoanloomError('CHANNEL_UNKNOWN', `channel ${attempt.channel} is not configured`);
  // The card that the attempt was opened with: asking about it under another would not be answered.
  const payee = await deps.borrowers.payee(deps.db, borrowerId, attempt.bank_card_id ?? bankCardId);
  if (payee.name === null) throw new LoanloomError('STEP_INCOMPLETE', 'the identity step is not complete', { path: 'name' });
  return {
    channel,
    attempt,
    order: {
      number: attempt.number,
      kind: instruction.direction === 'DEBIT' ? 'DEBIT' : 'PAYOUT',
      amount: instruction.amount_fen,
      currency: 'CNY',
      account: payee.account,
      accountName: payee.name,
      reference: instruction.loan_id,
      asOf: call.at,
    },
  };
}

const METHOD = {
  SEND: (channel: Channel, order: PaymentOrder, signal: AbortSignal) => channel.send(order, signal),
  QUERY: (channel: Channel, order: PaymentOrder, signal: AbortSignal) => channel.query(order, signal),
  CLOSE: (channel: Channel, order: PaymentOrder, signal: AbortSignal) => channel.close(order, signal),
} as const;

/** Talking to payment channels. These run on the channel's own task queue `channel-<name>`. */
export function createChannelActivities(deps: ActivityDeps) {
  async function ask(call: ChannelCall, kind: 'SEND' | 'QUERY' | 'CLOSE'): Promise<RecordedOutcome> {
    const { channel, order, attempt } = await orderOf(deps, call);
    if (kind === 'SEND' && !(await beginSend(deps.db, attempt, order.account.slice(-4))))
      return { state: attempt.state, retryAfterSeconds: null, notFoundForMs: 0 };
    const startedAt = performance.now();
    const reply = await whileHeartbeating((signal) => METHOD[kind](channel, order, signal));
    const outcome = reply.acknowledged ? 'ACCEPTED' : reply.outcome;
    await recordCall(deps.db, { channel: attempt.channel, kind, outcome, latencyMs: performance.now() - startedAt, at: call.at });
    deps.log.info({ number: attempt.number, channel: attempt.channel, outcome: reply.outcome, code: reply.code }, 'channel replied');
    return recordReply(deps, { ...call, asked: kind, reply });
  }

  return {
    /**
     * Sends an attempt whose row is committed. maximumAttempts is 1: what is not known afterwards is
     * asked, never sent again elsewhere. The send is counted before it begins; one of which an earlier send may
     * have reached the channel is not sent.
     */
    async sendPayment(call: ChannelCall): Promise<RecordedOutcome> {
      await assertRestoreCleared(deps, deps.db);
      return ask(call, 'SEND');
    },

    /** Asks how an attempt stands; free of side effects at the channel, so it may be repeated. */
    async queryPayment(call: ChannelCall): Promise<RecordedOutcome> {
      return ask(call, 'QUERY');
    },

    /** Asks the channel never to execute the number: a confirmed close proves failure. */
    async closePayment(call: ChannelCall): Promise<RecordedOutcome> {
      return ask(call, 'CLOSE');
    },
  };
}
