import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { Gauge, Registry } from 'prom-client';
import { businessNow } from '../db/clock';
import { epochMs } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import { OPEN_ATTEMPTS } from '../domain/states';
import type { ApiDeps } from './deps';

/** What the money path's alarms look at, read from Postgres when it is asked for; names and labels hold ids and codes only. */
export function metricsHandler(deps: Pick<ApiDeps, 'db' | 'metricsToken'>): RequestHandler {
  return async (request, response) => {
    assertMayScrape(deps, request);
    // A registry of this scrape alone: two at once do not add up.
    const registry = new Registry();
    const gauge = (name: string, help: string, labelNames: string[]) => new Gauge({ name, help, labelNames, registers: [registry] });
    const breaks = gauge('loanloom_breaks_open', 'Open reconciliation breaks', ['channel', 'code']);
    const overdue = gauge('loanloom_breaks_oldest_days', 'Days since the oldest open break was opened', ['channel']);
    const suspense = gauge('loanloom_suspense_fen', 'Money in suspense, in fen: claims negative, debts positive', ['channel']);
    const refusals = gauge('loanloom_webhooks_refused', 'Webhooks refused for signature or age', ['channel']);
    const attempts = gauge('loanloom_payments_open', 'Payments without a final outcome', ['channel', 'state']);
    const { now } = await businessNow(deps.db);
    const oldest = new Map<string, number>();
    const open = await deps
      .db('breaks')
      .whereNull('closed_on')
      .select<{ channel: string; code: string; opened_at: Date; suspense_fen: number }[]>('channel', 'code', 'opened_at', 'suspense_fen');
    for (const row of open) {
      breaks.inc({ channel: row.channel, code: row.code });
      suspense.inc({ channel: row.channel }, row.suspense_fen);
      oldest.set(row.channel, Math.max(oldest.get(row.channel) ?? 0, Math.floor((epochMs(now) - row.opened_at.getTime()) / 86_400_000)));
    }
    for (const [channel, days] of oldest) overdue.set({ channel }, days);
    for (const row of await deps.db('webhook_refusals').select<{ channel: string; refused: number }[]>('channel', 'refused'))
      refusals.set({ channel: row.channel }, row.refused);
    const states = await deps
      .db('payment_attempts')
      .whereIn('state', OPEN_ATTEMPTS)
      .groupBy('channel', 'state')
      .select<{ channel: string; state: string; count: number }[]>('channel', 'state', deps.db.raw('count(*)::int AS count'));
    for (const row of states) attempts.set({ channel: row.channel, state: row.state }, row.count);
    response.type(registry.contentType).send(await registry.metrics());
  };
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** UNAUTHENTICATED for a scrape from elsewhere than this machine, but with the token that is set for it. */
function assertMayScrape({ metricsToken }: Pick<ApiDeps, 'metricsToken'>, request: Request): void {
  const given = /^Bearer (\S+)$/.exec(request.get('authorization') ?? '')?.[1];
  const isKnown =
    metricsToken !== undefined && given?.length === metricsToken.length && timingSafeEqual(Buffer.from(given), Buffer.from(metricsToken));
  const isLocal =
    metricsToken === undefined && LOOPBACK.has(request.socket.remoteAddress ?? '') && request.get('x-forwarded-for') === undefined;
  if (!isKnown && !isLocal)
    throw new LoanloomError('UNAUTHENTICATED', 'metrics are for this machine, or for the bearer of the token in METRICS_TOKEN_FILE');
}
