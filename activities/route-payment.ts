import type { Route } from '../channels/port';
import { chooseChannel } from '../channels/router';
import type { Tx } from '../db/pool';
import type { Routed } from '../services/payment/payment-steps';
import { lockChannel, readChannelFacts } from '../db/payment/channels';
import { CHANNEL_NAMES } from '../channels/names';
import { CHANNEL_RULES } from '../channels/rules';
import { instant } from '../domain/time/dates';

/**
 * Where the instruction's next attempt goes: eligible channels by how they have done lately. What a channel may
 * carry in a day is looked at again under its lock, which is held until the attempt is committed: two at once never pass it.
 */
export async function routePayment(tx: Tx, payment: Routed): Promise<Route> {
  const locked = new Set<string>();
  for (;;) {
    const to = await choose(tx, payment);
    if (to.next !== 'SEND' || locked.has(to.channel)) return to;
    await lockChannel(tx, to.channel);
    locked.add(to.channel);
  }
}

async function choose(tx: Tx, { instruction, tried, cardNumber, at }: Routed): Promise<Route> {
  const facts = await readChannelFacts(tx, CHANNEL_NAMES, at);
  return chooseChannel({
    channels: CHANNEL_NAMES.flatMap((name) => {
      const [known, rules] = [facts.get(name), CHANNEL_RULES[name]];
      return known && rules ? [{ name, rules, ...known }] : [];
    }),
    tried: tried.map((each) => ({ channel: each.channel, nothingSent: each.nothing_sent, at: instant(each.sent_at.getTime()) })),
    preferred: instruction.preferred_channel,
    kind: instruction.direction === 'DEBIT' ? 'DEBIT' : 'PAYOUT',
    amount: instruction.amount_fen,
    cardPrefix: cardNumber.slice(0, 6),
    now: at,
  });
}
