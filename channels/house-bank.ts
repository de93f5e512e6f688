import { z } from 'zod';
import type { BusinessDate, Instant } from '../domain/dates';
import { exchange, hmac, signatureMatches, type ChannelLink } from './http';

/** The settlement account's statement: what each channel settled on a day, net. */
export interface HouseBank {
  /** Net by channel; undefined where no authenticated statement is to be had now. */
  statement(date: BusinessDate, asOf: Instant, signal: AbortSignal): Promise<ReadonlyMap<string, number> | undefined>;
}

const schema = z.object({ date: z.string(), lines: z.array(z.object({ channel: z.string(), netFen: z.int() })) });

/** The bank at which the settlement account is kept; its answers are signed. */
export function createHouseBank(link: ChannelLink): HouseBank {
  return {
    async statement(date, asOf, signal) {
      const wire = await exchange(link, { method: 'GET', target: `/housebank/statement?date=${date}`, headers: {}, asOf }, signal);
      if (wire.kind !== 'answer' || !signatureMatches(hmac(link.secret, wire.text), wire.headers.get('x-signature'))) return undefined;
      const parsed = schema.safeParse(JSON.parse(wire.text));
      if (!parsed.success || parsed.data.date !== date) return undefined;
      return new Map(parsed.data.lines.map((line) => [line.channel, line.netFen]));
    },
  };
}
