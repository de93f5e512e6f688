import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createReconciliationActivities, type ReconcileInput, type ReconcileResult } from '../activities/reconcile';
import { createCardnet } from '../channels/adapters/cardnet';
import type { Channel } from '../channels/port';
import { ensureChannelAccounts } from '../db/ledger/journal';
import { addDays, at, businessDate } from '../domain/time/dates';
import { benchDeps, createBenchDatabase, type BenchDatabase } from './rig';
import { withClient } from '../db/owner';

const DAY = businessDate('2026-11-23');
/** One line in so many differs from our books: by its amount, by being missing, by being unknown to us. */
const BREAK_EVERY = 20_000;
const AMOUNT = 106_619;

const numberOf = (serial: number) => `debit-b${String(serial).padStart(11, '0')}-20261123-1a1`;

/** As many successful debits of one day, of one borrower: reconciliation reads none of the borrower. */
async function seedPayments(database: BenchDatabase, count: number): Promise<void> {
  await withClient(database.ownerUrl, async (client) => {
    await client.query(`INSERT INTO borrowers (id, wrapped_key) VALUES ('b-recon', '\\x00')`);
    await client.query(`INSERT INTO bank_cards (id, borrower_id, card_enc) VALUES ('c-recon', 'b-recon', '\\x00')`);
    await client.query(
      `INSERT INTO applications (id, borrower_id, product_id, product_version, status, bank_card_id, created_on)
        VALUES ('recon', 'b-recon', 'consumer-installment', 1, 'DISBURSED', 'c-recon', $1)`,
      [DAY],
    );
    await client.query(
      `INSERT INTO loans (id, borrower_id, product_id, product_version, bank_card_id, principal_fen, currency, annual_rate, term_months, status, schedule_version, opened_on)
        VALUES ('recon', 'b-recon', 'consumer-installment', 1, 'c-recon', 1200000, 'CNY', '0.12', 12, 'APPROVED', 0, $1)`,
      [DAY],
    );
    const series = `generate_series(1, ${String(count)}) AS n`;
    await client.query('SET session_replication_role = replica');
    await client.query(
      `INSERT INTO payment_instructions (id, loan_id, direction, amount_fen, business_date, presentment, state)
        SELECT 'i' || n, 'recon', 'DEBIT', ${String(AMOUNT)}, $1, n, 'SUCCEEDED' FROM ${series}`,
      [DAY],
    );
    await client.query(
      `INSERT INTO payment_attempts (instruction_id, attempt, loan_id, channel, number, request_sha256, state, value_date, sent_at, account_tail)
        SELECT 'i' || n, 1, 'recon', 'cardnet', 'debit-b' || lpad(n::text, 11, '0') || '-20261123-1a1', '', 'SUCCEEDED', $1, $2, '0001' FROM ${series}`,
      [DAY, at(DAY, '10:00')],
    );
    await client.query('SET session_replication_role = origin');
    await client.query('ANALYZE payment_instructions, payment_attempts');
  });
}

/** The settlement file of that day on disk, with its seeded differences. Returns how many there are. */
async function writeFileOf(path: string, count: number): Promise<number> {
  const file = createWriteStream(path);
  let [net, lines, breaks] = [0, 0, 0];
  const add = async (serial: string, amount: number) => {
    lines += 1;
    net += amount;
    if (!file.write(`D|${serial}|DEBIT|20261123|${String(amount)}|80|00|0001|C\n`)) await once(file, 'drain');
  };
  file.write('H|LOANLOOM|20261123\n');
  for (let serial = 1; serial <= count; serial += 1) {
    const kind = serial % BREAK_EVERY === 0 ? (serial / BREAK_EVERY) % 3 : -1;
    if (kind >= 0) breaks += 1;
    if (kind === 0) continue;
    await add(numberOf(serial), kind === 1 ? AMOUNT + 1 : AMOUNT);
    if (kind === 2) await add(`foreign-${String(serial)}`, 100);
  }
  file.end(`T|${String(lines)}|${String(net)}\n`);
  await finished(file);
  return breaks;
}

/** The least that two sides of this size cost in Postgres: both in by COPY, one full join. */
async function floor(database: BenchDatabase): Promise<number> {
  return withClient(database.ownerUrl, async (client) => {
    await client.query('CREATE TABLE floor_theirs (number text, amount bigint); CREATE TABLE floor_ours (number text, amount bigint);');
    const startedAt = performance.now();
    await client.query('INSERT INTO floor_theirs SELECT number, amount_fen FROM channel_file_lines');
    await client.query(
      `INSERT INTO floor_ours SELECT a.number, i.amount_fen FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id`,
    );
    await client.query(
      'SELECT count(*) FROM floor_theirs t FULL JOIN floor_ours o USING (number) WHERE t.amount IS DISTINCT FROM o.amount',
    );
    return (performance.now() - startedAt) / 1_000;
  });
}

/** The highest resident size while `work` runs, in MB above what the process had before it. */
async function withPeak<T>(work: () => Promise<T>): Promise<{ readonly result: T; peakMb: number; grownMb: number }> {
  global.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  try {
    const result = await work();
    return { result, peakMb: peak / 2 ** 20, grownMb: (peak - before) / 2 ** 20 };
  } finally {
    clearInterval(sampler);
  }
}

async function measure(print: (line: string) => void, lines: number): Promise<void> {
  const database = await createBenchDatabase();
  try {
    await ensureChannelAccounts(database.db, ['cardnet']);
    await seedPayments(database, lines);
    const path = join(database.folder, 'settlement.txt');
    const expected = await writeFileOf(path, lines);
    const adapter = createCardnet({ baseUrl: 'http://127.0.0.1:9', secret: 'bench', timeoutMs: 100 });
    const channel: Channel = { ...adapter, statement: () => Promise.resolve({ state: 'READY', content: createReadStream(path) }) };
    const activities = createReconciliationActivities(benchDeps(database.db, new Map([['cardnet', channel]])));
    const startedAt = performance.now();
    const { result, peakMb, grownMb } = await withPeak((): Promise<ReconcileResult> =>
      new MockActivityEnvironment().run((input: ReconcileInput) => activities.reconcileThrough(input), {
        channel: 'cardnet',
        through: DAY,
        at: at(addDays(DAY, 1), '13:00'),
      }),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const least = await floor(database);
    print(
      `  ${String(lines).padStart(9)} lines  ${seconds.toFixed(2).padStart(7)} s  floor ${least.toFixed(2).padStart(6)} s  ratio ${(seconds / least).toFixed(1)}  ` +
        `${String(result.breaks)} of ${String(expected)} differences found  peak ${peakMb.toFixed(0)} MB, grown by ${grownMb.toFixed(0)} MB`,
    );
  } finally {
    await database.close();
  }
}

/** From a settlement file on disk to breaks opened: seconds, beside the least that Postgres needs for both sides, and memory. */
export async function benchReconciliation(print: (line: string) => void, sizes: readonly number[]): Promise<void> {
  print('\nReconciliation of one channel’s day (goal for 1,000,000 lines: ≤ 15 s, ≤ 256 MB)');
  for (const lines of sizes) await measure(print, lines);
}
