import { yuan, type Fen } from '../../domain/money/money';
import type { BorrowerClient } from './borrower-client';

type Data = Record<string, string | number | boolean>;

const amount = (value: unknown) => yuan(Number(value ?? 0) as Fen);

/** One line of plain words for an event. */
const WORDS: Readonly<Record<string, (data: Data) => string>> = {
  SUBMITTED: () => 'application submitted',
  OFFERED: () => 'offer made',
  FOUR_EYES: () => 'referred to an operator',
  DECLINED: (data) => `declined: ${String(data.why)}`,
  REFLECTION_PERIOD: () => 'offer accepted; the reflection period runs',
  AWAITING_SIGNATURE: () => 'reflection period over; contract drawn up',
  SIGNED: () => 'contract signed with a one-time code',
  WITHDRAWN: () => 'cancelled, free of charge',
  PAYOUT_CONFIRMED: (data) => `paid out ${amount(data.amount)}, confirmed by the channel; interest runs`,
  PAYOUT_FAILED: (data) => `payout refused by every channel (${String(data.code)})`,
  REMINDED: (data) => `reminder sent: ${amount(data.amount)} due ${String(data.dueOn)}`,
  DEBIT_PRESENTED: (data) => `debit of ${amount(data.amount)} presented`,
  DEBIT_FAILED: (data) => `debit refused (${String(data.code)})`,
  DEBIT_IN_DOUBT: () => 'the debit’s outcome is unknown; nothing else is debited',
  PAYMENT_REQUESTED: (data) => `borrower pays ${amount(data.amount)}`,
  PAYMENT_RECEIVED: (data) => `received ${amount(data.amount)}`,
  CONTACTED: (data) => `${String(data.action)} at ${String(data.daysPastDue)} days past due, ${amount(data.owed)} owed`,
  PROMISE_MADE: (data) => `promise: ${amount(data.amount)} by ${String(data.dueOn)}; contacts stop`,
  PROMISE_KEPT: (data) => `promise kept: ${amount(data.paid)} paid`,
  PROMISE_PARTIAL: (data) => `promise kept in part: ${amount(data.paid)} of ${amount(data.promised)}`,
  PROMISE_BROKEN: () => 'promise broken',
  CHARGED_OFF: (data) => `charged off ${amount(data.principal)}`,
  SETTLED: () => 'settled: nothing is owed',
};

/** The same in a word or two, where a line tells of a month. What only repeats a sum of its month is left out. */
const SHORT: Readonly<Record<string, (data: Data) => string>> = {
  SUBMITTED: () => 'applied',
  FOUR_EYES: () => 'referred',
  DECLINED: () => 'declined',
  SIGNED: () => 'signed',
  WITHDRAWN: () => 'cancelled, free of charge',
  PAYOUT_FAILED: () => 'payout refused everywhere',
  REMINDED: () => 'reminded',
  DEBIT_PRESENTED: (data) => (data.needed === false ? 'nothing to debit' : 'debited'),
  DEBIT_FAILED: (data) => `refused (${String(data.code)})`,
  DEBIT_IN_DOUBT: () => 'outcome unknown',
  PAYMENT_REQUESTED: () => 'borrower pays',
  CONTACTED: (data) => `${String(data.action)} at ${String(data.daysPastDue)} days past due`,
  PROMISE_MADE: () => 'promise made',
  PROMISE_KEPT: () => 'promise kept',
  PROMISE_PARTIAL: () => 'promise kept in part',
  PROMISE_BROKEN: () => 'promise broken',
  CHARGED_OFF: () => 'charged off',
  SETTLED: () => 'settled',
};

interface Happened {
  readonly kind: string;
  readonly businessDate: string;
  readonly data: Data;
}

export type Print = (line: string) => void;
export type Teller = { tell(label: string, event: Happened): void; end(): void };

/** Each event as it happens, with its business date. */
export const everything = (print: Print): Teller => ({
  tell: (label, event) => {
    const words = WORDS[event.kind]?.(event.data);
    if (words !== undefined) print(`  ${event.businessDate}  ${label}  ${words}`);
  },
  end: () => undefined,
});

/** What a month of a loan comes to. */
class Month {
  private readonly words: string[] = [];
  private out = 0;
  private in = 0;

  add({ kind, data }: Happened): void {
    if (kind === 'PAYOUT_CONFIRMED') this.out += Number(data.amount);
    if (kind === 'PAYMENT_RECEIVED') this.in += Number(data.amount);
    const word = SHORT[kind]?.(data);
    if (word !== undefined && this.words.at(-1) !== word) this.words.push(word);
  }

  line(label: string, month: string): string {
    const column = (fen: number) => (fen === 0 ? '' : yuan(fen as Fen)).padStart(10);
    return `  ${month}  ${label.padEnd(4)} ${column(this.out)} ${column(this.in)}   ${this.words.join(', ')}`;
  }
}

/** One line per loan and month, printed when the month is over. */
export class Months implements Teller {
  private readonly open = new Map<string, { month: string; sum: Month }>();

  constructor(private readonly print: Print) {}

  tell(label: string, event: Happened): void {
    const month = event.businessDate.slice(0, 7);
    if (this.open.size === 0)
      this.print(`\n  ${'month'.padEnd(7)}  ${'loan'.padEnd(4)} ${'paid out'.padStart(10)} ${'received'.padStart(10)}   what happened`);
    const known = this.open.get(label);
    if (known && known.month !== month) this.print(known.sum.line(label, known.month));
    const sum = known?.month === month ? known.sum : new Month();
    sum.add(event);
    this.open.set(label, { month, sum });
  }

  end(): void {
    for (const [label, { month, sum }] of [...this.open].sort(([, a], [, b]) => (a.month < b.month ? -1 : 1)))
      this.print(sum.line(label, month));
    this.open.clear();
  }
}

/** Tells what happens to loans as it happens. */
export class TimelinePrinter {
  private readonly seen = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly teller: Teller,
    private readonly followed: Map<string, { label: string; client: BorrowerClient }>,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.poll(), 700);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.poll();
    this.teller.end();
  }

  private async poll(): Promise<void> {
    for (const [id, { label, client }] of this.followed) {
      const timeline = await client.timeline(id).catch(() => undefined);
      if (!timeline) continue;
      const printed = this.seen.get(id) ?? 0;
      // Another poll may have printed meanwhile: the count is taken again after the await.
      this.seen.set(id, timeline.happened.length);
      for (const event of timeline.happened.slice(printed)) this.teller.tell(label, event);
    }
  }
}
