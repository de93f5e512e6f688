import CircuitBreaker from 'opossum';
import type { Channel, ChannelReply, PaymentOrder } from './port';

/** How soon a breaker opens and tries again. Percentages of the last ten seconds' sends. */
const OPTIONS: CircuitBreaker.Options = {
  timeout: false,
  errorThresholdPercentage: 50,
  volumeThreshold: 5,
  resetTimeout: 15_000,
};

/** A reply that speaks against the channel's health, on its way through the breaker. */
class Unhealthy extends Error {
  constructor(readonly reply: ChannelReply) {
    super('unhealthy');
  }
}

const isUnhealthy = (reply: ChannelReply) =>
  (reply.outcome === 'UNKNOWN' && !reply.acknowledged && !reply.mismatch) || reply.nothingSent === true;

/**
 * The same channel with a circuit breaker before new sends: while it is open nothing is sent, which is a
 * certain failure of that attempt (the router tries elsewhere or later). Queries, closings and files
 * always pass: what was sent has to be asked about. State is per process.
 */
export function withBreaker(channel: Channel, options: CircuitBreaker.Options = OPTIONS): Channel {
  const breaker = new CircuitBreaker<[PaymentOrder, AbortSignal], ChannelReply>(async (order, signal) => {
    const reply = await channel.send(order, signal);
    if (isUnhealthy(reply)) throw new Unhealthy(reply);
    return reply;
  }, options);
  return {
    ...channel,
    async send(order, signal) {
      try {
        return await breaker.fire(order, signal);
      } catch (error) {
        if (error instanceof Unhealthy) return error.reply;
        if (breaker.opened) return { outcome: 'FAILED_DEFINITIVE', code: 'BREAKER_OPEN', nothingSent: true };
        throw error;
      }
    },
  };
}
