import { LoanloomError } from '../domain/errors';
import { createBankdirect } from './bankdirect';
import { createCardnet } from './cardnet';
import type { ChannelLink } from './http';
import type { Channel } from './port';
import { createWallet } from './wallet';

/** Every channel there is, in the order of preference while nothing speaks for another. */
const FACTORIES = { wallet: createWallet, cardnet: createCardnet, bankdirect: createBankdirect } as const satisfies Record<
  string,
  (link: ChannelLink) => Channel
>;

export const CHANNEL_NAMES: readonly string[] = Object.keys(FACTORIES);

/** The secrets that CHANNEL_SECRETS_FILE holds: one for each channel, and the house bank's for its statement. */
export const SECRET_NAMES: readonly string[] = [...CHANNEL_NAMES, 'housebank'];

export interface ChannelSettings {
  readonly baseUrl: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export function linkTo(settings: ChannelSettings, name: string): ChannelLink {
  const secret = settings.secrets[name];
  if (!secret) throw new LoanloomError('CONFIGURATION', `${name} has no secret in CHANNEL_SECRETS_FILE`);
  return { baseUrl: settings.baseUrl, secret, timeoutMs: settings.timeoutMs };
}

/** CONFIGURATION when a channel has no secret: an unsigned channel is never used. */
export function createChannels(settings: ChannelSettings): ReadonlyMap<string, Channel> {
  return new Map(Object.entries(FACTORIES).map(([name, create]) => [name, create(linkTo(settings, name))]));
}
