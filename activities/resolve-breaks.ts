import type { Channel, PaymentOrder } from '../channels/port';
import { countRecall, lockBreak, noteOnBreak, readBreak, type BreakRow } from '../db/reconciliation/breaks';
import { addAlarm } from '../db/outbox';
import type { Tx } from '../db/pool';
import { SUSPENSE_AGES } from '../domain/reconciliation/breaks';
import { addDays, at as instantAt, businessDateOf, instant, type BusinessDate, type Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import { fen } from '../domain/money/money';
import { orderOf } from './channel-calls';
import { whileHeartbeating } from './heartbeat';
import type { ActivityDeps } from '../services/deps';
import { recordReply } from '../services/payment/payment-outcomes';
import { recordReturn } from '../services/payment/payment-reversals';
import { PAYMENT_PREFIX } from '../domain/keys';

/** What a break's workflow does next. */
export type BreakStep =
  | { readonly next: 'DONE'; readonly state: string }
  | { readonly next: 'ASK' | 'RECALL'; readonly channel: string; readonly summary: string }
  | { readonly next: 'WAIT'; readonly until: Instant; readonly summary: string };

/** Breaks about a payment of ours whose channel can be asked how it stands. */
const ASKABLE: ReadonlySet<string> = new Set(['FAILED_AFTER_SUCCESS', 'SHORT', 'AMOUNT', 'PARTY', 'DUPLICATE']);

async function eventsOf(tx: Tx, breakId: string): Promise<{ kind: string; at: Date }[]> {
  return tx('break_events').where({ break_id: breakId }).orderBy('seq').select<{ kind: string; at: Date }[]>('kind', 'at');
}

async function paymentOf(tx: Tx | ActivityDeps['db'], row: BreakRow): Promise<{ instructionId: string; attempt: number } | undefined> {
  if (row.number === null) return undefined;
  return tx('payment_attempts')
    .where({ channel: row.channel, number: row.number })
    .first<{ instructionId: string; attempt: number } | undefined>('instruction_id as instructionId', 'attempt');
}

/** Hours after which a recall that was not taken is asked for again; after the last a person has to. */
const RECALL_HOURS = [0, 1, 4, 12, 24, 48] as const;

/** When the channel is to be asked (again) to give the money back; null when it was asked often enough. */
function recallDue(row: BreakRow): Instant | null {
  const hours = RECALL_HOURS[row.recalls];
  if (hours === undefined) return null;
  return instant((row.recalled_at ?? row.opened_at).getTime() + hours * 3_600_000);
}

/** Money that left us against a channel's word, or under a number of ours that we do not know (a database that was restored). */
async function isRecallable(tx: Tx, row: BreakRow): Promise<boolean> {
  if (row.number === null || row.suspense_fen === 0) return false;
  if (row.code === 'PAID_AFTER_FAILURE') return (await paymentOf(tx, row)) !== undefined;
  if (row.code !== 'LONG' || row.suspense_fen > 0) return false;
  const result = await tx.raw<{ rows: { id: string }[] }>(
    `SELECT id FROM loans WHERE starts_with(?, ? || id || '-') OR starts_with(?, ? || id || '-') LIMIT 1`,
    [row.number, PAYMENT_PREFIX.payout, row.number, PAYMENT_PREFIX.refund],
  );
  return result.rows.length > 0;
}

/** The order that a recall names; of a number that we do not know, the number is all there is. */
async function recallOrder(deps: ActivityDeps, row: BreakRow, at: Instant): Promise<{ channel: Channel; order: PaymentOrder }> {
  const payment = await paymentOf(deps.db, row);
  if (payment) return orderOf(deps, { ...payment, at });
  const channel = deps.channels.get(row.channel);
  if (!channel) throw new LoanloomError('CHANNEL_UNKNOWN', `channel ${row.channel} is not configured`);
  const amount = fen(Math.abs(row.suspense_fen));
  const number = row.number ?? '';
  return { channel, order: { number, kind: 'PAYOUT', amount, currency: 'CNY', account: '', accountName: '', reference: '', asOf: at } };
}

/** The next day on which the break gets older in the report, or becomes overdue. */
function nextLook(row: BreakRow, today: BusinessDate): BusinessDate {
  const opened = businessDateOf(row.opened_at.toISOString() as Instant);
  const days = [...SUSPENSE_AGES.map((age) => addDays(opened, age)), addDays(row.due_on, 1)].filter((day) => day > today).sort();
  return days[0] ?? addDays(today, 7);
}

export function createBreakActivities(deps: ActivityDeps) {
  return {
    /** Decides what is to be done about a break now, and notes when it has become overdue. Idempotent. */
    async advanceBreak(input: { breakId: string; at: Instant }): Promise<BreakStep> {
      return deps.db.transaction(async (tx): Promise<BreakStep> => {
        const row = await lockBreak(tx, input.breakId);
        if (row.closed_on !== null) return { next: 'DONE', state: row.state };
        const today = businessDateOf(input.at);
        const events = await eventsOf(tx, row.id);
        const payment = await paymentOf(tx, row);
        const did = (kind: string) => events.some((event) => event.kind === kind);
        if (today > row.due_on && !did('OVERDUE')) {
          await noteOnBreak(tx, row.id, { kind: 'OVERDUE', actor: 'reconciliation', at: input.at, note: `was due on ${row.due_on}` });
          const payload = { code: row.code, channel: row.channel, date: row.business_date, owner: row.owner, urgent: 1, overdue: 1 };
          await addAlarm(tx, { key: `${row.id}:overdue`, subject: row.id, payload });
        }
        const recallAt = did('RECALL_REQUESTED') || !(await isRecallable(tx, row)) ? null : recallDue(row);
        if (recallAt !== null && recallAt <= input.at)
          return { next: 'RECALL', channel: row.channel, summary: 'ask the channel to give the money back' };
        const lastAsked = events.filter((event) => event.kind === 'ASKED').at(-1);
        const isAskedToday = lastAsked !== undefined && businessDateOf(lastAsked.at.toISOString() as Instant) >= today;
        if (payment && ASKABLE.has(row.code) && !isAskedToday)
          return { next: 'ASK', channel: row.channel, summary: 'ask the channel about the payment' };
        const summary = `${row.code} at ${row.channel}: ${row.owner} until ${row.due_on}${today > row.due_on ? ' (overdue)' : ''}, ${row.state}`;
        const look = instantAt(nextLook(row, today), '12:00');
        return { next: 'WAIT', until: recallAt !== null && recallAt < look ? recallAt : look, summary };
      });
    },

    /**
     * Asks the channel to bring back a payment that it made against its word, or that we cannot have ordered. The break
     * is read again under its lock first: one that was cleared or healed meanwhile is not recalled. A refusal is a
     * value, counted and asked again later, a bounded number of times.
     */
    async recallForBreak(input: { breakId: string; at: Instant }): Promise<void> {
      const row = await deps.db.transaction(async (tx) => {
        const current = await lockBreak(tx, input.breakId);
        const due = current.closed_on === null && (await isRecallable(tx, current)) ? recallDue(current) : null;
        if (due === null || due > input.at) return undefined;
        await countRecall(tx, current, input.at);
        return { ...current, recalls: current.recalls + 1 };
      });
      if (!row) return;
      const { channel, order } = await recallOrder(deps, row, input.at);
      const { requested, code } = await whileHeartbeating((signal) => channel.recall(order, signal));
      const isLast = row.recalls >= RECALL_HOURS.length;
      if (!requested && !isLast) return;
      await noteOnBreak(deps.db, row.id, {
        kind: requested ? 'RECALL_REQUESTED' : 'RECALL_NOT_TAKEN',
        actor: 'reconciliation',
        at: input.at,
        note: requested ? code : `refused ${String(row.recalls)} times, last ${code}: a person has to ask`,
      });
    },

    /**
     * Asks the channel how the break's payment stands. A success that both file and query call failed is
     * reversed; whatever else is learned is noted for the person who works on the break.
     */
    async askForBreak(input: { breakId: string; at: Instant }): Promise<void> {
      const row = await readBreak(deps.db, input.breakId);
      const payment = await paymentOf(deps.db, row);
      if (!payment) return;
      const { channel, order, attempt } = await orderOf(deps, { ...payment, at: input.at });
      const reply = await whileHeartbeating((signal) => channel.query(order, signal));
      await noteOnBreak(deps.db, row.id, { kind: 'ASKED', actor: 'reconciliation', at: input.at, note: `${reply.outcome} ${reply.code}` });
      const isReversal = row.code === 'FAILED_AFTER_SUCCESS' && attempt.state === 'SUCCEEDED' && reply.outcome === 'FAILED_DEFINITIVE';
      if (isReversal) {
        const valueDate = businessDateOf(input.at);
        await deps.db.transaction((tx) => recordReturn(deps, tx, { ...payment, valueDate, at: input.at }));
      } else if (attempt.state !== 'SUCCEEDED') await recordReply(deps, { ...payment, asked: 'QUERY', reply, at: input.at });
    },
  };
}
