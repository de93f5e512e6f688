import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { Context } from '@temporalio/activity';
import type { Channel } from '../channels/port';
import { healBreaks, noteOnBreak, openBreak } from '../db/breaks';
import {
  copyLines,
  firstUnreconciled,
  giveRoomToJoin,
  insertFile,
  insertReconciliation,
  isListed,
  mismatches,
  ourNet,
  paymentsByNumber,
  readFile,
  repeatedNumbers,
} from '../db/reconciliation';
import type { Tx } from '../db/pool';
import { addDays, at as instantAt, type BusinessDate, type Instant } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import { classify, difference, type Finding } from '../domain/reconciliation';
import type { ActivityDeps } from './deps';
import { settleFinding } from './reconcile-findings';

/** When a day's file is due; from then on a missing one is a break, and the day may close without it. */
export const fileDueAt = (date: BusinessDate): Instant => instantAt(addDays(date, 1), '12:00');

export interface ReconcileInput {
  readonly channel: string;
  readonly through: BusinessDate;
  readonly at: Instant;
}

export interface ReconcileResult {
  readonly reconciled: number;
  /** Breaks that were opened. */
  readonly breaks: number;
  /** Days whose file was not loaded, and why: refused, or not there at its time. */
  readonly withoutFile: readonly { readonly date: BusinessDate; readonly why: string }[];
  /** The first day whose file is not there yet, and not due yet. */
  readonly waitsFor: BusinessDate | null;
}

type Loading = 'LOADED' | 'NOT_READY' | { readonly refused: string };

/**
 * Loads a channel's file of a day, once: verified while it streams into the database, in one transaction, so
 * a file that is cut short, edited or for another day leaves nothing behind. Repeating it is harmless.
 */
export async function loadFile(
  deps: ActivityDeps,
  channel: Channel,
  date: BusinessDate,
  at: Instant,
  signal: AbortSignal,
): Promise<Loading> {
  const known = await readFile(deps.db, channel.name, date);
  if (known) return 'LOADED';
  const file = await channel.statement(date, at, signal);
  if (file.state === 'REFUSED') return { refused: file.code };
  if (file.state !== 'READY') return 'NOT_READY';
  const hash = createHash('sha256');
  const content = file.content.pipe(new PassThrough());
  content.on('data', (chunk: Buffer | string) => hash.update(chunk));
  content.pause();
  try {
    await deps.db.transaction(async (tx) => {
      const totals = await copyLines(tx, channel.name, date, channel.readStatement(content, date));
      const { lines, net } = totals;
      await insertFile(tx, { channel: channel.name, business_date: date, sha256: hash.digest('hex'), lines, net_fen: net });
    });
    return 'LOADED';
  } catch (error) {
    if (error instanceof LoanloomError && error.code === 'FILE_REFUSED') return { refused: String(error.details.reason) };
    throw error;
  }
}

/**
 * Fetches a loaded day's file once more: one with other content is refused and becomes a case, since what was
 * matched would no longer be what the channel says.
 */
async function noticeResend(deps: ActivityDeps, channel: Channel, date: BusinessDate, at: Instant, signal: AbortSignal): Promise<void> {
  const known = await readFile(deps.db, channel.name, date);
  if (!known) return;
  const file = await channel.statement(date, at, signal);
  if (file.state !== 'READY') return;
  const hash = createHash('sha256');
  for await (const chunk of file.content) hash.update(chunk as Buffer | string);
  if (hash.digest('hex') === known.sha256) return;
  const note = 'sent again with other content: what was loaded first stands';
  const found = {
    channel: channel.name,
    businessDate: date,
    code: 'FILE',
    subject: `${date}:resent`,
    amount: 0,
    expected: 0,
    note,
  } as const;
  await deps.db.transaction((tx) => openBreak(tx, found, at));
}

/** Everything in which a day's loaded file and our books differ. */
async function findingsOf(tx: Tx, channel: string, date: BusinessDate): Promise<Finding[]> {
  const rows = await mismatches(tx, channel, date);
  const lonely = rows.flatMap((row) => (row.line && !row.ours ? [row.line.number] : []));
  const known = await paymentsByNumber(tx, channel, lonely);
  const findings: Finding[] = [];
  for (const row of rows) {
    const ours = row.ours ?? (row.line ? (known.get(row.line.number) ?? null) : null);
    // Ours may be in a neighbouring day's file: the number decides, not the date.
    if (!row.line && ours && (await isListed(tx, channel, ours.number))) continue;
    const finding = classify(row.line, ours, date);
    if (finding) findings.push(finding);
  }
  return findings;
}

export function createReconciliationActivities(deps: ActivityDeps) {
  async function fileBreak(channel: string, date: BusinessDate, note: string, at: Instant): Promise<void> {
    await deps.db.transaction(async (tx) => {
      const id = await openBreak(tx, { channel, businessDate: date, code: 'FILE', subject: date, amount: 0, expected: 0, note }, at);
      const last = await tx('break_events').where({ break_id: id }).orderBy('seq', 'desc').first<{ note: string }>('note');
      if (last.note !== note) await noteOnBreak(tx, id, { kind: 'SEEN_AGAIN', actor: 'reconciliation', at, note });
    });
  }

  /** The house bank is the third book: its line of this channel and day has to be the file's net. */
  async function compareWithBank(tx: Tx, channel: string, date: BusinessDate, fileNet: number, at: Instant): Promise<number | null> {
    const statement = await deps.houseBank.statement(date, at, new AbortController().signal).catch(() => undefined);
    const net = statement?.get(channel) ?? null;
    if (statement && net !== fileNet)
      await openBreak(tx, { channel, businessDate: date, code: 'BANK', subject: date, amount: net ?? 0, expected: fileNet }, at);
    return net;
  }

  /** Successes that the previous day's file lacked are missing for good when this day's lacks them too. */
  async function endCutoffs(tx: Tx, channel: string, date: BusinessDate, at: Instant): Promise<number> {
    const watched = await tx('breaks')
      .where({ channel, code: 'CUTOFF' })
      .where('business_date', '<', date)
      .whereNull('closed_on')
      .select<{ number: string; business_date: BusinessDate; expected_fen: number; loan_id: string }[]>(
        'number',
        'business_date',
        'expected_fen',
        'loan_id',
      );
    let missing = 0;
    for (const row of watched) {
      const found = await isListed(tx, channel, row.number);
      if (!found) {
        await openBreak(
          tx,
          {
            channel,
            businessDate: row.business_date,
            code: 'SHORT',
            subject: row.number,
            loanId: row.loan_id,
            amount: 0,
            expected: row.expected_fen,
          },
          at,
        );
        missing += 1;
      }
      await healBreaks(
        tx,
        { channel, number: row.number, codes: ['CUTOFF'] },
        { at, note: found ? 'stands in the next day’s file' : 'not in the next day’s file either: now SHORT' },
      );
    }
    return missing;
  }

  /** Matches one loaded day and does about each difference what its code says. */
  async function matchDay(channel: string, date: BusinessDate, at: Instant): Promise<void> {
    const file = await readFile(deps.db, channel, date);
    if (!file) throw new LoanloomError('INTERNAL', 'a day is matched before its file is loaded');
    const before = await ourNet(deps.db, channel, date);
    const { findings, repeated } = await deps.db.transaction(async (tx) => {
      await giveRoomToJoin(tx);
      return { findings: await findingsOf(tx, channel, date), repeated: await repeatedNumbers(tx, channel, date) };
    });
    // The control: what was found has to explain, to the fen, why the file's net is not ours.
    const explained = findings.reduce((sum, finding) => sum + difference(finding, date), 0);
    for (const finding of findings) await deps.db.transaction((tx) => settleFinding(deps, tx, { channel, date, finding, at }));
    await deps.db.transaction(async (tx) => {
      for (const { number, times } of repeated)
        await openBreak(
          tx,
          {
            channel,
            businessDate: date,
            code: 'DUPLICATE',
            subject: number,
            amount: times,
            expected: 1,
            note: `listed ${String(times)} times`,
          },
          at,
        );
      // A doubled line adds its amount to the file's net without being ours twice: found above as a pair, explained here.
      const doubled = await doubledNet(tx, channel, date);
      if (file.net_fen - before !== explained + doubled)
        await openBreak(
          tx,
          {
            channel,
            businessDate: date,
            code: 'INTERNAL',
            subject: `net:${date}`,
            amount: file.net_fen - before,
            expected: explained + doubled,
          },
          at,
        );
      const missing = await endCutoffs(tx, channel, date, at);
      const bankNet = await compareWithBank(tx, channel, date, file.net_fen, at);
      await healBreaks(tx, { channel, number: date, codes: ['FILE'] }, { at, note: 'the file came and was loaded' });
      const differing = findings.filter((finding) => finding.action !== 'MATCHED');
      const breaks = differing.length + repeated.length + missing;
      await insertReconciliation(tx, {
        channel,
        business_date: date,
        lines: file.lines,
        matched: file.lines - differing.filter((finding) => finding.line !== null).length,
        file_net_fen: file.net_fen,
        ledger_net_fen: before,
        bank_net_fen: bankNet,
        breaks,
        at,
      });
    });
  }

  return {
    /**
     * Reconciles every day of a channel up to `through` that is not reconciled yet, in order: load, match,
     * open breaks. Restartable at any point; a day whose file is late past its time becomes a break and
     * does not hold up the days after it.
     */
    async reconcileThrough(input: ReconcileInput): Promise<ReconcileResult> {
      const channel = deps.channels.get(input.channel);
      if (!channel) throw new LoanloomError('CHANNEL_UNKNOWN', `channel ${input.channel} is not configured`);
      const before = await countBreaks(deps, input.channel);
      const withoutFile: { date: BusinessDate; why: string }[] = [];
      let reconciled = 0;
      let waitsFor: BusinessDate | null = null;
      const late = await lateDays(deps, input.channel);
      const first = await firstUnreconciled(deps.db, input.channel);
      if (first !== null) await noticeResend(deps, channel, addDays(first, -1), input.at, Context.current().cancellationSignal);
      const days = [...late, ...daysBetweenInclusive(first, input.through)];
      for (const date of days) {
        Context.current().heartbeat(date);
        const loading = await loadFile(deps, channel, date, input.at, Context.current().cancellationSignal);
        if (loading === 'LOADED') {
          await matchDay(input.channel, date, input.at);
          reconciled += 1;
        } else if (loading !== 'NOT_READY') withoutFile.push({ date, why: `refused: ${loading.refused}` });
        else if (input.at >= fileDueAt(date)) withoutFile.push({ date, why: 'not there at its time' });
        else waitsFor ??= date;
      }
      for (const { date, why } of withoutFile) await fileBreak(input.channel, date, why, input.at);
      return { reconciled, breaks: (await countBreaks(deps, input.channel)) - before, withoutFile, waitsFor };
    },
  };
}

function daysBetweenInclusive(first: BusinessDate | null, last: BusinessDate): BusinessDate[] {
  const days: BusinessDate[] = [];
  for (let date = first; date !== null && date <= last; date = addDays(date, 1)) days.push(date);
  return days;
}

/** Days whose file was late or refused and that were passed over: an open FILE break is their reminder. */
async function lateDays(deps: ActivityDeps, channel: string): Promise<BusinessDate[]> {
  const first = await firstUnreconciled(deps.db, channel);
  const rows = await deps
    .db('breaks')
    .where({ channel, code: 'FILE' })
    .whereNull('closed_on')
    .whereRaw('NOT EXISTS (SELECT FROM reconciliations r WHERE r.channel = breaks.channel AND r.business_date = breaks.business_date)')
    .orderBy('business_date')
    .select<{ business_date: BusinessDate }[]>('business_date');
  return rows.map((row) => row.business_date).filter((date) => first === null || date < first);
}

/** What repeated lines of one number add to a file's net beyond their first. */
async function doubledNet(tx: Tx, channel: string, date: BusinessDate): Promise<number> {
  const result = await tx.raw<{ rows: { net: number }[] }>(
    `SELECT coalesce(sum((times - 1) * net), 0)::bigint AS net FROM (
        SELECT count(*) AS times, min(CASE WHEN comes_in THEN amount_fen ELSE -amount_fen END) AS net FROM channel_file_lines
        WHERE channel = ? AND business_date = ? AND booked GROUP BY number, kind HAVING count(*) > 1) repeated`,
    [channel, date],
  );
  return result.rows[0]?.net ?? 0;
}

async function countBreaks(deps: ActivityDeps, channel: string): Promise<number> {
  const row = await deps.db('breaks').where({ channel }).first<{ count: number }>(deps.db.raw('count(*)::int AS count'));
  return row.count;
}
