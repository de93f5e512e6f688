import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../services/deps';
import { createActivities, type Activities } from '../../activities/index';
import type { ReconcileResult } from '../../activities/reconcile';
import { addDays, at, type BusinessDate, type Instant } from '../../domain/time/dates';
import type { LineFault } from '../../simulator/scripts';
import type { TestDatabase } from './database';
import { seedLoan } from './seed';
import { openDesk, type Banks, type Desk } from './world';
import { CHANNEL_NAMES } from '../../channels/names';

/** When the files of a day are due: half past noon on the next. */
export const noonAfter = (date: BusinessDate): Instant => at(addDays(date, 1), '12:30');

interface Payout {
  /** What the bank does; by default it pays. */
  readonly behaviour?: string;
  readonly more?: object;
  /** How often an unknown outcome is asked for. */
  readonly queries?: number;
  readonly channel?: string;
}

/** Activities on a database and banks of their own, without workflows: what happens to payments and their books. */
export class PaymentDesk {
  readonly environment = new MockActivityEnvironment();
  readonly activities: Activities;

  readonly database: TestDatabase;
  readonly banks: Banks;
  readonly deps: ActivityDeps;
  readonly close: () => Promise<void>;

  private constructor({ database, banks, deps, close }: Desk) {
    this.database = database;
    this.banks = banks;
    this.deps = deps;
    this.close = close;
    this.activities = createActivities(deps);
  }

  static async open(): Promise<PaymentDesk> {
    return new PaymentDesk(await openDesk());
  }

  /** Pays a new loan out over one channel, as its workflow would. */
  async payOut(
    on: BusinessDate,
    { behaviour, more, queries = 1, channel = 'wallet' }: Payout = {},
  ): Promise<{ loanId: string; number: string }> {
    const { loanId } = await seedLoan(this.deps);
    if (behaviour !== undefined) await this.banks.tell('scripts', { ...more, behaviour, reference: loanId });
    const instructionId = `payout-${loanId}-1`;
    const now = at(on, '10:00');
    const decisions = CHANNEL_NAMES.map((name) => ({ channel: name, enabled: name === channel, actor: 't', reason: 'test', at: now }));
    await this.deps.db('channel_decisions').insert(decisions);
    const step = await this.activities.openPayout({ loanId, instructionId, at: now, businessDate: on });
    await this.drive(instructionId, on, step, queries);
    return { loanId, number: `${instructionId}a1` };
  }

  /** Presents a debit over the channel that routing chooses. Returns its instruction's id. */
  async debit(
    loanId: string,
    on: BusinessDate,
    amount: number,
    { behaviour, queries = 1, presentment = 2 }: { behaviour?: string; queries?: number; presentment?: number } = {},
  ): Promise<string> {
    const instructionId = `debit-${loanId}-${on}-${String(presentment)}`;
    if (behaviour !== undefined) await this.banks.tell('scripts', { behaviour, reference: loanId });
    await this.deps.db('payment_instructions').insert({
      id: instructionId,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: amount,
      business_date: on,
      presentment,
      state: 'AUTHORIZED',
    });
    const opening = { loanId, instructionId, businessDate: on, presentment, plannedAt: null, at: at(on, '10:00') };
    await this.drive(instructionId, on, await this.activities.openDebit(opening), queries);
    return instructionId;
  }

  /** Sends what was opened, and asks how it ended while that is unknown. */
  async drive(instructionId: string, on: BusinessDate, step: { next: string; attempt?: number }, queries = 1): Promise<void> {
    if (step.next !== 'SEND' || step.attempt === undefined) throw new Error(step.next);
    const call = { instructionId, attempt: step.attempt, at: at(on, '10:00') };
    const ask = async (activity: Activities['queryPayment']): Promise<string> => {
      const outcome: { state: string } = await this.environment.run(activity, call);
      return outcome.state;
    };
    let state = await ask(this.activities.sendPayment);
    for (let query = 0; query < queries && state !== 'SUCCEEDED' && state !== 'FAILED'; query += 1)
      state = await ask(this.activities.queryPayment);
  }

  spoil(number: string, change: LineFault['change'], bank = 'wallet'): Promise<void> {
    return this.banks.tell('line-faults', { bank, number, change });
  }

  reconcile(through: BusinessDate, now: Instant = noonAfter(through), channel = 'wallet'): Promise<ReconcileResult> {
    return this.environment.run(this.activities.reconcileThrough, { channel, through, at: now });
  }
}
