import { businessNow } from '../../db/clock';
import { epochMs, instant } from '../../domain/time/dates';
import { advanceClock } from '../clock';
import { tryToClear } from './backup';
import { hasOpenPayments } from './checks';
import type { SimWorld } from './world';

/** How many days the end of a run may take: banks are closed over holidays. */
const LAST_DAYS_MAX = 10;

/** Payments that wait for the restore guard look again every five minutes of their own time: more hours at once are too many looks. */
const UNCLEARED_HOURS = 4;

/** Moves a simulated world's clock. */
export class Calendar {
  constructor(
    private readonly world: SimWorld,
    /** The clock that has not moved after this time will not move. */
    private readonly standstillMs: number,
  ) {}

  /** While the guard waits for a payment that its channel has open, days pass by hours, and the operator tries again. */
  async advance(hours: number): Promise<void> {
    let left = hours;
    for (; this.world.unclearedSince !== undefined && left > 0; left -= UNCLEARED_HOURS) {
      await this.move(Math.min(left, UNCLEARED_HOURS));
      await tryToClear(this.world);
    }
    if (left > 0) await this.move(left);
  }

  private async move(hours: number): Promise<void> {
    const { db, client, restoreEpoch } = this.world.attached;
    const { now } = await businessNow(db);
    let last = '';
    const progress = (line: string) => {
      last = line;
    };
    const advanced = advanceClock({ db, client, isSandbox: true, restoreEpoch, progress }, instant(epochMs(now) + hours * 3_600_000));
    await within(this.standstillMs, advanced, () => last);
  }

  /** Ends a run: no more faults, everything open led to its end. */
  async settle(): Promise<void> {
    this.world.refuseMail(false);
    await this.world.calm();
    await this.advance(50);
    await this.world.calm();
    await this.advance(26);
    // A return that came to light in these days begins a debit anew, and its bank may be closed for days.
    const isOpen = async () => this.world.unclearedSince !== undefined || (await hasOpenPayments(this.world));
    for (let day = 0; day < LAST_DAYS_MAX && (await isOpen()); day += 1) {
      await this.advance(26);
    }
    if (this.world.unclearedSince !== undefined) throw new Error('the restore guard never clears the database');
  }
}

/** What a move of the clock is given, and the complaint when it takes longer. */
async function within(ms: number, work: Promise<void>, last: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const standstill = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the clock stands still for ${String(ms / 1_000)} s; ${last()}`));
    }, ms);
  });
  try {
    await Promise.race([work, standstill]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
