import type { RequestHandler } from 'express';
import { Gauge, Registry } from 'prom-client';
import { businessNow } from '../db/clock';
import { epochMs } from '../domain/dates';
import { OPEN_ATTEMPTS } from '../domain/states';
import type { ApiDeps } from './deps';

/** What the money path's alarms look at, read from Postgres when it is asked for; names and labels hold ids and codes only. */
export function metricsHandler(deps: Pick<ApiDeps, 'db'>): RequestHandler {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[]) => new Gauge({ name, help, labelNames, registers: [registry] });
  const breaks = gauge('loanloom_breaks_open', 'Open reconciliation breaks', ['channel', 'code']);
  const overdue = gauge('loanloom_breaks_oldest_days', 'Days since the oldest open break was opened', ['channel']);
  const suspense = gauge('loanloom_suspense_fen', 'Money in suspense, in fen: claims negative, debts positive', ['channel']);
  const refusals = gauge('loanloom_webhooks_refused', 'Webhooks refused for signature or age', ['channel']);
  const attempts = gauge('loanloom_payments_open', 'Payments without a final outcome', ['channel', 'state']);

  return async (_request, response) => {
    registry.resetMetrics();
    const { now } = await businessNow(deps.db);
    const open = await deps
      .db('breaks')
      .whereNull('closed_on')
      .select<{ channel: string; code: string; opened_at: Date; suspense_fen: number }[]>('channel', 'code', 'opened_at', 'suspense_fen');
    for (const row of open) {
      breaks.inc({ channel: row.channel, code: row.code });
      suspense.inc({ channel: row.channel }, row.suspense_fen);
      const days = (epochMs(now) - row.opened_at.getTime()) / 86_400_000;
      const known = (await overdue.get()).values.find((value) => value.labels.channel === row.channel)?.value ?? 0;
      overdue.set({ channel: row.channel }, Math.max(known, Math.floor(days)));
    }
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
