import { z } from 'zod';
import { exchange, hmac, json, signatureMatches, unsigned, type ChannelLink } from '../http';
import type { HouseBank } from '../port';

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
