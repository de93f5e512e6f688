import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Channel } from '../channels/port';
import { openBreak } from '../db/reconciliation/breaks';
import { isDataRefusal } from '../db/pool';
import { copyLines, insertFile, readFile } from '../db/reconciliation/reconciliation';
import { agreedFee } from '../domain/payment/channel-fees';
import { addDays, at as instantAt, type BusinessDate, type Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import type { ActivityDeps } from '../services/deps';

/** When a day's file is due; from then on a missing one is a break, and the day may close without it. */
export const fileDueAt = (date: BusinessDate): Instant => instantAt(addDays(date, 1), '12:00');

export type Loading = 'LOADED' | 'NOT_READY' | { readonly refused: string };

/**
 * Loads a channel's file of a day, once: verified while it streams into the database, in one transaction, so
 * a file that is cut short, edited or for another day leaves nothing behind. Repeating it is harmless.
 */
export async function loadFile(
  deps: ActivityDeps,
  channel: Channel,
  { date, at, signal }: { readonly date: BusinessDate; readonly at: Instant; readonly signal: AbortSignal },
): Promise<Loading> {
  const known = await readFile(deps.db, channel.name, date);
  if (known) return 'LOADED';
  const file = await channel.statement(date, at, signal);
  if (file.state === 'REFUSED') return { refused: file.code };
  if (file.state !== 'READY') return 'NOT_READY';
  const hash = createHash('sha256');
  const content = Readable.from(hashed(file.content, hash));
  try {
    await deps.db.transaction(async (tx) => {
      const totals = await copyLines(tx, {
        channel: channel.name,
        date,
        portions: channel.readStatement(content, date),
        feeOf: (line) => agreedFee(channel.name, line, line.valueDate),
      });
      const { lines, net } = totals;
      await insertFile(tx, { channel: channel.name, business_date: date, sha256: hash.digest('hex'), lines, net_fen: net });
    });
    return 'LOADED';
  } catch (error) {
    if (error instanceof LoanloomError && error.code === 'FILE_REFUSED') return { refused: String(error.details.reason) };
    if (isDataRefusal(error)) return { refused: 'STORAGE' };
    throw error;
  } finally {
    file.content.destroy();
  }
}

async function* hashed(content: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
}

/**
 * Fetches a loaded day's file once more: one with other content is refused and becomes a case, since what was
 * matched would no longer be what the channel says.
 */
export async function noticeResend(
  deps: ActivityDeps,
  channel: Channel,
  { date, at, signal }: { readonly date: BusinessDate; readonly at: Instant; readonly signal: AbortSignal },
): Promise<void> {
  const known = await readFile(deps.db, channel.name, date);
  if (!known) return;
  const file = await channel.statement(date, at, signal);
  if (file.state !== 'READY') return;
  const hash = createHash('sha256');
  for await (const chunk of file.content as AsyncIterable<Buffer>) hash.update(chunk);
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
