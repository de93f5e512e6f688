import { mintToken } from '../../api/auth';
import { businessNow } from '../../db/clock';
import { addDays, at, businessDateOf, epochMs, instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { createCatalogue } from '../../domain/product/products';
import type { Attached } from '../../ops/attach';
import { advanceClock } from '../clock';
import { sendOperatorCommand } from '../../ops/cli/decision';
import { engage } from '../../ops/operator-keys';
import { workflowLink } from '../../ops/cli/views';
import { BorrowerClient } from './borrower-client';
import { inventPerson } from './person';
import { LEFT_LATE, STORIES, type Act, type Story, type StoryContext } from './stories';
import { TimelinePrinter, everything, Months } from './timeline';
import { readBooks, reportStory, type StoryReport } from './verdict';
import { workflowShapes } from '../../domain/keys';

export interface DemoOptions {
  readonly principalFen: number;
  readonly termMonths: number;
  readonly seed: number;
  /** One more borrower is left late at the end, to look at. */
  readonly keep: boolean;
  /** Every event with its date, instead of a line per loan and month. */
  readonly verbose: boolean;
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

/** Plays all stories at the same time on one clock, over HTTP as borrowers do. */
export class Demo {
  private readonly followed = new Map<string, { label: string; client: BorrowerClient }>();
  private readonly timeline: TimelinePrinter;

  constructor(
    private readonly stack: Attached,
    private readonly urls: { mail: string; books: string; scripts: string; outages: string },
    private readonly options: DemoOptions,
  ) {
    this.timeline = new TimelinePrinter(options.verbose ? everything(print) : new Months(print), this.followed);
  }

  async run(): Promise<StoryReport[]> {
    const stories = await Promise.all(STORIES.map((story) => this.introduce(story)));
    this.timeline.start();
    for (const running of stories) print(`  ${running.label} ${running.story.title}`);
    await Promise.all(stories.map((running) => this.untilAccepted(running)));
    await this.advance(instant(epochMs((await this.now()).now) + 25 * 3_600_000));
    // Routing judges a channel by ten sends: stories that are told about one are paid before it has seen so many.
    const toPay = stories.filter(({ story }) => !story.cancels);
    const isAboutChannels = ({ story, context }: Running) => story.expects(context).attempts !== undefined;
    await Promise.all(toPay.filter(isAboutChannels).map((running) => this.untilPaidOut(running)));
    await Promise.all(toPay.filter((running) => !isAboutChannels(running)).map((running) => this.untilPaidOut(running)));
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
        restoreEpoch: () => this.stack.restoreEpoch(),
        progress: (line) => {
          print(`     ${line}`);
        },
      },
      target,
    );
  }

  private async introduce(story: Story): Promise<Running> {
    const person = inventPerson(this.options.seed, story.number);
    const token = await mintToken(this.stack.tokenSecret, person.borrowerId, 24);
    const client = new BorrowerClient({ apiUrl: this.stack.apiUrl, mailUrl: this.urls.mail, token, person });
    const context: StoryContext = {
      client,
      principalFen: this.options.principalFen,
      termMonths: this.termFor(story),
      script: async (script) => {
        await fetch(this.urls.scripts, { method: 'POST', body: JSON.stringify(script) });
      },
      outage: async (bank, reference, hours) => {
        const until = instant(epochMs((await this.now()).now) + hours * 3_600_000);
        await fetch(this.urls.outages, { method: 'POST', body: JSON.stringify({ bank, reference, until }) });
      },
    };
    return { story, context, label: `[${String(story.number)}]`, id: '', acts: [] };
  }

  /** The wanted term, as far as the story's product offers it. */
  private termFor(story: Story): number {
    if (story.productId === undefined) return this.options.termMonths;
    const product = createCatalogue()
      .all()
      .find((each) => each.id === story.productId);
    return Math.min(product?.term.max ?? 12, Math.max(product?.term.min ?? 1, this.options.termMonths));
  }

  private async untilAccepted(running: Running): Promise<void> {
    const { story, context } = running;
    const { client } = context;
    running.id = await client.apply({
      productId: story.productId ?? 'consumer-installment',
      principalFen: context.principalFen,
      termMonths: context.termMonths,
    });
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
    await engage(this.stack, 'demo-operator', 'DEMO-1', ['approver']);
    const decided = { verdict: 'APPROVE', reason: 'demo: income and amount fit' };
    await sendOperatorCommand(this.stack, 'demo-operator', `/v1/ops/applications/${running.id}/review`, decided);
    print(`  ${(await this.now()).today}  ${running.label}  referred for its amount; approved by an operator`);
  }

  private async untilPaidOut(running: Running): Promise<void> {
    const { client } = running.context;
    await client.untilStatus(running.id, ['AWAITING_SIGNATURE']);
    await client.sign(running.id);
    if (running.story.isPaidLate) return;
    const loan = await client.until(`the payout of ${running.id}`, async () => {
      const view = await client.loan(running.id).catch(() => undefined);
      return view?.status === 'ACTIVE' ? view : undefined;
    });
    if (this.options.verbose)
      print(`      ${workflowLink(this.stack.env.WEB_UI_URL, this.stack.env.TEMPORAL_NAMESPACE, workflowShapes.loan(running.id))}`);
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
