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

/** Prints what happens to a loan as it happens, with its business date. */
export class TimelinePrinter {
  private readonly seen = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly print: (line: string) => void,
    private readonly followed: Map<string, { label: string; client: BorrowerClient }>,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.poll(), 700);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.poll();
  }

  private async poll(): Promise<void> {
    for (const [id, { label, client }] of this.followed) {
      const timeline = await client.timeline(id).catch(() => undefined);
      if (!timeline) continue;
      const printed = this.seen.get(id) ?? 0;
      // Another poll may have printed meanwhile: the count is taken again after the await.
      this.seen.set(id, timeline.happened.length);
      for (const event of timeline.happened.slice(printed)) {
        const words = WORDS[event.kind]?.(event.data);
        if (words !== undefined) this.print(`  ${event.businessDate}  ${label}  ${words}`);
      }
    }
  }
}
