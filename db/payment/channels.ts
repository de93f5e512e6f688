import { isOneOf } from '../sql';
import { OPEN_ATTEMPTS, type AttemptState } from '../../domain/states';
import type { ChannelDecision, ChannelHealth } from '../../domain/payment/channel-health';
import { addDays, at, businessDateOf, instant, type Instant } from '../../domain/time/dates';
import type { Fen } from '../../domain/money/money';
import type { Db, Tx } from '../pool';

/** Attempts whose money may have gone, and has not come back. */
const COUNTED: readonly AttemptState[] = [...OPEN_ATTEMPTS, 'SUCCEEDED'];

/** Sends that a channel is judged by. */
const WINDOW = 50;

/** A balance that was read longer ago says nothing. */
const BALANCE_FRESH_MINUTES = 30;

export interface ChannelFacts {
  readonly health: ChannelHealth;
  readonly decision: ChannelDecision | null;
}

interface Row {
  readonly channel: string;
  readonly sends: number;
  readonly answered: number;
  readonly unknown: number;
  readonly p95: number | null;
  readonly later_at: Date | null;
  readonly sent_today: number;
  readonly spendable: number | null;
  readonly enabled: boolean | null;
  readonly until: Date | null;
}

/** Everything that routing reads of the named channels, in one statement. */
export async function readChannelFacts(db: Db | Tx, channels: readonly string[], now: Instant): Promise<ReadonlyMap<string, ChannelFacts>> {
  const today = businessDateOf(now);
  const result = await db.raw<{ rows: Row[] }>(
    `SELECT c.channel, coalesce(h.sends, 0)::int AS sends, coalesce(h.answered, 0)::int AS answered, coalesce(h.unknown, 0)::int AS unknown,
        h.p95, h.later_at, coalesce(t.sent_today, 0)::bigint AS sent_today, b.spendable, d.enabled, d.until
      FROM unnest(?::text[]) AS c(channel)
      LEFT JOIN LATERAL (
        SELECT count(*) AS sends, count(*) FILTER (WHERE outcome IN ('SUCCEEDED', 'ACCEPTED', 'FAILED_DEFINITIVE')) AS answered,
          count(*) FILTER (WHERE outcome = 'UNKNOWN') AS unknown, max(at) FILTER (WHERE outcome = 'RETRY_SAME') AS later_at,
          percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms) AS p95
        FROM (SELECT * FROM channel_calls k WHERE k.channel = c.channel AND k.kind = 'SEND' ORDER BY seq DESC LIMIT ${String(WINDOW)}) recent
      ) h ON true
      LEFT JOIN LATERAL (
        SELECT sum(i.amount_fen) AS sent_today FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id
        WHERE a.channel = c.channel AND ${isOneOf('a.state', COUNTED)} AND a.sent_at >= ? AND a.sent_at < ?
      ) t ON true
      LEFT JOIN LATERAL (
        SELECT (latest.amount_fen - coalesce((
          SELECT sum(i.amount_fen) FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id
          WHERE a.channel = c.channel AND a.sent_at > latest.at AND i.direction <> 'DEBIT' AND ${isOneOf('a.state', COUNTED)}
        ), 0))::bigint AS spendable
        FROM (SELECT amount_fen, at FROM channel_balances k WHERE k.channel = c.channel ORDER BY seq DESC LIMIT 1) latest
        WHERE latest.at > ?::timestamptz - interval '${String(BALANCE_FRESH_MINUTES)} minutes'
      ) b ON true
      LEFT JOIN LATERAL (
        SELECT enabled, until FROM channel_decisions k WHERE k.channel = c.channel ORDER BY seq DESC LIMIT 1
      ) d ON true`,
    [[...channels], at(today, '00:00'), at(addDays(today, 1), '00:00'), now],
  );
  return new Map(
    result.rows.map((row) => [
      row.channel,
      {
        health: {
          sends: row.sends,
          answered: row.answered,
          unknown: row.unknown,
          p95Ms: row.p95 ?? 0,
          sentTodayFen: row.sent_today,
          spendableFen: row.spendable,
          laterAt: row.later_at === null ? null : instant(row.later_at.getTime()),
        },
        decision: row.enabled === null ? null : { enabled: row.enabled, until: row.until === null ? null : instant(row.until.getTime()) },
      },
    ]),
  );
}

/** Takes a channel's place in the queue for its daily limit until the transaction ends: the last of the locks (person, loan, instruction, journal) before the attempt's row. */
export async function lockChannel(tx: Tx, channel: string): Promise<void> {
  await tx.raw(`SELECT pg_advisory_xact_lock(hashtext('channel-day'), hashtext(?))`, [channel]);
}

/** One call's end, for the sliding window. */
export async function recordCall(
  db: Db,
  call: { channel: string; kind: 'SEND' | 'QUERY' | 'CLOSE'; outcome: string; latencyMs: number; at: Instant },
): Promise<void> {
  await db('channel_calls').insert({
    channel: call.channel,
    kind: call.kind,
    outcome: call.outcome,
    latency_ms: Math.round(call.latencyMs),
    at: call.at,
  });
}

/** What a channel said that we have there at a moment; the latest one counts. */
export async function recordBalance(tx: Tx, reading: { channel: string; amount: Fen; at: Instant }): Promise<void> {
  await tx('channel_balances').insert({ channel: reading.channel, amount_fen: reading.amount, at: reading.at });
}

/** An operator's word on a channel; the latest one counts. */
export async function decideChannel(
  tx: Tx,
  decision: { channel: string; enabled: boolean; until: Instant | null; actor: string; reason: string; at: Instant },
): Promise<void> {
  await tx('channel_decisions').insert(decision);
}
