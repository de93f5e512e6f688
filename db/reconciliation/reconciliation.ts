import { isOneOf, signedLine } from '../sql';
import { PAID_ATTEMPTS } from '../../domain/states';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { BusinessDate, Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Fen } from '../../domain/money/money';
import type { OurPayment, StatementLine } from '../../domain/reconciliation/reconciliation';
import type { Db, Tx } from '../pool';

export interface LoadedFile {
  readonly channel: string;
  readonly business_date: BusinessDate;
  readonly sha256: string;
  readonly lines: number;
  readonly net_fen: number;
}

/** A line and a payment that do not simply agree; either may be missing. */
export interface Mismatch {
  readonly line: StatementLine | null;
  readonly ours: OurPayment | null;
}

const oursFrom = (
  attempt: string,
  instruction: string,
) => `jsonb_build_object('number', ${attempt}.number, 'instructionId', ${attempt}.instruction_id,
  'attempt', ${attempt}.attempt, 'loanId', ${attempt}.loan_id, 'direction', ${instruction}.direction, 'amount', ${instruction}.amount_fen,
  'state', ${attempt}.state, 'valueDate', ${attempt}.value_date, 'accountTail', ${attempt}.account_tail)`;
const OURS = oursFrom('a', 'i');
const OURS_JOINED = oursFrom('o', 'o');
const LINE = `jsonb_build_object('number', f.number, 'kind', f.kind, 'amount', f.amount_fen, 'fee', f.fee_fen, 'booked', f.booked,
  'accountTail', f.account_tail, 'valueDate', f.value_date, 'comesIn', f.comes_in, 'place', f.line,
  'isRepeat', f.kind = 'RETURN' AND EXISTS (SELECT FROM channel_file_lines e WHERE e.number = f.number AND e.channel = f.channel AND e.kind = 'RETURN'
    AND e.booked AND (e.business_date, e.line) < (f.business_date, f.line)))`;

export async function readFile(db: Db | Tx, channel: string, date: BusinessDate): Promise<LoadedFile | undefined> {
  return db('channel_files').where({ channel, business_date: date }).first<LoadedFile | undefined>();
}

/** What a reference never holds, and a database or a log partly refuses: control characters, halves of characters. */
const UNSTORABLE = /[\p{Cc}\p{Cs}\p{Cn}]/u;

/** COPY's text format knows four special characters. */
const field = (value: string) =>
  value.replace(/[\\\t\n\r]/g, (char) => `\\${{ '\\': '\\', '\t': 't', '\n': 'n', '\r': 'r' }[char] ?? char}`);

/** Streams lines, each with the fee that is agreed for it, into the table by COPY, in the transaction's own connection: all of a file, or nothing. */
export async function copyLines(
  tx: Tx,
  {
    channel,
    date,
    portions,
    feeOf,
  }: {
    readonly channel: string;
    readonly date: BusinessDate;
    readonly portions: AsyncIterable<readonly StatementLine[]>;
    readonly feeOf: (line: StatementLine) => Fen;
  },
): Promise<{ lines: number; net: number }> {
  // A transaction's client hands out its one connection, and takes it back at the transaction's end.
  const connection = (await (tx.client as { acquireConnection(): Promise<unknown> }).acquireConnection()) as PoolClient;
  const totals = { lines: 0, net: 0 };
  const prefix = `${field(channel)}\t${date}\t`;
  async function* rows(): AsyncGenerator<string> {
    for await (const portion of portions) {
      let text = '';
      for (const line of portion) {
        if (UNSTORABLE.test(line.number) || UNSTORABLE.test(line.accountTail))
          throw new LoanloomError('FILE_REFUSED', 'a line has a character that no reference may have', { reason: 'FORM' });
        totals.lines += 1;
        if (line.booked) totals.net += line.comesIn ? line.amount : 0 - line.amount;
        text += `${prefix}${String(totals.lines)}\t${field(line.number)}\t${line.kind}\t${String(line.amount)}\t${String(line.fee)}\t${String(feeOf(line))}\t${line.booked ? 't' : 'f'}\t${field(line.accountTail)}\t${line.valueDate}\t${line.comesIn ? 't' : 'f'}\n`;
      }
      yield text;
    }
  }
  const sink = connection.query(
    copyFrom(
      'COPY channel_file_lines (channel, business_date, line, number, kind, amount_fen, fee_fen, agreed_fee_fen, booked, account_tail, value_date, comes_in) FROM STDIN',
    ),
  );
  await pipeline(Readable.from(rows()), sink);
  return totals;
}

export async function insertFile(tx: Tx, file: LoadedFile): Promise<void> {
  await tx('channel_files').insert(file);
}

/**
 * Lines of a day and our successes of that value date that do not agree on sight, and every RETURN line: the rest
 * is matched. In the order of the file, but returns after payments, which a file may list the other way round.
 * Equality is all that SQL decides here; what a difference means decides domain/reconciliation/reconciliation.ts.
 */
export async function mismatches(db: Db | Tx, channel: string, date: BusinessDate): Promise<Mismatch[]> {
  const result = await db.raw<{ rows: Mismatch[] }>(
    `SELECT CASE WHEN f.number IS NULL THEN NULL ELSE ${LINE} END AS line, CASE WHEN o.number IS NULL THEN NULL ELSE ${OURS_JOINED} END AS ours
      FROM (SELECT * FROM channel_file_lines WHERE channel = ? AND business_date = ?) f
      FULL JOIN (
        SELECT a.number, a.instruction_id, a.attempt, a.loan_id, a.state, a.value_date, a.account_tail, i.direction, i.amount_fen,
          CASE i.direction WHEN 'DEBIT' THEN 'DEBIT' ELSE 'PAYOUT' END AS kind
        FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id
        WHERE a.channel = ? AND a.value_date = ? AND ${isOneOf('a.state', PAID_ATTEMPTS)}
      ) o ON o.number = f.number AND o.kind = f.kind
      WHERE f.number IS NULL OR o.number IS NULL OR NOT f.booked OR f.amount_fen <> o.amount_fen OR f.account_tail <> o.account_tail
      ORDER BY f.kind = 'RETURN', f.line`,
    [channel, date, channel, date],
  );
  return result.rows;
}

/** Room for the hash tables of a day's join, until the transaction ends. */
export async function giveRoomToJoin(tx: Tx): Promise<void> {
  await tx.raw(`SET LOCAL work_mem = '128MB'`);
}

export interface Repeated {
  readonly number: string;
  readonly times: number;
  /** What all its lines move, and what one of them does; minor units, positive where money comes in. */
  readonly total: number;
  readonly once: number;
  /** What its booked lines add to the file's net, and to the agreed fees, beyond their first. */
  readonly extra: number;
  readonly extraFees: number;
  readonly loanId: string | null;
}

/** Numbers that a day's file lists more than once as the same kind of payment. */
export async function repeatedNumbers(db: Db | Tx, channel: string, date: BusinessDate): Promise<Repeated[]> {
  const result = await db.raw<{ rows: Repeated[] }>(
    `SELECT r.*, (SELECT min(a.loan_id) FROM payment_attempts a WHERE a.channel = ? AND a.number = r.number) AS "loanId"
      FROM (
        SELECT number, count(*)::int AS times, sum(net)::bigint AS total, min(net)::bigint AS once,
          (greatest(count(*) FILTER (WHERE booked) - 1, 0) * coalesce(min(net) FILTER (WHERE booked), 0))::bigint AS extra,
          (greatest(count(*) FILTER (WHERE booked) - 1, 0) * coalesce(min(fee) FILTER (WHERE booked), 0))::bigint AS "extraFees"
        FROM (SELECT number, kind, booked, agreed_fee_fen AS fee, ${signedLine} AS net FROM channel_file_lines
          WHERE channel = ? AND business_date = ? AND kind <> 'RETURN') lines
        GROUP BY number, kind HAVING count(*) > 1
      ) r`,
    [channel, channel, date],
  );
  return result.rows;
}

/**
 * Payments that the file of another day has booked as well, among these numbers of the day's file and among what
 * a later day's file, loaded before it, had of its payments. Findings explain what they add to the day's net.
 */
export async function listedOnTwoDays(db: Db | Tx, channel: string, date: BusinessDate, numbers: readonly string[]): Promise<Repeated[]> {
  const result = await db.raw<{ rows: Repeated[] }>(
    `SELECT number, count(*)::int AS times, sum(net)::bigint AS total, min(net)::bigint AS once, 0 AS extra,
        (sum(agreed_fee_fen) FILTER (WHERE business_date = ?))::bigint AS "extraFees",
        (SELECT min(a.loan_id) FROM payment_attempts a WHERE a.channel = ? AND a.number = lines.number) AS "loanId"
      FROM (SELECT *, ${signedLine} AS net FROM channel_file_lines
        WHERE channel = ? AND booked AND kind <> 'RETURN' AND number = ANY(?::text[] || ARRAY(
          SELECT later.number FROM channel_file_lines later JOIN payment_attempts a ON a.channel = later.channel AND a.number = later.number
          WHERE later.channel = ? AND later.business_date > ? AND a.value_date = ?))) lines
      GROUP BY number HAVING count(DISTINCT business_date) > 1 AND bool_or(business_date = ?)`,
    [date, channel, channel, [...numbers], channel, date, date, date],
  );
  return result.rows;
}

export interface DayFees {
  /** What the agreed table gives for every line that the file has booked. */
  readonly agreed: number;
  /** Payments for which the file names another fee. */
  readonly wrong: readonly { readonly number: string; readonly charged: number; readonly agreed: number; readonly loanId: string | null }[];
}

export async function feesOf(db: Db | Tx, channel: string, date: BusinessDate): Promise<DayFees> {
  const ofDay = [channel, date];
  const sum = await db.raw<{ rows: { agreed: number }[] }>(
    `SELECT coalesce(sum(agreed_fee_fen), 0)::bigint AS agreed FROM channel_file_lines WHERE channel = ? AND business_date = ? AND booked`,
    ofDay,
  );
  const wrong = await db.raw<{ rows: DayFees['wrong'][number][] }>(
    `SELECT number, sum(fee_fen)::bigint AS charged, sum(CASE WHEN booked THEN agreed_fee_fen ELSE 0 END)::bigint AS agreed,
        (SELECT min(a.loan_id) FROM payment_attempts a WHERE a.channel = ? AND a.number = f.number) AS "loanId"
      FROM channel_file_lines f WHERE channel = ? AND business_date = ? AND fee_fen <> CASE WHEN booked THEN agreed_fee_fen ELSE 0 END
      GROUP BY number`,
    [channel, ...ofDay],
  );
  return { agreed: sum.rows[0]?.agreed ?? 0, wrong: wrong.rows };
}

/** Our payments of these numbers, in whatever state and of whatever day. */
export async function paymentsByNumber(db: Db | Tx, channel: string, numbers: readonly string[]): Promise<ReadonlyMap<string, OurPayment>> {
  if (numbers.length === 0) return new Map();
  const result = await db.raw<{ rows: { ours: OurPayment }[] }>(
    `SELECT ${OURS} AS ours FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id WHERE a.channel = ? AND a.number = ANY(?)`,
    [channel, [...numbers]],
  );
  return new Map(result.rows.map(({ ours }) => [ours.number, ours]));
}

/** Whether any loaded file of the channel lists this number as a booked payment of that kind. */
export async function isListed(db: Db | Tx, channel: string, number: string): Promise<boolean> {
  const row = await db('channel_file_lines')
    .where({ channel, number, booked: true })
    .whereNot({ kind: 'RETURN' })
    .first<{ line: number } | undefined>('line');
  return row !== undefined;
}

/** The net of our successes of a value date at a channel. */
export async function ourNet(db: Db | Tx, channel: string, date: BusinessDate): Promise<number> {
  const result = await db.raw<{ rows: { net: number }[] }>(
    `SELECT coalesce(sum(CASE i.direction WHEN 'DEBIT' THEN i.amount_fen ELSE -i.amount_fen END), 0)::bigint AS net
      FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id
      WHERE a.channel = ? AND a.value_date = ? AND ${isOneOf('a.state', PAID_ATTEMPTS)}`,
    [channel, date],
  );
  return result.rows[0]?.net ?? 0;
}

export interface Reconciliation {
  readonly channel: string;
  readonly business_date: BusinessDate;
  readonly lines: number;
  readonly matched: number;
  readonly file_net_fen: number;
  readonly ledger_net_fen: number;
  readonly bank_net_fen: number | null;
  readonly breaks: number;
  /** What the channel may charge for the day. */
  readonly fees_fen: number;
  readonly at: Instant;
}

export async function insertReconciliation(tx: Tx, row: Reconciliation): Promise<void> {
  await tx('reconciliations').insert(row).onConflict(['channel', 'business_date']).ignore();
}

/** The day after the last reconciled one; before any, the day of the channel's own first attempt: a channel owes no file for the days before it was used. Null when nothing was ever sent over it. */
export async function firstUnreconciled(db: Db, channel: string): Promise<BusinessDate | null> {
  const result = await db.raw<{ rows: { day: BusinessDate | null }[] }>(
    `SELECT coalesce((SELECT (max(business_date) + 1)::date FROM reconciliations WHERE channel = ?),
        (SELECT min((sent_at AT TIME ZONE 'Asia/Shanghai')::date) FROM payment_attempts WHERE channel = ?)) AS day`,
    [channel, channel],
  );
  return result.rows[0]?.day ?? null;
}
