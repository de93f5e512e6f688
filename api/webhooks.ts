import express, { type RequestHandler } from 'express';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { LoanloomError } from '../domain/errors';
import type { ApiDeps } from './deps';
import { keys } from '../domain/keys';

const BODY_LIMIT = '32kb';

const payload = z.object({ type: z.string().max(64), data: z.object({ out_bill_no: z.string().max(64) }) });

/** Channels that send webhooks. */
const SENDERS: ReadonlySet<string> = new Set(['wallet']);

/** Takes the raw body: a signature is over bytes, not over what a parser makes of them. */
export const rawBody: RequestHandler = express.raw({ type: () => true, limit: BODY_LIMIT });

async function countRefusal(deps: Pick<ApiDeps, 'db'>, channel: string): Promise<void> {
  await deps
    .db('webhook_refusals')
    .insert({ channel, refused: 1 })
    .onConflict('channel')
    .merge({ refused: deps.db.raw('webhook_refusals.refused + 1'), last_at: deps.db.fn.now() });
}

/**
 * A channel's hint that something happened to a payment: signature over the raw body and a timestamp at most
 * five minutes off (Standard Webhooks), each event once; stored, answered with 204, then the payment is asked
 * about. It never changes a payment itself. WEBHOOK_REFUSED (401), counted, for anything else.
 */
export function webhookHandler(deps: Pick<ApiDeps, 'db' | 'channelSecrets'>): RequestHandler {
  return async (request, response) => {
    const channel = String(request.params.channel);
    const secret = SENDERS.has(channel) ? deps.channelSecrets[channel] : undefined;
    if (secret === undefined) throw new LoanloomError('NOT_FOUND', 'no channel of that name sends webhooks');
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    let event: z.output<typeof payload>;
    try {
      const verified = new Webhook(secret, { format: 'raw' }).verify(request.body as Buffer, headers);
      event = payload.parse(verified);
    } catch {
      await countRefusal(deps, channel);
      throw new LoanloomError('WEBHOOK_REFUSED', 'the webhook is not signed by the channel, or too old');
    }
    const eventId = String(request.headers['webhook-id']).slice(0, 128);
    await deps.db.transaction(async (tx) => {
      const isNew = await tx('webhook_events')
        .insert({ channel, event_id: eventId, number: event.data.out_bill_no })
        .onConflict(['channel', 'event_id'])
        .ignore()
        .returning('event_id');
      if (isNew.length === 0) return;
      await tx('outbox')
        .insert({ key: keys.hint(channel, eventId), topic: 'payment.hint', subject: event.data.out_bill_no })
        .onConflict('key')
        .ignore();
    });
    response.status(204).end();
  };
}
