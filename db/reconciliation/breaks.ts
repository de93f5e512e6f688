import { createHash } from 'node:crypto';
import { BREAK_CODES, dueOn, type BreakCode } from '../../domain/reconciliation/breaks';
import { businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Fen } from '../../domain/money/money';
import { assertTransition, BREAK_TRANSITIONS, type BreakState } from '../../domain/states';
import { addAlarm, addFactNotice } from '../outbox';
import type { Db, Tx } from '../pool';
import { keys } from '../../domain/keys';

export interface BreakRow {
  readonly id: string;
  readonly key: string;
  readonly channel: string;
  readonly business_date: BusinessDate;
  readonly code: BreakCode;
  readonly number: string | null;
  readonly loan_id: string | null;
  /** What the other side says, and what we say; minor units, positive where money came in to us. */
  readonly amount_fen: Fen;
  readonly expected_fen: Fen;
  /** What of it is booked in suspense: negative = a claim, positive = owed. */
  readonly suspense_fen: Fen;
  readonly owner: string;
  readonly is_urgent: boolean;
  readonly state: BreakState;
  readonly opened_at: Date;
  readonly due_on: BusinessDate;
  readonly closed_on: BusinessDate | null;
  readonly proposed_by: string | null;
  readonly proposal: string | null;
  /** APPLY: the loan that the money is for. */
  readonly applies_to: string | null;
  readonly approved_by: string | null;
  /** How often the channel was asked to give its money back, and when last. */
  readonly recalls: number;
  readonly recalled_at: Date | null;
}

export interface NewBreak {
  readonly channel: string;
  /** The channel's day to which it belongs. */
  readonly businessDate: BusinessDate;
  readonly code: BreakCode;
  /** What the break is about: our number, or anything that makes it one of its kind on that day. */
  readonly subject: string;
  readonly loanId?: string | null;
  readonly amount: number;
  readonly expected: number;
  readonly note?: string;
}

/** Short and the same however often a break is found: by channel, code and subject. */
function keyOf({ channel, code, subject }: NewBreak): string {
  return `${channel}:${code}:${subject}`;
}

/**
 * Opens a break, once by its key; a break that exists stays as it is. The row, its first event, its
 * workflow's and its loan's notices and its alarm are one transaction. Returns the break's id.
 */
export async function openBreak(tx: Tx, found: NewBreak, at: Instant): Promise<string> {
  const key = keyOf(found);
  const id = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const about = BREAK_CODES[found.code];
  const inserted = await tx('breaks')
    .insert({
      id,
      key,
      channel: found.channel,
      business_date: found.businessDate,
      code: found.code,
      number: found.subject,
      loan_id: found.loanId ?? null,
      amount_fen: found.amount,
      expected_fen: found.expected,
      owner: about.owner,
      is_urgent: about.urgent,
      opened_at: at,
      due_on: dueOn(found.code, businessDateOf(at)),
    })
    .onConflict('key')
    .ignore()
    .returning('id');
  if (inserted.length === 0) return id;
  await noteOnBreak(tx, id, { kind: 'OPENED', actor: 'reconciliation', at, note: found.note ?? about.meaning });
  await tx('outbox')
    .insert({ key: keys.breakOpened(id), topic: 'break', subject: id })
    .onConflict('key')
    .ignore();
  // What its loan waits for may be another thing now.
  if (found.loanId != null) await addFactNotice(tx, found.loanId, keys.breakOpenedFact(id));
  const { owner, urgent } = about;
  await addAlarm(tx, {
    key: id,
    subject: id,
    payload: { code: found.code, channel: found.channel, date: found.businessDate, owner, urgent },
  });
  return id;
}

export async function noteOnBreak(
  tx: Db | Tx,
  breakId: string,
  event: { kind: string; actor: string; at: Instant; note?: string },
): Promise<void> {
  await tx('break_events').insert({ break_id: breakId, kind: event.kind, actor: event.actor, at: event.at, note: event.note ?? '' });
}

export async function readBreak(db: Db | Tx, id: string): Promise<BreakRow> {
  const row = await db('breaks').where({ id }).first<BreakRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such break: "npx loan recon breaks" lists them');
  return row;
}

/** Takes the break's row for the length of the transaction. */
export async function lockBreak(tx: Tx, id: string): Promise<BreakRow> {
  const row = await tx('breaks').where({ id }).forUpdate().first<BreakRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such break: "npx loan recon breaks" lists them');
  return row;
}

/** Counts a recall before it is asked for. */
export async function countRecall(tx: Tx, row: Pick<BreakRow, 'id' | 'recalls'>, at: Instant): Promise<void> {
  await tx('breaks')
    .where({ id: row.id })
    .update({ recalls: row.recalls + 1, recalled_at: at });
}

type Change = Partial<Pick<BreakRow, 'suspense_fen' | 'proposed_by' | 'proposal' | 'applies_to' | 'approved_by' | 'closed_on'>>;

/** A guarded step of a break with its event. */
export async function moveBreak(
  tx: Tx,
  row: Pick<BreakRow, 'id' | 'state'>,
  {
    to,
    change,
    event,
  }: { readonly to: BreakState; readonly change: Change; readonly event: { actor: string; at: Instant; note?: string } },
): Promise<void> {
  assertTransition(BREAK_TRANSITIONS, row.state, to);
  await tx('breaks')
    .where({ id: row.id })
    .update({ ...change, state: to });
  await noteOnBreak(tx, row.id, { kind: to, ...event });
  const { loan_id: loanId } = await readBreak(tx, row.id);
  if (loanId !== null && change.closed_on !== undefined) await addFactNotice(tx, loanId, keys.breakMovedFact(row.id, to));
  // Its workflow looks again: at what was proposed, or that nothing is left to do.
  await tx('outbox')
    .insert({ key: keys.breakMoved(row.id, to, event.at), topic: 'break', subject: row.id })
    .onConflict('key')
    .ignore();
}

/** Closes open breaks about a number because their counterpart arrived. Returns those that were closed. */
export async function healBreaks(
  tx: Tx,
  about: { channel: string; number: string; codes: readonly BreakCode[] },
  event: { at: Instant; note: string },
): Promise<BreakRow[]> {
  const open = await tx('breaks')
    .where({ channel: about.channel, number: about.number })
    .whereIn('code', about.codes)
    .whereNull('closed_on')
    .forUpdate()
    .select<BreakRow[]>();
  for (const row of open)
    await moveBreak(tx, row, {
      to: 'HEALED',
      change: { closed_on: businessDateOf(event.at) },
      event: { actor: 'reconciliation', at: event.at, note: event.note },
    });
  return open;
}

export async function openBreaks(db: Db | Tx, filter: { channel?: string; businessDate?: BusinessDate } = {}): Promise<BreakRow[]> {
  const query = db('breaks')
    .whereNull('closed_on')
    .orderBy([{ column: 'is_urgent', order: 'desc' }, 'due_on', 'id'])
    .select<BreakRow[]>();
  if (filter.channel !== undefined) void query.where({ channel: filter.channel });
  if (filter.businessDate !== undefined) void query.where({ business_date: filter.businessDate });
  return query;
}

export async function countBreaks(db: Db | Tx, channel: string): Promise<number> {
  const row = await db('breaks').where({ channel }).first<{ count: number }>(db.raw('count(*)::int AS count'));
  return row.count;
}

/** Days of a channel that were passed over for want of their file or of the bank's statement: an open break is their reminder. */
export async function daysWithoutFile(db: Db | Tx, channel: string): Promise<BusinessDate[]> {
  const rows = await db('breaks')
    .where({ channel })
    .whereIn('code', ['FILE', 'BANK'])
    .whereNull('closed_on')
    .distinct('business_date')
    .whereRaw('NOT EXISTS (SELECT FROM reconciliations r WHERE r.channel = breaks.channel AND r.business_date = breaks.business_date)')
    .orderBy('business_date')
    .select<{ business_date: BusinessDate }[]>('business_date');
  return rows.map((row) => row.business_date);
}
