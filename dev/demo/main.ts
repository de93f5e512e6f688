import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { businessDateOf, instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { fenFromYuan, yuan, type Fen } from '../../domain/money/money';
import { assertOffered } from '../../domain/product/offer';
import { createCatalogue } from '../../domain/product/products';
import { attach, runningRecord, type Attached } from '../../ops/attach';
import type { CheckResult } from '../../ops/audit/invariants';
import { freePort } from '../stack/ports';
import { fail } from '../stack/start';
import { startStack, type RunningStack } from '../stack/stack';
import { ApiProblem } from './borrower-client';
import { Demo, type DemoOptions } from './demo';
import { OriginationDemo } from './origination';
import { compareBooks, readBooks, type StoryReport } from './verdict';

const print = (line: string) => process.stdout.write(`${line}\n`);

interface Options {
  readonly principal: string;
  readonly term: string;
  readonly seed: string;
  readonly keep?: boolean;
  readonly verbose?: boolean;
  readonly attach?: boolean;
  readonly yes?: boolean;
  readonly data: string;
}

/** Refuses what the product does not offer before anything is started. */
function checkedOptions(options: Options): DemoOptions & { principalFen: Fen } {
  const checked = {
    principalFen: fenFromYuan(options.principal, '--principal'),
    termMonths: Number(options.term),
    seed: Number(options.seed),
    keep: options.keep === true,
    verbose: options.verbose === true,
  };
  if (!Number.isSafeInteger(checked.seed) || checked.seed < 0) throw new LoanloomError('VALIDATION', '--seed is a whole number from 0');
  const product = createCatalogue().current('consumer-installment', businessDateOf(instant(Date.now())));
  assertOffered({ principal: checked.principalFen, termMonths: checked.termMonths }, product);
  return checked;
}

async function confirmAttach(options: Options): Promise<void> {
  if (options.yes) return;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(
    'This moves the business clock of the running stack, for every loan in it, by the whole term. Go on? [y/N] ',
  );
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) process.exit(1);
}

/** A folder that only demos write to: what an earlier one left is deleted, anything else is refused. */
async function emptyDemoFolder(dataDir: string): Promise<void> {
  const marker = join(dataDir, 'this-is-a-demo');
  if (runningRecord(dataDir))
    throw new LoanloomError('VALIDATION', `a demo still runs in ${dataDir}: stop it with Ctrl-C, or choose another folder with --data`);
  if (existsSync(dataDir) && !existsSync(marker))
    throw new LoanloomError('VALIDATION', `${dataDir} exists and is not a demo's: choose another folder with --data`);
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  await writeFile(marker, 'Deleted and made anew by each "npm run demo".\n');
}

async function ownStack(dataDir: string): Promise<RunningStack> {
  await emptyDemoFolder(dataDir);
  const [api, postgres, temporal, webUi, simulator, smtp, mail] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  return startStack({
    dataDir,
    ports: { api, postgres, temporal, webUi, simulator, smtp, mail },
    progress: (line) => {
      print(`  ${line}`);
    },
    channelTimeoutMs: 1_500,
    logLevel: 'warn',
  });
}

async function printChecks(attached: Attached, booksUrl: string) {
  const checks = await compareBooks(attached.db, attached.client, await readBooks(booksUrl));
  print('\nThree books compared (ours, the banks’ own, the ledger):');
  for (const check of checks) {
    print(`  ${check.violations.length === 0 ? 'holds ' : 'BROKEN'}  ${check.invariant}  ${check.claim}`);
    for (const violation of check.violations) print(`          ${violation}`);
  }
  return { checks, hold: checks.every((check) => check.violations.length === 0) };
}

/** Whether each invariant holds: every claim that is made under its name. */
const held = (checks: readonly CheckResult[]): Record<string, boolean> =>
  Object.fromEntries(
    checks.map(({ invariant }) => [invariant, checks.every((each) => each.invariant !== invariant || each.violations.length === 0)]),
  );

async function concludeOrigination(
  attached: Attached,
  { reports, firstStepToSignedSeconds }: Awaited<ReturnType<OriginationDemo['run']>>,
  booksUrl: string,
): Promise<{ isFine: boolean; json: string }> {
  const { checks, hold } = await printChecks(attached, booksUrl);
  for (const { title, surprises } of reports) {
    print(`  ${surprises.length === 0 ? 'as told' : 'NOT as told'}  ${title}`);
    for (const surprise of surprises) print(`          ${surprise}`);
  }
  print(`from the first step to the signed contract: ${firstStepToSignedSeconds.toFixed(1)} s of real time, a day of business time`);
  const invariants = held(checks);
  const json = JSON.stringify({ invariants, stories: reports, firstStepToSignedSeconds });
  return { isFine: hold && reports.every(({ surprises }) => surprises.length === 0), json };
}

async function conclude(attached: Attached, reports: readonly StoryReport[], booksUrl: string): Promise<{ isFine: boolean; json: string }> {
  const { checks, hold } = await printChecks(attached, booksUrl);
  for (const report of reports) {
    const isFine = report.surprises.length === 0 && Object.values(report.invariants).every(Boolean);
    print(`  ${isFine ? 'as told' : 'NOT as told'}  [${String(report.story)}] ${report.title}`);
    for (const surprise of report.surprises) print(`          ${surprise}`);
  }
  const isFine = hold && reports.every((report) => report.surprises.length === 0 && Object.values(report.invariants).every(Boolean));
  const json = JSON.stringify({
    temporalAddress: attached.env.TEMPORAL_ADDRESS,
    databaseUrl: attached.env.DATABASE_URL,
    booksUrl,
    invariants: held(checks),
    stories: reports,
  });
  return { isFine, json };
}

async function main(): Promise<void> {
  const program = new Command('npm run demo --')
    .description(
      'Plays twelve borrowers’ stories, a loan of each method and a day-long outage among them, on a stack of its own, on one clock, and compares three books at the end.',
    )
    .argument('[area]', 'origination: from the first consent to a signed contract; by default the whole lives')
    .option('--principal <yuan>', 'amount of each loan', '12000')
    .option('--term <months>', 'term of each loan', '12')
    .option('--seed <n>', 'which invented borrowers', '1')
    .option('--verbose', 'print every event with its date, not a line per loan and month')
    .option('--keep', 'leave the stack up to look at')
    .option('--attach', 'use the running stack and move its whole clock')
    .option('--yes', 'do not ask before --attach moves the clock')
    .option('--data <folder>', 'data folder of the demo (or of the stack to attach to)', '');
  const options = program.parse().opts<Options>();
  const [area] = program.args;
  if (area !== undefined && area !== 'origination')
    throw new LoanloomError('VALIDATION', `there is no demo of ${area}: leave it out, or say origination`);
  const startedAt = Date.now();
  const demoOptions = checkedOptions(options);
  const dataDir = resolve(options.data || (options.attach ? '.data' : '.data/demo'));
  if (options.attach) await confirmAttach(options);
  const own = options.attach ? undefined : await ownStack(dataDir);
  const stop = () => void (own?.stop() ?? Promise.resolve()).then(() => process.exit(130));
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const attached = await attach(dataDir);
  const record = attached.record;
  const urls = {
    mail: record?.mailUrl ?? '',
    books: `${attached.env.CHANNELS_URL}/books`,
    scripts: `${attached.env.CHANNELS_URL}/scripts`,
    outages: `${attached.env.CHANNELS_URL}/outages`,
  };
  if (area === undefined)
    print(
      `\nTwelve borrowers, ${yuan(demoOptions.principalFen)} yuan over ${String(demoOptions.termMonths)} months each. Web UI: ${attached.env.WEB_UI_URL}\n`,
    );
  try {
    const { isFine, json } =
      area === 'origination'
        ? await concludeOrigination(attached, await new OriginationDemo(attached, urls.mail, demoOptions.seed).run(), urls.books)
        : await conclude(attached, await new Demo(attached, urls, demoOptions).run(), urls.books);
    print(`${isFine ? 'every story went as told' : 'something is BROKEN: see above'}; ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
    if (own && options.keep) {
      print(`The stack stays up: Web UI ${own.webUiUrl}, mail ${own.mailUrl}, API ${own.apiUrl}/docs, banks ${urls.books}.`);
      print(`"npx loan --data ${dataDir} doctor" examines it; Ctrl-C stops it.`);
    }
    // The last line is for scripts.
    print(json);
    process.exitCode = isFine ? 0 : 1;
  } finally {
    await attached.close();
    if (own && !(options.keep && process.exitCode !== undefined)) await own.stop();
  }
  if (!(own && options.keep)) process.exit();
}

main().catch((error: unknown) => {
  if (!(error instanceof LoanloomError) && !(error instanceof ApiProblem)) fail(error);
  process.stderr.write(`the demo cannot go on: ${error.message}\n`);
  process.exit(1);
});
