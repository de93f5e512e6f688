import { randomUUID } from 'node:crypto';
import { mintToken } from '../../api/auth';
import { businessNow } from '../../db/clock';
import { addDays, epochMs, instant, type Instant } from '../../domain/time/dates';
import { ApiProblem, BorrowerClient } from '../demo/borrower-client';
import { inventPerson } from '../demo/person';
import { backUp, restore, tryToClear } from './backup';
import type { Calendar } from './calendar';
import { isAway } from './checks';
import { Messenger } from './messenger';
import { operate } from './operators';
import { adjustLoan, applyAgain, changeCard, holdLoan, returnRefund, sendHostile, swapIdentity } from './pressure';
import { Unexpected } from './unexpected';
import type { Action } from './script';
import type { SimWorld } from './world';

type Pressure = Extract<
  Action,
  {
    do:
      | 'SOURCE'
      | 'SOURCE_OUT'
      | 'WITHDRAW_CONSENT'
      | 'BACKUP'
      | 'RESTORE'
      | 'ADJUST'
      | 'HOLD'
      | 'CARD'
      | 'HOSTILE'
      | 'SWAP'
      | 'SECOND'
      | 'RETURN_REFUND'
      | 'HOUSE_BANK'
      | 'MAIL';
  }
>;

interface Application {
  readonly id: string;
  readonly client: BorrowerClient;
}

/** More loans than this make every step slow and teach nothing new. */
const LOANS_MAX = 9;

/** A backup older than this many steps is not restored. */
const BACKUP_STEPS_MAX = 40;

/** How long a step waits for a payout to arrive. */
const PAYOUT_MS = 1_500;

/** How long a step waits for identity sources. */
const SOURCE_MS = 3_000;

/** Plays the borrowers, the banks' misfortunes, the operators and the forgers of a script, over the doors that they have. */
export class Actors {
  private readonly applications: Application[] = [];
  private introduced = 0;
  private played = 0;
  private backup: { readonly takenAt: Instant; readonly step: number } | undefined;
  private readonly messenger: Messenger;

  constructor(
    private readonly world: SimWorld,
    private readonly seed: number,
    private readonly calendar: Calendar,
  ) {
    this.messenger = new Messenger(world);
  }

  /** Does one step. What the system refuses by a code is an answer; what it should never answer is Unexpected. */
  async play(action: Action): Promise<void> {
    this.played += 1;
    try {
      await this.perform(action);
    } catch (error) {
      if (error instanceof ApiProblem) {
        const isAwaited = error.code === 'RESTORE_NOT_CLEARED' && this.world.unclearedSince !== undefined;
        if (error.status >= 500 && error.code !== 'UNAVAILABLE' && !isAwaited)
          throw new Unexpected(`the API answered ${String(error.status)} ${error.code} to ${action.do}`);
        return;
      }
      // A door that is shut for the moment: its process is being killed or comes up.
      if (isAway(error) || error instanceof SyntaxError) return;
      throw error;
    }
  }

  private async perform(action: Action): Promise<void> {
    const { world } = this;
    switch (action.do) {
      case 'APPLY':
        return this.apply(action);
      case 'SIGN':
        return this.sign();
      case 'PAY':
        return this.pay(action);
      case 'PAY_OFF': {
        const loan = await this.loan(action.pick);
        await loan?.client.call('POST', `/v1/loans/${loan.id}/payments`, { payoff: true });
        return;
      }
      case 'REUSE_KEY':
        return this.reuseKey(action.pick);
      case 'PROMISE': {
        const loan = await this.loan(action.pick);
        const { today } = await businessNow(world.attached.db);
        await loan?.client.promise(loan.id, 1_000, addDays(today, 3));
        return;
      }
      case 'BANK':
        await world.tell('scripts', { ...action, delayMs: 600, queriesInVain: 2, afterDays: 2 });
        return;
      case 'OUTAGE':
        await world.tell('outages', { bank: action.bank, until: await this.inHours(action.hours) });
        return;
      case 'CALM':
        world.refuseMail(false);
        return world.calm();
      case 'ADVANCE':
        return this.calendar.advance(action.hours);
      case 'KILL':
        return world.kill(action.what);
      case 'WEBHOOKS':
        return this.messenger.deliver(action);
      case 'FORGE':
        return this.messenger.forge(action);
      case 'FILE_FAULT': {
        const { today } = await businessNow(world.attached.db);
        await world.tell('file-faults', { bank: action.bank, date: addDays(today, action.daysAhead), fault: action.fault });
        return;
      }
      case 'LINE_FAULT':
        return this.spoilLine(action);
      case 'FOREIGN': {
        const { today } = await businessNow(world.attached.db);
        await world.tell('foreign-entries', { ...action, number: `foreign-${String(action.serial)}`, date: today });
        return;
      }
      case 'RETURN':
        return this.giveBack(action.pick);
      case 'OPERATE':
        await tryToClear(world);
        return operate(world);
      case 'LOOK': {
        const loan = await this.loan(action.pick);
        await loan?.client.loan(loan.id);
        return;
      }
      default:
        return this.press(action);
    }
  }

  /** What comes at the worst moment: decisions, other cards, outages of what is not a channel, and what is not honest. */
  private async press(action: Pressure): Promise<void> {
    const { world } = this;
    switch (action.do) {
      case 'ADJUST':
        return this.withLoan(action.pick, ({ id }) => adjustLoan(world, id, action));
      case 'HOLD':
        return this.withLoan(action.pick, ({ id }) => holdLoan(world, id, action.days));
      case 'CARD':
        return this.withLoan(action.pick, ({ id }) => changeCard(world, id, action.serial));
      case 'HOSTILE':
        return this.withLoan(action.pick, ({ id, client }) => sendHostile(client, id, action.share));
      case 'SWAP':
        return this.withApplication(action.pick, ({ id, client }) => swapIdentity(client, id, action.serial));
      case 'SECOND':
        return this.withApplication(action.pick, ({ id, client }) => applyAgain(client, id));
      case 'RETURN_REFUND':
        return returnRefund(world, action.pick);
      case 'HOUSE_BANK':
        await world.tell('house-bank-outages', { until: await this.inHours(action.hours) });
        return;
      case 'SOURCE':
        await world.tell('identity/scripts', action);
        return;
      case 'SOURCE_OUT':
        await world.tell('identity/outages', { source: action.source, until: await this.inHours(action.hours) });
        return;
      case 'WITHDRAW_CONSENT':
        return this.withApplication(action.pick, ({ client }) => world.consents.withdraw(client, action.kind));
      case 'MAIL':
        world.refuseMail(true);
        return;
      case 'BACKUP':
        // A database that the guard has not cleared is no state to go back to.
        if (world.unclearedSince === undefined) this.backup = { takenAt: await backUp(world), step: this.played };
        return;
      case 'RESTORE':
        return this.restore();
    }
  }

  /** So many hours of business time from now. */
  private async inHours(hours: number): Promise<Instant> {
    const { now } = await businessNow(this.world.attached.db);
    return instant(epochMs(now) + hours * 3_600_000);
  }

  /** A backup that is long past is no disaster's: what followed is too much to be asked for again. */
  private async restore(): Promise<void> {
    const { backup } = this;
    this.backup = undefined;
    if (backup === undefined || this.world.unclearedSince !== undefined || this.played - backup.step > BACKUP_STEPS_MAX) return;
    await this.world.calm();
    await restore(this.world, backup.takenAt);
    this.world.consents.forget();
    // Whom the database does not know any more has to come again.
    const known = new Set(await this.world.attached.db('applications').pluck<string[]>('id'));
    this.applications.splice(0, this.applications.length, ...this.applications.filter(({ id }) => known.has(id)));
  }

  private async withLoan(pick: number, act: (loan: Application) => Promise<void>): Promise<void> {
    const loan = await this.loan(pick);
    if (loan) await act(loan);
  }

  private async withApplication(pick: number, act: (application: Application) => Promise<void>): Promise<void> {
    const application = this.applications[Math.floor(pick * this.applications.length)];
    if (application) await act(application);
  }

  private async openLoans(): Promise<string[]> {
    const rows = await this.world.attached
      .db('loans')
      .whereIn('status', ['APPROVED', 'ACTIVE'])
      .orderBy('id')
      .select<{ id: string }[]>('id');
    return rows.map((row) => row.id);
  }

  private async loan(pick: number): Promise<Application | undefined> {
    const open = await this.openLoans();
    const id = open[Math.floor(pick * open.length)];
    return this.applications.find((each) => each.id === id);
  }

  private async apply(action: Extract<Action, { do: 'APPLY' }>): Promise<void> {
    if ((await this.openLoans()).length >= LOANS_MAX) return;
    const person = inventPerson(this.seed, this.introduced);
    this.introduced += 1;
    const token = await mintToken(this.world.attached.tokenSecret, person.borrowerId, 48);
    const client = new BorrowerClient({ apiUrl: this.world.apiUrl, mailUrl: this.world.mailUrl, token, person });
    const id = await client.apply({ productId: action.product, principalFen: action.principalFen, termMonths: action.termMonths });
    this.applications.push({ id, client });
    const status = await this.untilDecided(id, client);
    const hasty = await client.call('POST', `/v1/applications/${id}/acceptance`).then(
      () => 'ACCEPTED',
      (error: unknown) => (error instanceof ApiProblem ? error.code : 'AWAY'),
    );
    if (status === 'OFFERED' && hasty === 'ACCEPTED') throw new Unexpected('an offer was accepted whose cost table nobody had read');
    if (status === 'OFFERED') await client.accept(id);
  }

  /** A source that does not answer, or says no, leaves an application where it is: it is decided later, or never. */
  private async untilDecided(id: string, client: BorrowerClient): Promise<string> {
    const givenUpAt = Date.now() + SOURCE_MS;
    return client.until('a decision', async () => {
      const status = await client.applicationStatus(id);
      const isLeft = ['KYC_PENDING', 'DRAFT'].includes(status) && Date.now() > givenUpAt;
      return isLeft || ['OFFERED', 'DECLINED', 'FOUR_EYES', 'WITHDRAWN'].includes(status) ? status : undefined;
    });
  }

  private async sign(): Promise<void> {
    this.world.refuseMail(false);
    const signed: string[] = [];
    for (const { id, client } of this.applications) {
      const row = await this.world.attached.db('applications').where({ id }).first<{ status: string } | undefined>('status');
      // Decided when its sources were back.
      if (row?.status === 'OFFERED') await client.accept(id);
      if (row?.status !== 'AWAITING_SIGNATURE') continue;
      await client.sign(id);
      signed.push(id);
    }
    await this.untilPaidOut(signed);
  }

  /** A moment for the payouts, so that the next steps meet active loans; one that takes longer is left to itself. */
  private async untilPaidOut(ids: readonly string[]): Promise<void> {
    const deadline = Date.now() + PAYOUT_MS;
    const arePaidOut = async () =>
      (await this.world.attached.db('loans').whereIn('id', ids).where({ status: 'ACTIVE' }).select('id')).length === ids.length;
    while (Date.now() < deadline && !(await arePaidOut())) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  /** The same payment asked for several times at once, under one key: one effect. */
  private async pay({ pick, share, times }: Extract<Action, { do: 'PAY' }>): Promise<void> {
    const loan = await this.loan(pick);
    if (!loan) return;
    const view = await loan.client.loan(loan.id);
    const amountFen = Math.max(1, Math.round(share * Number(view.outstanding.total.minor)));
    const key = randomUUID();
    const send = () =>
      loan.client.call('POST', `/v1/loans/${loan.id}/payments`, { amount: { minor: String(amountFen), currency: 'CNY' } }, key);
    const results = await Promise.allSettled(Array.from({ length: times }, send));
    const ids = new Set(results.flatMap((each) => (each.status === 'fulfilled' ? [(each.value as { commandId: string }).commandId] : [])));
    if (ids.size > 1) throw new Unexpected('one Idempotency-Key made two commands');
    const [failed] = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (failed instanceof Error) throw failed;
  }

  private async reuseKey(pick: number): Promise<void> {
    const loan = await this.loan(pick);
    if (!loan) return;
    const key = randomUUID();
    const send = (minor: string) => loan.client.call('POST', `/v1/loans/${loan.id}/payments`, { amount: { minor, currency: 'CNY' } }, key);
    const answer = (work: Promise<unknown>) =>
      work.then(
        () => 'accepted',
        (error: unknown) => (error instanceof ApiProblem ? error.code : 'away'),
      );
    const [first, second] = [await answer(send('100')), await answer(send('101'))];
    const isAway = [first, second].some((each) => each === 'away' || each === 'UNAVAILABLE');
    if (!isAway && second !== 'IDEMPOTENCY_KEY_REUSED')
      throw new Unexpected(`one Idempotency-Key with two bodies was answered ${first} and ${second}`);
  }

  private async spoilLine({ pick, change }: Extract<Action, { do: 'LINE_FAULT' }>): Promise<void> {
    const { entries } = await this.world.books();
    const booked = entries.filter((entry) => entry.state === 'BOOKED' && entry.kind !== 'RETURN');
    const entry = booked[Math.floor(pick * booked.length)];
    if (entry) await this.world.tell('line-faults', { bank: entry.bank, number: entry.number, change });
  }

  private async giveBack(pick: number): Promise<void> {
    const { entries } = await this.world.books();
    const { now } = await businessNow(this.world.attached.db);
    const booked = entries.filter((entry) => entry.state === 'BOOKED' && entry.kind === 'DEBIT' && entry.reference !== 'foreign');
    const entry = booked[Math.floor(pick * booked.length)];
    if (entry) await this.world.tell('returns', { bank: entry.bank, number: entry.number, asOf: now });
  }
}
