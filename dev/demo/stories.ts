import { addDays, type BusinessDate } from '../../domain/time/dates';
import type { BorrowerClient } from './borrower-client';

export interface StoryContext {
  readonly client: BorrowerClient;
  readonly principalFen: number;
  readonly termMonths: number;
  /** Tells a bank what to do with this loan's payments. */
  readonly script: (script: {
    bank?: string;
    kind: 'PAYOUT' | 'DEBIT';
    behaviour: string;
    times: number;
    reference: string;
  }) => Promise<void>;
  /** Takes a bank down for this loan's payments until so many hours of business time from now. */
  readonly outage: (bank: string, reference: string, hours: number) => Promise<void>;
}

/** What is expected at the end; checked against the books. */
export interface Expectation {
  readonly loan: 'CLOSED_OBLIGATIONS_MET' | 'ACTIVE' | 'none';
  /** Where the story is about a channel; elsewhere routing chooses, and one payout has to succeed. */
  readonly attempts?: readonly { channel: string; state: string }[];
  readonly events: readonly string[];
}

/**
 * One borrower's story in acts. All stories play each act at the same time; between acts the one clock
 * moves. An act may name the date to which it wants the clock before it plays.
 */
export interface Story {
  readonly number: number;
  readonly title: string;
  /** By default the plain installment loan. */
  readonly productId?: string;
  readonly expects: (context: StoryContext) => Expectation;
  /** After the application exists, before the offer is accepted. */
  prepare?(context: StoryContext, id: string): Promise<void>;
  /** Its payout takes days of business time: the others do not wait for it. */
  readonly isPaidLate?: boolean;
  /** Accepts; then the reflection period passes. */
  readonly cancels?: boolean;
  /** Acts after the payout, each on its own date. */
  acts?(context: StoryContext, id: string, firstDueOn: BusinessDate): readonly Act[];
}

export interface Act {
  readonly on: BusinessDate;
  play(): Promise<void>;
}

const autoDebit: Story = {
  number: 1,
  title: 'repaid by auto-debit to settlement',
  expects: () => ({
    loan: 'CLOSED_OBLIGATIONS_MET',
    events: ['PAYOUT_CONFIRMED', 'PAYMENT_RECEIVED', 'SETTLED'],
  }),
};

const silentChannel: Story = {
  number: 2,
  title: 'the first channel pays but answers nothing: asked, found, not sent twice',
  expects: () => ({
    loan: 'CLOSED_OBLIGATIONS_MET',
    attempts: [{ channel: 'wallet', state: 'SUCCEEDED' }],
    events: ['PAYOUT_CONFIRMED', 'SETTLED'],
  }),
  prepare: ({ script }, id) => script({ bank: 'wallet', kind: 'PAYOUT', behaviour: 'no-answer', times: 1, reference: id }),
};

const failover: Story = {
  number: 3,
  title: 'the first channel refuses for certain: failover to the second',
  expects: () => ({
    loan: 'CLOSED_OBLIGATIONS_MET',
    attempts: [
      { channel: 'wallet', state: 'FAILED' },
      { channel: 'cardnet', state: 'SUCCEEDED' },
    ],
    events: ['PAYOUT_CONFIRMED', 'SETTLED'],
  }),
  prepare: ({ script }, id) => script({ bank: 'wallet', kind: 'PAYOUT', behaviour: 'refused', times: 1, reference: id }),
};

/** Hours from acceptance: the reflection period of a day passes first, then the payout meets a day without an answer. */
const OUTAGE_HOURS = 49;

const outage: Story = {
  number: 12,
  title: 'the first channel is down for a whole day: asked until it answers, fenced, then paid over another',
  isPaidLate: true,
  expects: () => ({
    loan: 'CLOSED_OBLIGATIONS_MET',
    attempts: [
      { channel: 'wallet', state: 'FAILED' },
      { channel: 'cardnet', state: 'SUCCEEDED' },
    ],
    events: ['PAYOUT_CONFIRMED', 'PAYMENT_RECEIVED', 'SETTLED'],
  }),
  prepare: ({ outage: takeDown }, id) => takeDown('wallet', id, OUTAGE_HOURS),
};

const cancelled: Story = {
  number: 4,
  title: 'cancelled inside the cooling-off: nothing owed, nothing paid',
  cancels: true,
  expects: () => ({ loan: 'none', events: [] }),
};

/** Debits that bounce before the borrower cures: on the due date and 2, 5 and 10 days after it. */
const BOUNCES = 4;

const delinquent: Story = {
  number: 5,
  title: 'missed debits, escalation, a promise, a partial payment, cure, early payoff',
  expects: () => ({
    loan: 'CLOSED_OBLIGATIONS_MET',
    events: ['REMINDED', 'DEBIT_FAILED', 'CONTACTED', 'PROMISE_MADE', 'PROMISE_KEPT', 'PAYMENT_RECEIVED', 'SETTLED'],
  }),
  prepare: ({ script }, id) => script({ kind: 'DEBIT', behaviour: 'no-funds', times: BOUNCES, reference: id }),
  acts: ({ client }, id, firstDueOn) => {
    const owed = async () => Number((await client.loan(id)).owedNow.minor);
    return [
      {
        on: addDays(firstDueOn, 8),
        play: async () => client.promise(id, Math.ceil((await owed()) / 2), addDays(firstDueOn, 12)),
      },
      // The remaining scheduled bounce is at 10 days: the borrower's own payment comes after it.
      {
        on: addDays(firstDueOn, 11),
        play: async () => {
          await client.pay(id, Math.ceil((await owed()) / 2));
        },
      },
      {
        on: addDays(firstDueOn, 16),
        play: async () => {
          await client.pay(id, await owed());
        },
      },
      {
        on: addDays(firstDueOn, 19),
        play: async () => {
          if ((await client.loan(id)).status === 'ACTIVE') await client.pay(id, 'PAYOFF');
        },
      },
    ];
  },
};

/** With --keep only: a loan that is late when the demo ends, to look at in the Web UI. */
export const LEFT_LATE: Story = {
  number: 13,
  title: 'left late, to look at: every debit bounces',
  expects: () => ({
    loan: 'ACTIVE',
    events: ['REMINDED', 'DEBIT_FAILED', 'CONTACTED'],
  }),
  prepare: ({ script }, id) => script({ kind: 'DEBIT', behaviour: 'no-funds', times: 1_000, reference: id }),
};

/** A loan of each other method, repaid by auto-debit. */
function ofMethod(number: number, productId: string, method: string): Story {
  return { ...autoDebit, number, productId, title: `${method}: repaid by auto-debit` };
}

const flexible: Story = {
  ...autoDebit,
  number: 11,
  productId: 'consumer-flexible',
  title: 'interest by the day on the actual balance; a part is prepaid and the installments fall',
  acts: ({ client, principalFen }, id, firstDueOn) => [
    {
      on: addDays(firstDueOn, 4),
      play: async () => {
        await client.pay(id, Math.floor(principalFen / 4));
      },
    },
  ],
};

export const STORIES: readonly Story[] = [
  autoDebit,
  silentChannel,
  failover,
  cancelled,
  delinquent,
  ofMethod(6, 'consumer-equal-principal', 'equal principal'),
  ofMethod(7, 'consumer-interest-first', 'interest first, principal last'),
  ofMethod(8, 'consumer-balloon', 'given installments with a balloon'),
  ofMethod(9, 'consumer-fixed-principal', 'given principal'),
  ofMethod(10, 'consumer-flat', 'flat interest and a monthly fee'),
  flexible,
  outage,
];
