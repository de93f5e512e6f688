import { lockBreak, noteOnBreak, readBreak, type BreakRow } from '../db/breaks';
import { addAlarm } from '../db/outbox';
import type { Tx } from '../db/pool';
import { SUSPENSE_AGES } from '../domain/breaks';
import { addDays, at as instantAt, businessDateOf, type BusinessDate, type Instant } from '../domain/dates';
import { orderOf } from './channel-calls';
import { whileHeartbeating } from './heartbeat';
import type { ActivityDeps } from './deps';
import { recordReply } from './payment-outcomes';
import { recordReturn } from './payment-reversals';

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
        if (payment && row.code === 'PAID_AFTER_FAILURE' && !did('RECALL_REQUESTED'))
          return { next: 'RECALL', channel: row.channel, summary: 'ask the channel to give the money back' };
        const lastAsked = events.filter((event) => event.kind === 'ASKED').at(-1);
        const isAskedToday = lastAsked !== undefined && businessDateOf(lastAsked.at.toISOString() as Instant) >= today;
        if (payment && ASKABLE.has(row.code) && !isAskedToday)
          return { next: 'ASK', channel: row.channel, summary: 'ask the channel about the payment' };
        if (today > row.due_on && !did('OVERDUE')) {
          await noteOnBreak(tx, row.id, { kind: 'OVERDUE', actor: 'reconciliation', at: input.at, note: `was due on ${row.due_on}` });
          const payload = { code: row.code, channel: row.channel, date: row.business_date, owner: row.owner, urgent: 1, overdue: 1 };
          await addAlarm(tx, { key: `${row.id}:overdue`, subject: row.id, payload });
        }
        const summary = `${row.code} at ${row.channel}: ${row.owner} until ${row.due_on}${today > row.due_on ? ' (overdue)' : ''}, ${row.state}`;
        return { next: 'WAIT', until: instantAt(nextLook(row, today), '12:00'), summary };
      });
    },

    /** Asks the channel to bring back a payment that it made against its word. */
    async recallForBreak(input: { breakId: string; at: Instant }): Promise<void> {
      const row = await readBreak(deps.db, input.breakId);
      const payment = await paymentOf(deps.db, row);
      if (!payment) return;
      const { channel, order } = await orderOf(deps, { ...payment, at: input.at });
      const { requested, code } = await whileHeartbeating((signal) => channel.recall(order, signal));
      await noteOnBreak(deps.db, row.id, {
        kind: requested ? 'RECALL_REQUESTED' : 'RECALL_NOT_TAKEN',
        actor: 'reconciliation',
        at: input.at,
        note: code,
      });
      if (!requested) throw new Error('the channel has not taken the recall yet');
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
      } else if (attempt.state !== 'SUCCEEDED') await recordReply(deps, { ...payment, reply, at: input.at });
    },
  };
}
