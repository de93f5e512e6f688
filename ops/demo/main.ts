import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { mintToken } from '../../api/auth';
import { businessNow } from '../../db/clock';
import { addDays, at, businessDateOf, epochMs, instant, type BusinessDate, type Instant } from '../../domain/dates';
import { workflowIds } from '../../domain/ids';
import { fenFromYuan, yuan } from '../../domain/money';
import { attach, type Attached } from '../attach';
import { advanceClock } from '../clock';
import { freePort } from '../stack/ports';
import { fail } from '../stack/start';
import { startStack, type RunningStack } from '../stack/stack';
import { workflowLink } from '../views';
import { BorrowerClient } from './borrower-client';
import { inventPerson } from './person';
import { LEFT_LATE, STORIES, type Act, type Story, type StoryContext } from './stories';
import { TimelinePrinter } from './timeline';
import { compareBooks, readBooks, reportStory, type StoryReport } from './verdict';

interface Options {
  readonly principal: string;
  readonly term: string;
  readonly seed: string;
  readonly keep?: boolean;
  readonly attach?: boolean;
  readonly yes?: boolean;
  readonly data: string;
}

interface Running {
  readonly story: Story;
  readonly context: StoryContext;
  readonly label: string;
  id: string;
  acts: readonly Act[];
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const MONTHS_PER_STEP = 2;

class Demo {
  private readonly followed = new Map<string, { label: string; client: BorrowerClient }>();
  private readonly timeline = new TimelinePrinter(print, this.followed);

  constructor(
    private readonly stack: Attached,
    private readonly urls: { mail: string; books: string; scripts: string },
    private readonly options: { principalFen: number; termMonths: number; seed: number; keep: boolean },
  ) {}

  async run(): Promise<StoryReport[]> {
    const stories = await Promise.all(STORIES.map((story) => this.introduce(story)));
    this.timeline.start();
    await Promise.all(stories.map((running) => this.untilAccepted(running)));
    await this.advance(instant(epochMs((await this.now()).now) + 25 * 3_600_000));
    await Promise.all(stories.filter(({ story }) => !story.cancels).map((running) => this.untilPaidOut(running)));
    await this.playActs(stories);
    await this.untilSettled(stories);
    if (this.options.keep) stories.push(await this.leaveOneLate());
    await this.timeline.stop();
    const books = await readBooks(this.urls.books);
    const { db, client } = this.stack;
    return Promise.all(
      stories.map(({ story, context, id }) => reportStory({ db, client, books, loanId: id, story, expectation: story.expects(context) })),
    );
  }

  private now(): Promise<{ now: Instant; today: BusinessDate }> {
    return businessNow(this.stack.db);
  }

  private async advance(target: Instant): Promise<void> {
    print(`  ── clock → ${businessDateOf(target)}`);
    await advanceClock(
      {
        db: this.stack.db,
        client: this.stack.client,
        isSandbox: this.stack.env.LOANLOOM_SANDBOX,
        progress: (line) => {
          print(`     ${line}`);
        },
      },
      target,
    );
  }

  private async introduce(story: Story): Promise<Running> {
    const person = inventPerson(this.options.seed, story.number);
    const token = await mintToken(this.stack.tokenSecret, 'borrower', person.borrowerId, 24);
    const client = new BorrowerClient({ apiUrl: this.stack.apiUrl, mailUrl: this.urls.mail, token, person });
    const context: StoryContext = {
      client,
      principalFen: this.options.principalFen,
      termMonths: this.options.termMonths,
      script: async (script) => {
        await fetch(this.urls.scripts, { method: 'POST', body: JSON.stringify(script) });
      },
    };
    return { story, context, label: `[${String(story.number)}]`, id: '', acts: [] };
  }

  private async untilAccepted(running: Running): Promise<void> {
    const { story, context } = running;
    const { client } = context;
    running.id = await client.apply({ principalFen: context.principalFen, termMonths: context.termMonths });
    print(
      `  ${running.label} ${story.title}\n      ${workflowLink(this.stack.env.WEB_UI_URL, this.stack.env.TEMPORAL_NAMESPACE, workflowIds.application(running.id))}`,
    );
    const status = await client.untilStatus(running.id, ['OFFERED', 'DECLINED', 'FOUR_EYES']);
    if (status === 'FOUR_EYES') await this.approve(running);
    await client.untilStatus(running.id, ['OFFERED']);
    await story.prepare?.(context, running.id);
    await client.accept(running.id);
    if (story.cancels) {
      await client.cancel(running.id);
      print(`  ${(await this.now()).today}  ${running.label}  cancelled inside the reflection period, free of charge`);
    } else this.followed.set(running.id, { label: running.label, client });
  }

  /** A large amount is referred: the demo's operator approves it over the ops API. */
  private async approve(running: Running): Promise<void> {
    const token = await mintToken(this.stack.tokenSecret, 'operator', 'demo-operator', 1);
    await fetch(`${this.stack.apiUrl}/v1/ops/applications/${running.id}/review`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': `review-${running.id}` },
      body: JSON.stringify({ verdict: 'APPROVE', reason: 'demo: income and amount fit' }),
    });
    print(`  ${(await this.now()).today}  ${running.label}  referred for its amount; approved by an operator`);
  }

  private async untilPaidOut(running: Running): Promise<void> {
    const { client } = running.context;
    await client.untilStatus(running.id, ['AWAITING_SIGNATURE']);
    await client.sign(running.id);
    const loan = await client.until(`the payout of ${running.id}`, async () => {
      const view = await client.loan(running.id).catch(() => undefined);
      return view?.status === 'ACTIVE' ? view : undefined;
    });
    print(`      ${workflowLink(this.stack.env.WEB_UI_URL, this.stack.env.TEMPORAL_NAMESPACE, workflowIds.loan(running.id))}`);
    const firstDueOn = (loan as unknown as { nextDue: { dueOn: BusinessDate } }).nextDue.dueOn;
    running.acts = running.story.acts?.(running.context, running.id, firstDueOn) ?? [];
  }

  private async leaveOneLate(): Promise<Running> {
    const running = await this.introduce(LEFT_LATE);
    await this.untilAccepted(running);
    await this.advance(instant(epochMs((await this.now()).now) + 25 * 3_600_000));
    await this.untilPaidOut(running);
    await this.advance(at(addDays((await this.now()).today, 40), '15:00'));
    return running;
  }

  /** Plays every story's acts in date order, the one clock moved before each. */
  private async playActs(stories: readonly Running[]): Promise<void> {
    const acts = stories.flatMap((running) => running.acts).sort((a, b) => (a.on < b.on ? -1 : 1));
    for (const act of acts) {
      const { today } = await this.now();
      if (act.on > today) await this.advance(at(act.on, '15:00'));
      await act.play();
    }
  }

  private async untilSettled(stories: readonly Running[]): Promise<void> {
    const isOpen = async () => {
      const ids = stories.map((running) => running.id);
      const rows = await this.stack.db('loans').whereIn('id', ids).whereIn('status', ['APPROVED', 'ACTIVE']).select('id');
      return rows.length > 0;
    };
    for (let step = 0; (await isOpen()) && step <= this.options.termMonths + 3; step += MONTHS_PER_STEP) {
      await this.advance(at(addDays((await this.now()).today, 31 * MONTHS_PER_STEP), '15:00'));
    }
  }
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

async function ownStack(dataDir: string): Promise<RunningStack> {
  await rm(dataDir, { recursive: true, force: true });
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

async function conclude(attached: Attached, reports: readonly StoryReport[], booksUrl: string): Promise<boolean> {
  const checks = await compareBooks(attached.db, attached.client, await readBooks(booksUrl));
  print('\nThree books compared (ours, the banks’ own, the ledger):');
  for (const check of checks) {
    print(`  ${check.violations.length === 0 ? 'holds ' : 'BROKEN'}  ${check.invariant}  ${check.claim}`);
    for (const violation of check.violations) print(`          ${violation}`);
  }
  for (const report of reports) {
    const isFine = report.surprises.length === 0 && Object.values(report.invariants).every(Boolean);
    print(`  ${isFine ? 'as told' : 'NOT as told'}  [${String(report.story)}] ${report.title}`);
    for (const surprise of report.surprises) print(`          ${surprise}`);
  }
  const invariants = Object.fromEntries(checks.map((check) => [check.invariant, check.violations.length === 0]));
  print(
    JSON.stringify({
      temporalAddress: attached.env.TEMPORAL_ADDRESS,
      databaseUrl: attached.env.DATABASE_URL,
      booksUrl,
      invariants,
      stories: reports,
    }),
  );
  return (
    checks.every((check) => check.violations.length === 0) &&
    reports.every((report) => report.surprises.length === 0 && Object.values(report.invariants).every(Boolean))
  );
}

async function main(): Promise<void> {
  const program = new Command('npm run demo --')
    .description('Plays five borrowers’ stories on a stack of its own, on one clock, and compares three books at the end.')
    .option('--principal <yuan>', 'amount of each loan', '12000')
    .option('--term <months>', 'term of each loan', '12')
    .option('--seed <n>', 'which invented borrowers', '1')
    .option('--keep', 'leave the stack up to look at')
    .option('--attach', 'use the running stack and move its whole clock')
    .option('--yes', 'do not ask before --attach moves the clock')
    .option('--data <folder>', 'data folder of the demo (or of the stack to attach to)', '');
  const options = program.parse().opts<Options>();
  const startedAt = Date.now();
  const demoOptions = {
    principalFen: fenFromYuan(options.principal, '--principal'),
    termMonths: Number(options.term),
    seed: Number(options.seed),
    keep: options.keep === true,
  };
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
  };
  print(
    `\nFive borrowers, ${yuan(demoOptions.principalFen)} yuan over ${String(demoOptions.termMonths)} months each. Web UI: ${attached.env.WEB_UI_URL}\n`,
  );
  let isFine = false;
  try {
    const reports = await new Demo(attached, urls, demoOptions).run();
    isFine = await conclude(attached, reports, urls.books);
    print(`${isFine ? 'every story went as told' : 'something is BROKEN: see above'}; ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
  } finally {
    await attached.close();
    if (own && !options.keep) await own.stop();
  }
  if (own && options.keep) {
    print(
      `\nThe stack stays up: Web UI ${own.webUiUrl}, mail ${own.mailUrl}, API ${own.apiUrl}/docs, banks ${urls.books}.\n"npx loan --data ${dataDir} doctor" examines it; Ctrl-C stops it.`,
    );
    process.exitCode = isFine ? 0 : 1;
    return;
  }
  process.exit(isFine ? 0 : 1);
}

main().catch(fail);
