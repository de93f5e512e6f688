import { keySql } from '../../db/sql';
import { keys } from '../../domain/keys';
import type { Db } from '../../db/pool';
import { BREAK_CODES, SUSPENSE_AGES, type BreakCode } from '../../domain/reconciliation/breaks';
import { daysBetween, type BusinessDate } from '../../domain/time/dates';
import { fen, yuan } from '../../domain/money/money';

interface ReportDay {
  readonly channel: string;
  /** Null in all fields where the day is not reconciled. */
  readonly lines: number | null;
  readonly matched: number | null;
  readonly file_net_fen: number | null;
  readonly ledger_net_fen: number | null;
  readonly bank_net_fen: number | null;
  readonly fees_fen: number | null;
}

interface ReportBreak {
  readonly id: string;
  readonly channel: string;
  readonly business_date: BusinessDate;
  readonly code: BreakCode;
  readonly number: string | null;
  readonly loan_id: string | null;
  readonly amount_fen: number;
  readonly expected_fen: number;
  readonly suspense_fen: number;
  readonly owner: string;
  readonly state: string;
  readonly opened_on: BusinessDate;
  readonly due_on: BusinessDate;
  readonly closed_on: BusinessDate | null;
}

export interface ReconciliationReport {
  readonly date: BusinessDate;
  readonly today: BusinessDate;
  readonly days: readonly ReportDay[];
  readonly breaks: readonly ReportBreak[];
  /** Open suspense of every day, by channel and age: claims negative, debts positive; minor units. */
  readonly suspense: readonly { channel: string; age: string; fen: number }[];
}

function ageOf(days: number): string {
  const [first, second, third] = SUSPENSE_AGES;
  if (days < first) return 'today';
  if (days < second) return `${String(first)} day or more`;
  return days < third ? `${String(second)} days or more` : `${String(third)} days or more`;
}

/**
 * Everything finance reads of one day: per channel the three nets, its breaks and those still open from before, and
 * suspense by age. How a break stands is as of `today`, not of the day.
 */
export async function readReport(db: Db, date: BusinessDate, today: BusinessDate, channel?: string): Promise<ReconciliationReport> {
  const only = channel === undefined ? {} : { channel };
  const { rows: days } = await db.raw<{ rows: ReportDay[] }>(
    `SELECT c.channel, lines, matched, file_net_fen, ledger_net_fen, bank_net_fen, fees_fen
      FROM (SELECT DISTINCT channel FROM ledger_accounts WHERE channel IS NOT NULL) c
      LEFT JOIN reconciliations r ON r.channel = c.channel AND r.business_date = ?
      WHERE ?::text IS NULL OR c.channel = ? ORDER BY c.channel`,
    [date, channel ?? null, channel ?? null],
  );
  const columns = [
    'id',
    'channel',
    'business_date',
    'code',
    'number',
    'loan_id',
    'amount_fen',
    'expected_fen',
    'suspense_fen',
    'owner',
    'state',
    'due_on',
    'closed_on',
  ];
  const openedOn = db.raw(`(opened_at AT TIME ZONE 'Asia/Shanghai')::date AS opened_on`);
  const breaks = await db('breaks')
    .where(only)
    // Of the day itself, those still open from before, and those of other days whose money came back on it.
    .whereRaw(
      `(business_date = ? OR (business_date < ? AND closed_on IS NULL)
        OR EXISTS (SELECT FROM journal_entries e WHERE e.key = ${keySql(keys.suspenseHealed, 'breaks.id')} AND e.business_date = ?))`,
      [date, date, date],
    )
    .orderBy(['channel', 'business_date', 'code', 'id'])
    .select<ReportBreak[]>(...columns, openedOn);
  const held = await db('breaks')
    .where(only)
    .whereNot({ suspense_fen: 0 })
    .select<ReportBreak[]>(...columns, openedOn);
  const suspense = new Map<string, { channel: string; age: string; fen: number }>();
  for (const row of held) {
    const age = ageOf(daysBetween(row.opened_on, today));
    // Claims and debts are two accounts: they are never netted.
    const key = `${row.channel}|${age}|${row.suspense_fen < 0 ? 'short' : 'long'}`;
    const known = suspense.get(key) ?? { channel: row.channel, age, fen: 0 };
    suspense.set(key, { ...known, fen: known.fen + row.suspense_fen });
  }
  return { date, today, days, breaks, suspense: [...suspense.values()] };
}

const money = (value: number | null) => (value === null ? '' : yuan(fen(value)));

const BREAK_HEADER = [
  'channel',
  'day',
  'break',
  'code',
  'meaning',
  'number',
  'loan',
  'theirs',
  'ours',
  'difference',
  'suspense',
  'owner',
  'state',
  'opened',
  'due',
  'age in days',
];

function breakCells(row: ReportBreak, today: BusinessDate): string[] {
  return [
    row.channel,
    row.business_date,
    row.id,
    row.code,
    BREAK_CODES[row.code].meaning,
    row.number ?? '',
    row.loan_id ?? '',
    money(row.amount_fen),
    money(row.expected_fen),
    money(row.amount_fen - row.expected_fen),
    money(row.suspense_fen),
    row.owner,
    row.state,
    row.opened_on,
    row.due_on,
    String(daysBetween(row.opened_on, row.closed_on ?? today)),
  ];
}

const DAY_HEADER = ['channel', 'lines', 'matched', 'file net', 'our net', 'bank net', 'file less ours', 'fees'];

function dayCells(row: ReportDay): string[] {
  if (row.file_net_fen === null || row.ledger_net_fen === null) return [row.channel, 'not reconciled', '', '', '', '', '', ''];
  return [
    row.channel,
    String(row.lines ?? ''),
    String(row.matched ?? ''),
    money(row.file_net_fen),
    money(row.ledger_net_fen),
    money(row.bank_net_fen),
    money(row.file_net_fen - row.ledger_net_fen),
    money(row.fees_fen),
  ];
}

/** A cell that a spreadsheet would take for a formula is text; amounts stay numbers. */
function csvCell(value: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(value);
  const safe = !isNumber && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csvLine = (cells: readonly string[]) => cells.map(csvCell).join(',');

export function csvOf(report: ReconciliationReport): string {
  return [
    csvLine(['reconciliation of', report.date, 'as it stands on', report.today]),
    '',
    csvLine(DAY_HEADER),
    ...report.days.map((row) => csvLine(dayCells(row))),
    '',
    csvLine(BREAK_HEADER),
    ...report.breaks.map((row) => csvLine(breakCells(row, report.today))),
    '',
    csvLine(['suspense at', 'age', 'amount']),
    ...report.suspense.map((row) => csvLine([row.channel, row.age, money(row.fen)])),
    '',
  ].join('\n');
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${String(char.charCodeAt(0))};`);

/** The same on a page: what a break is and what it is about share a cell, so that a sheet of paper is wide enough. */
const PAGE_HEADER = ['channel', 'day', 'break', 'payment', ...BREAK_HEADER.slice(7, -1), 'days'];

function pageCells(row: ReportBreak, today: BusinessDate): string[] {
  const [channel = '', day = '', id = '', code = '', meaning = '', number = '', loan = '', ...rest] = breakCells(row, today);
  return [channel, day, [code, meaning, id].join('\n'), loan === '' ? number : `${number}\nloan ${loan}`, ...rest];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, values: readonly string[]) =>
    `<tr>${values.map((value) => `<${tag}${/^-?\d+(\.\d+)?$/.test(value) ? ' class="n"' : ''}>${escaped(value)}</${tag}>`).join('')}</tr>`;
  if (rows.length === 0) return '<p>None.</p>';
  return `<table><thead>${cells('th', header)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table>`;
}

export function htmlOf(report: ReconciliationReport): string {
  const style =
    '@page{size:A4 landscape}body{font:13px system-ui;margin:2rem;color:#222}table{border-collapse:collapse;margin:0 0 2rem}th,td{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top;white-space:pre-line}.n{text-align:right;font-variant-numeric:tabular-nums}';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Reconciliation of ${report.date}</title><style>${style}</style></head><body>
<h1>Reconciliation of ${report.date}</h1>
<p>As it stands on ${report.today}.</p>
<h2>Channels</h2>
${table(DAY_HEADER, report.days.map(dayCells))}
<h2>Breaks of the day, and those still open from before</h2>
${table(
  PAGE_HEADER,
  report.breaks.map((row) => pageCells(row, report.today)),
)}
<h2>Suspense by age on ${report.today}</h2>
${table(
  ['channel', 'age', 'amount'],
  report.suspense.map((row) => [row.channel, row.age, money(row.fen)]),
)}
</body></html>
`;
}
