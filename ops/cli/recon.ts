import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { openBreaks, readBreak, type BreakRow } from '../../db/reconciliation/breaks';
import { readChannelFacts } from '../../db/payment/channels';
import { businessNow } from '../../db/clock';
import { BREAK_CODES } from '../../domain/reconciliation/breaks';
import { addDays, businessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { taskQueues } from '../../domain/ids';
import { fen, yuan } from '../../domain/money/money';
import { reconcileChannelDay } from '../../workflows/reconcile-channel-day';
import type { Attached } from '../attach';
import { csvOf, htmlOf, readReport } from '../../services/reconciliation/recon-report';
import { REASON_HELP, sendOperatorCommand } from './decision';
import { defaultCommand, withAttached } from './subcommands';
import { CHANNEL_NAMES } from '../../channels/names';
import { workflowShapes } from '../../domain/keys';

type Print = (line: string) => void;
interface Options {
  readonly data: string;
  readonly date?: string;
  readonly channel?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly loan?: string;
  readonly operator: string;
  readonly reason: string;
}

const money = (value: number) => yuan(fen(value));

/** What is at stake, and whose word it is: the sides of a break, and what of it is in suspense. */
function sidesOf(row: BreakRow): string {
  const suspense = row.suspense_fen === 0 ? '' : `, in suspense ${money(row.suspense_fen)}`;
  return `theirs ${money(row.amount_fen)}, ours ${money(row.expected_fen)}${suspense}`;
}

const subjectOf = (row: BreakRow): string => `${row.number ?? 'the day'}${row.loan_id === null ? '' : `, loan ${row.loan_id}`}`;

function stateOf(row: BreakRow): string {
  if (row.proposal === null) return row.state;
  return `${row.state} (${row.proposal}${row.applies_to === null ? '' : ` to ${row.applies_to}`} by ${row.proposed_by ?? ''})`;
}

async function writeOut(file: string, text: string, option: string): Promise<void> {
  await writeFile(file, text).catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new LoanloomError('VALIDATION', `${file} cannot be written (${why}): name a file in a folder that is there`, { path: option });
  });
}

async function printBreaks(attached: Attached, print: Print): Promise<void> {
  const { today } = await businessNow(attached.db);
  const rows = await openBreaks(attached.db);
  if (rows.length === 0) print('no break is open');
  for (const row of rows)
    print(
      `${row.id}  ${row.code.padEnd(20)} ${row.channel.padEnd(10)} ${row.business_date}  ${sidesOf(row)}  ${row.owner} until ${row.due_on}${row.is_urgent ? '  URGENT' : ''}${today > row.due_on ? '  OVERDUE' : ''}  ${stateOf(row)}\n    ${subjectOf(row)}`,
    );
}

async function printBreak(attached: Attached, id: string, print: Print): Promise<void> {
  const row = await readBreak(attached.db, id);
  print(`${row.code} at ${row.channel} for ${row.business_date}: ${BREAK_CODES[row.code].meaning}`);
  print(`  about ${subjectOf(row)}; ${sidesOf(row)}`);
  print(`  ${row.owner} until ${row.due_on}; ${stateOf(row)}`);
  const events = await attached
    .db('break_events')
    .where({ break_id: id })
    .orderBy('seq')
    .select<{ at: Date; kind: string; actor: string; note: string }[]>('at', 'kind', 'actor', 'note');
  for (const event of events) print(`  ${event.at.toISOString()}  ${event.kind.padEnd(18)} ${event.actor}  ${event.note}`);
}

function checkedChannel(name: string | undefined): string | undefined {
  if (name !== undefined && !CHANNEL_NAMES.includes(name))
    throw new LoanloomError('CHANNEL_UNKNOWN', `the channels are ${CHANNEL_NAMES.join(', ')}`, { path: '--channel' });
  return name;
}

async function runNow(attached: Attached, channels: readonly string[], print: Print): Promise<void> {
  const { now, today } = await businessNow(attached.db);
  const through = addDays(today, -1);
  for (const channel of channels) {
    const result = await attached.client.workflow.execute(reconcileChannelDay, {
      workflowId: workflowShapes.reconciliation(channel, through),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      taskQueue: taskQueues.loans,
      args: [{ channel, through, now, once: true }],
    });
    print(`${channel.padEnd(10)} ${String(result.reconciled)} days reconciled, ${String(result.breaks)} breaks opened`);
    for (const { date, why } of result.withoutFile)
      print(`           ${date}: no file was loaded (${why}); "loan recon breaks" has the case`);
  }
}

async function printChannels(attached: Attached, print: Print): Promise<void> {
  const { now } = await businessNow(attached.db);
  for (const [name, { health, decision }] of await readChannelFacts(attached.db, CHANNEL_NAMES, now)) {
    const isOut = decision !== null && !decision.enabled && (decision.until === null || now < decision.until);
    print(
      `${name.padEnd(10)} ${isOut ? `OUT until ${decision.until ?? 'decided otherwise'}` : 'in use'}; of the last ${String(health.sends)} sends ${String(health.answered)} answered, ${String(health.unknown)} in doubt, p95 ${String(health.p95Ms)} ms; today ${money(health.sentTodayFen)}; ${health.spendableFen === null ? 'balance not known' : `${money(health.spendableFen)} to spend`}`,
    );
  }
}

async function report(attached: Attached, options: Options, print: Print): Promise<void> {
  const { today } = await businessNow(attached.db);
  const date = options.date === undefined ? addDays(today, -1) : businessDate(options.date, '--date');
  if (date >= today)
    throw new LoanloomError('INVALID_DATE', `a day is reported when it is over: the latest is ${addDays(today, -1)}`, { path: '--date' });
  const found = await readReport(attached.db, date, today, checkedChannel(options.channel));
  const missing = found.days.filter((row) => row.lines === null).map((row) => row.channel);
  if (missing.length > 0)
    process.stderr.write(`${date} is not reconciled at ${missing.join(', ')}: "loan recon run" does what can be done\n`);
  if (options.csv !== undefined) await writeOut(options.csv, csvOf(found), '--csv');
  if (options.html !== undefined) await writeOut(options.html, htmlOf(found), '--html');
  if (options.csv === undefined && options.html === undefined) print(csvOf(found));
  else print(`${date}: ${String(found.days.length - missing.length)} channels, ${String(found.breaks.length)} breaks`);
}

/** `loan recon`: what channels say against what we say, and the cases that came of it. */
export function addReconciliation(program: Command, print: Print): void {
  const recon = program.command('recon').description('reconciliation: breaks, reports, and decisions on channels');
  const attachedTo =
    (work: (attached: Attached, options: Options, id: string) => Promise<void>) =>
    (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      return withAttached(command, (attached) =>
        work(attached, command.optsWithGlobals<Options>(), typeof args[0] === 'string' ? args[0] : ''),
      );
    };
  const send = (path: (id: string) => string, body: (options: Options) => object) =>
    attachedTo(async (attached, options, id) => {
      print(await sendOperatorCommand(attached, options.operator, path(id), { ...body(options), reason: options.reason }));
    });

  defaultCommand(recon, 'breaks')
    .description('open breaks, the urgent ones first')
    .action(attachedTo((attached) => printBreaks(attached, print)));
  recon
    .command('show <break>')
    .description('one break and everything that was done about it')
    .action(attachedTo((attached, _options, id) => printBreak(attached, id, print)));
  recon
    .command('run')
    .description('reconcile every day whose file is there, now')
    .option('--channel <name>', CHANNEL_NAMES.join(', '))
    .action(attachedTo((attached, options) => runNow(attached, [checkedChannel(options.channel) ?? CHANNEL_NAMES].flat(), print)));
  recon
    .command('report')
    .description('a day for finance: nets and fees, its breaks and those still open from before, suspense by age')
    .option('--date <date>', 'which day; by default yesterday')
    .option('--channel <name>', CHANNEL_NAMES.join(', '))
    .option('--csv <file>', 'write it as CSV')
    .option('--html <file>', 'write it as a page')
    .action(attachedTo((attached, options) => report(attached, options, print)));
  recon
    .command('channels')
    .description('how channels have done lately, and which are out of routing')
    .action(attachedTo((attached) => printChannels(attached, print)));
  addDecisions(recon, send);
}

type Send = (path: (id: string) => string, body: (options: Options) => object) => (...args: unknown[]) => Promise<void>;

/** Binding decisions: they go through the authenticated API, which knows who is asking. */
function addDecisions(recon: Command, send: Send): void {
  const byOperator = (command: Command) =>
    command
      .requiredOption('--operator <name>', 'who decides (required); written to the audit log')
      .requiredOption('--reason <text>', REASON_HELP);
  const path = (id: string) => `/v1/ops/breaks/${id}`;
  byOperator(recon.command('accept <break>').description('propose to clear a break of which no money is in suspense, as explained')).action(
    send(
      (id) => `${path(id)}/proposal`,
      () => ({ proposal: 'ACCEPT' }),
    ),
  );
  byOperator(
    recon.command('write-off <break>').description('propose to write a break’s suspense off: a loss, or income where nobody claims it'),
  ).action(
    send(
      (id) => `${path(id)}/proposal`,
      () => ({ proposal: 'WRITE_OFF' }),
    ),
  );
  byOperator(
    recon
      .command('apply <break>')
      .description('propose that a break’s money is a loan’s repayment')
      .option('--loan <id>', 'which loan; by default the one that the break is about'),
  ).action(
    send(
      (id) => `${path(id)}/proposal`,
      (options) => ({ proposal: 'APPLY', ...(options.loan === undefined ? {} : { loanId: options.loan }) }),
    ),
  );
  byOperator(recon.command('approve <break>').description('approve what another operator proposed')).action(
    send(
      (id) => `${path(id)}/decision`,
      () => ({ approve: true }),
    ),
  );
  byOperator(recon.command('refuse <break>').description('refuse what another operator proposed')).action(
    send(
      (id) => `${path(id)}/decision`,
      () => ({ approve: false }),
    ),
  );
  for (const [name, enabled] of [
    ['stop-channel', false],
    ['use-channel', true],
  ] as const)
    byOperator(
      recon
        .command(`${name} <channel>`)
        .description(enabled ? 'take a channel back into routing' : 'no new payments over a channel; open ones go on being asked about'),
    ).action(
      send(
        (channel) => `/v1/ops/channels/${channel}/decision`,
        () => ({ enabled }),
      ),
    );
}
