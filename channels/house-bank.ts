import { z } from 'zod';
import type { BusinessDate, Instant } from '../domain/dates';
import { exchange, hmac, json, signatureMatches, unsigned, type ChannelLink } from './http';

/** READY: authenticated. Anything else is no statement yet: a failure is not an absence, and the day stays open. */
export type BankStatement =
  { readonly state: 'READY'; readonly nets: ReadonlyMap<string, number> } | { readonly state: 'UNAVAILABLE'; readonly code: string };

/** The settlement account's statement: what each channel settled on a day, net. */
export interface HouseBank {
  statement(date: BusinessDate, asOf: Instant, signal: AbortSignal): Promise<BankStatement>;
}

const schema = z.object({ date: z.string(), lines: z.array(z.object({ channel: z.string(), netFen: z.int() })) });

/** The bank at which the settlement account is kept; its answers are signed. */
export function createHouseBank(link: ChannelLink): HouseBank {
  return {
    async statement(date, asOf, signal) {
      const wire = await exchange(link, { method: 'GET', target: `/housebank/statement?date=${date}`, headers: {}, asOf }, signal);
      if (wire.kind !== 'answer') return { state: 'UNAVAILABLE', code: wire.code };
      if (!signatureMatches(hmac(link.secret, wire.text), wire.headers.get('x-signature')))
        return { state: 'UNAVAILABLE', code: unsigned(wire.status).code };
      const parsed = schema.safeParse(json(wire.text));
      if (wire.status !== 200 || !parsed.success || parsed.data.date !== date) return { state: 'UNAVAILABLE', code: 'UNREADABLE' };
      return { state: 'READY', nets: new Map(parsed.data.lines.map((line) => [line.channel, line.netFen])) };
    },
  };
}
