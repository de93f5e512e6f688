import { LoanloomError } from '../domain/errors';
import { bankdirect } from './bankdirect';
import { cardnet } from './cardnet';
import { createCodeTableChannel, type CodeTable } from './code-table-channel';
import type { Channel } from './port';
import { wallet } from './wallet';

/** Every channel there is, in the order of preference while nothing speaks for another. */
const TABLES: readonly CodeTable[] = [wallet, cardnet, bankdirect];

export const CHANNEL_NAMES: readonly string[] = TABLES.map((table) => table.name);

/** CONFIGURATION when a channel has no secret: an unsigned channel is never used. */
export function createChannels(options: {
  baseUrl: string;
  secrets: Readonly<Record<string, string>>;
  timeoutMs: number;
}): ReadonlyMap<string, Channel> {
  return new Map(
    TABLES.map((table) => {
      const secret = options.secrets[table.name];
      if (!secret) throw new LoanloomError('CONFIGURATION', `channel ${table.name} has no secret in CHANNEL_SECRETS_FILE`);
      return [table.name, createCodeTableChannel(table, { baseUrl: options.baseUrl, secret, timeoutMs: options.timeoutMs })];
    }),
  );
}
