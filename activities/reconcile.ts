import { Context } from '@temporalio/activity';
import { countBreaks, daysWithoutFile, healBreaks, noteOnBreak, openBreak } from '../db/reconciliation/breaks';
import {
  feesOf,
  firstUnreconciled,
  giveRoomToJoin,
  insertReconciliation,
  isListed,
  listedOnTwoDays,
  mismatches,
  ourNet,
  paymentsByNumber,
  readFile,
  repeatedNumbers,
  type DayFees,
  type Repeated,
} from '../db/reconciliation/reconciliation';
import { postEntry } from '../db/ledger/journal';
import { isConnectionFault, isDataRefusal, type Tx } from '../db/pool';
import { addDays, type BusinessDate, type Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import { fen } from '../domain/money/money';
import { channelFeesIncurred } from '../domain/ledger/postings';
import { classify, difference, type Finding } from '../domain/reconciliation/reconciliation';
import { fileDueAt, loadFile, noticeResend } from './channel-files';
import type { ActivityDeps } from '../services/deps';
import { whileHeartbeating } from './heartbeat';
import { settleFinding } from '../services/reconciliation/reconcile-findings';
import type { BankStatement } from '../channels/port';
import { keys } from '../domain/keys';

export interface ReconcileInput {
  readonly channel: string;
  readonly through: BusinessDate;
  readonly at: Instant;
}

export interface ReconcileResult {
  readonly reconciled: number;
  /** Breaks that were opened. */
  readonly breaks: number;
  /** Days whose file was not loaded, and why: refused, or not there at its time; and days that the bank has not confirmed. */
  readonly withoutFile: readonly { readonly date: BusinessDate; readonly why: string }[];
  /** The first day whose file is not there yet, and not due yet. */
  readonly waitsFor: BusinessDate | null;
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

/** One day of one channel, being matched at a moment. */
interface Day {
  readonly channel: string;
  readonly date: BusinessDate;
  readonly at: Instant;
}

/** A BANK break's subject where the statement itself is missing, beside the day whose nets differ. */
const statementSubject = (date: BusinessDate) => `${date}:statement`;

/** A FILE break for a day without its file, with the reason each time that it is another one. */
async function openFileBreak(tx: Tx, { channel, date, at }: Day, note: string): Promise<void> {
  const id = await openBreak(tx, { channel, businessDate: date, code: 'FILE', subject: date, amount: 0, expected: 0, note }, at);
  const last = await tx('break_events').where({ break_id: id }).orderBy('seq', 'desc').first<{ note: string }>('note');
  if (last.note !== note) await noteOnBreak(tx, id, { kind: 'SEEN_AGAIN', actor: 'reconciliation', at, note });
}

/** Payments that the file lists more than once, or that the file of another day lists too. */
async function repetitionsOf(tx: Tx, { channel, date }: Day, findings: readonly Finding[]): Promise<Repeated[]> {
  const suspects = findings.flatMap(({ line, ours }) => (line?.booked && line.kind !== 'RETURN' && ours ? [line.number] : []));
  const onTwoDays = await listedOnTwoDays(tx, channel, date, suspects);
  const numbers = new Set(onTwoDays.map(({ number }) => number));
  const onThis = (await repeatedNumbers(tx, channel, date)).filter(({ number }) => !numbers.has(number));
  return [...onThis, ...onTwoDays];
}

async function openDuplicates(tx: Tx, { channel, date, at }: Day, repeated: readonly Repeated[]): Promise<void> {
  for (const { number: subject, times, total, once, loanId } of repeated) {
    const note = `listed ${String(times)} times`;
    await openBreak(tx, { channel, businessDate: date, code: 'DUPLICATE', subject, loanId, amount: total, expected: once, note }, at);
  }
}

/** Opens a break for each wrong fee, and books what is agreed, once for every payment that the file has booked. Returns that sum. */
async function settleFees(tx: Tx, { channel, date, at }: Day, { agreed, wrong }: DayFees, repeated: readonly Repeated[]): Promise<number> {
  for (const { number: subject, charged, agreed: due, loanId } of wrong)
    await openBreak(tx, { channel, businessDate: date, code: 'FEE', subject, loanId, amount: 0 - charged, expected: 0 - due }, at);
  const fees = repeated.reduce((sum, { extraFees }) => sum - extraFees, agreed);
  const posting = channelFeesIncurred(channel, fen(fees));
  await postEntry(tx, { key: keys.channelFees(channel, date), loanId: null, businessDate: date, posting });
  return fees;
}

/**
 * The control: what was found has to explain, to the fen, why the file's net is not ours. A doubled line adds
 * its amount to the file's net without being ours twice: it was found as a pair, and is explained here.
 */
async function proveNet(
  tx: Tx,
  { channel, date, at }: Day,
  { gap, findings, repeated }: { readonly gap: number; readonly findings: readonly Finding[]; readonly repeated: readonly Repeated[] },
): Promise<void> {
  const found = findings.reduce((sum, finding) => sum + difference(finding, date), 0);
  const explained = repeated.reduce((sum, { extra }) => sum + extra, found);
  if (gap === explained) return;
  await openBreak(
    tx,
    { channel, businessDate: date, code: 'INTERNAL', subject: keys.netOfDay(date), amount: gap, expected: explained },
    at,
  );
}

/** Successes that the previous day's file lacked are missing for good when this day's lacks them too. Returns how many. */
async function endCutoffs(tx: Tx, { channel, date, at }: Day): Promise<number> {
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
  for (const { number, business_date: businessDate, expected_fen: expected, loan_id: loanId } of watched) {
    const found = await isListed(tx, channel, number);
    if (!found) {
      await openBreak(tx, { channel, businessDate, code: 'SHORT', subject: number, loanId, amount: 0, expected }, at);
      missing += 1;
    }
    const note = found ? 'stands in the next day’s file' : 'not in the next day’s file either: now SHORT';
    await healBreaks(tx, { channel, number, codes: ['CUTOFF'] }, { at, note });
  }
  return missing;
}

/** The house bank is the third book. */
async function bankStatementOf(deps: ActivityDeps, { date, at }: Day): Promise<BankStatement> {
  return deps.houseBank.statement(date, at, Context.current().cancellationSignal);
}

/** A finding that cannot be applied is a case for engineers, and the day goes on; a database that is away stops the day. */
async function settle(deps: ActivityDeps, day: Day, finding: Finding): Promise<void> {
  try {
    await deps.db.transaction((tx) => settleFinding(deps, tx, { ...day, finding }));
  } catch (error) {
    if (isConnectionFault(error) || (error instanceof LoanloomError && error.code === 'UNAVAILABLE')) throw error;
    const subject = keys.finding(finding.line?.number ?? finding.ours?.number ?? '');
    const code = error instanceof LoanloomError ? error.code : isDataRefusal(error) ? 'DATA_REFUSED' : 'INTERNAL';
    deps.log.error({ channel: day.channel, date: day.date, subject, code }, 'a finding of reconciliation cannot be applied');
    const sides = { amount: difference(finding, day.date), expected: 0, note: `${finding.code} cannot be applied: ${code}` };
    const about = { channel: day.channel, businessDate: day.date, subject, loanId: finding.ours?.loanId ?? null };
    await deps.db.transaction((tx) => openBreak(tx, { ...about, code: 'INTERNAL', ...sides }, day.at));
  }
}

/**
 * Matches one loaded day and does about each difference what its code says. OPEN without the bank's statement:
 * a match of two books does not count as three. Repeating it is harmless.
 */
async function matchDay(deps: ActivityDeps, day: Day): Promise<'DONE' | { readonly open: string }> {
  const { channel, date, at } = day;
  const file = await readFile(deps.db, channel, date);
  if (!file) throw new LoanloomError('INTERNAL', 'a day is matched before its file is loaded');
  const before = await ourNet(deps.db, channel, date);
  const { findings, repeated, fees } = await deps.db.transaction(async (tx) => {
    await giveRoomToJoin(tx);
    const findings = await findingsOf(tx, channel, date);
    return { findings, repeated: await repetitionsOf(tx, day, findings), fees: await feesOf(tx, channel, date) };
  });
  for (const finding of findings) await settle(deps, day, finding);
  const bank = await bankStatementOf(deps, day);
  if (bank.state !== 'READY') return { open: bank.code };
  const net = bank.nets.get(channel) ?? null;
  await deps.db.transaction(async (tx) => {
    await openDuplicates(tx, day, repeated);
    const agreedFees = await settleFees(tx, day, fees, repeated);
    await proveNet(tx, day, { gap: file.net_fen - before, findings, repeated });
    const missing = await endCutoffs(tx, day);
    if (net !== file.net_fen)
      await openBreak(tx, { channel, businessDate: date, code: 'BANK', subject: date, amount: net ?? 0, expected: file.net_fen }, at);
    await healBreaks(tx, { channel, number: date, codes: ['FILE'] }, { at, note: 'the file came and was loaded' });
    await healBreaks(tx, { channel, number: statementSubject(date), codes: ['BANK'] }, { at, note: 'the bank’s statement came' });
    const differing = findings.filter((finding) => finding.action !== 'MATCHED');
    await insertReconciliation(tx, {
      channel,
      business_date: date,
      lines: file.lines,
      matched: file.lines - differing.filter((finding) => finding.line !== null).length,
      file_net_fen: file.net_fen,
      ledger_net_fen: before,
      bank_net_fen: net,
      breaks: differing.length + repeated.length + fees.wrong.length + missing,
      fees_fen: agreedFees,
      at,
    });
  });
  return 'DONE';
}

async function reconcileDays(deps: ActivityDeps, input: ReconcileInput, signal: AbortSignal): Promise<ReconcileResult> {
  const channel = deps.channels.get(input.channel);
  if (!channel) throw new LoanloomError('CHANNEL_UNKNOWN', `channel ${input.channel} is not configured`);
  const before = await countBreaks(deps.db, channel.name);
  const first = await firstUnreconciled(deps.db, channel.name);
  if (first !== null) await noticeResend(deps, channel, { date: addDays(first, -1), at: input.at, signal });
  const passedOver = (await daysWithoutFile(deps.db, channel.name)).filter((date) => first === null || date < first);
  const withoutFile: { date: BusinessDate; why: string }[] = [];
  const withoutStatement: { date: BusinessDate; why: string }[] = [];
  let reconciled = 0;
  let waitsFor: BusinessDate | null = null;
  for (const date of [...passedOver, ...daysBetweenInclusive(first, input.through)]) {
    // In order: what a day waits for, the days after it wait for too.
    if (waitsFor !== null) break;
    const loading = await loadFile(deps, channel, { date, at: input.at, signal });
    if (loading === 'LOADED') {
      const matched = await matchDay(deps, { channel: channel.name, date, at: input.at });
      if (matched === 'DONE') reconciled += 1;
      else if (input.at >= fileDueAt(date)) withoutStatement.push({ date, why: `no statement of the bank: ${matched.open}` });
      else waitsFor = date;
    } else if (loading !== 'NOT_READY') withoutFile.push({ date, why: `refused: ${loading.refused}` });
    else if (input.at >= fileDueAt(date)) withoutFile.push({ date, why: 'not there at its time' });
    else waitsFor ??= date;
  }
  for (const { date, why } of withoutFile)
    await deps.db.transaction((tx) => openFileBreak(tx, { channel: channel.name, date, at: input.at }, why));
  for (const { date, why: note } of withoutStatement) {
    const found = {
      channel: channel.name,
      businessDate: date,
      code: 'BANK',
      subject: statementSubject(date),
      amount: 0,
      expected: 0,
      note,
    } as const;
    await deps.db.transaction((tx) => openBreak(tx, found, input.at));
  }
  const without = [...withoutFile, ...withoutStatement];
  return { reconciled, breaks: (await countBreaks(deps.db, channel.name)) - before, withoutFile: without, waitsFor };
}

export function createReconciliationActivities(deps: ActivityDeps) {
  return {
    /**
     * Reconciles every day of a channel up to `through` that is not reconciled yet, in order: load, match,
     * open breaks. Restartable at any point; a day whose file is late past its time becomes a break and
     * does not hold up the days after it.
     */
    reconcileThrough: (input: ReconcileInput): Promise<ReconcileResult> =>
      whileHeartbeating((signal) => reconcileDays(deps, input, signal)),
  };
}

function daysBetweenInclusive(first: BusinessDate | null, last: BusinessDate): BusinessDate[] {
  const days: BusinessDate[] = [];
  for (let date = first; date !== null && date <= last; date = addDays(date, 1)) days.push(date);
  return days;
}
