import { LoanloomError } from '../domain/errors';
import { createBankdirect } from './adapters/bankdirect';
import { createCardnet } from './adapters/cardnet';
import type { ChannelLink } from './http';
import type { ChannelName } from './names';
import type { Channel } from './port';
import { createWallet } from './adapters/wallet';

const FACTORIES = { wallet: createWallet, cardnet: createCardnet, bankdirect: createBankdirect } as const satisfies Record<
  ChannelName,
  (link: ChannelLink) => Channel
>;

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
