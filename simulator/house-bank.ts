import type { Bank } from './bank';
import { hmac, netOf } from './protocol';

/**
 * The bank at which the lender keeps its settlement account: one line a day and channel with the net that
 * the channel settled. It knows what really moved, not what a channel's file says.
 */
export class HouseBank {
  private outUntil = '';
  private readonly withheld = new Map<string, number>();

  /** From now on the line of this channel and day is off by an amount (or, with null, missing). */
  misstate(channel: string, date: string, offFen: number | null): void {
    this.withheld.set(`${channel}|${date}`, offFen ?? Number.NaN);
  }

  /** Answers nothing until a moment of business time. */
  goOut(until: string): void {
    this.outUntil = until;
  }

  isOut(asOf: string): boolean {
    return asOf < this.outUntil;
  }

  clear(): void {
    this.outUntil = '';
    this.withheld.clear();
  }

  statement(banks: Iterable<Bank>, date: string, secret: string): { body: string; signature: string } {
    const lines = [...banks].flatMap((bank) => {
      const off = this.withheld.get(`${bank.name}|${date}`) ?? 0;
      if (Number.isNaN(off)) return [];
      return [{ channel: bank.name, date, netFen: netOf(bank.trueLinesOf(date)) + off }];
    });
    const body = JSON.stringify({ date, lines });
    return { body, signature: hmac(secret, body) };
  }
}
