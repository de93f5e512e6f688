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
  (reply.outcome === 'UNKNOWN' && !reply.acknowledged && !reply.mismatch && !reply.notFound) || reply.nothingSent === true;

const NOT_SENT: ChannelReply = { outcome: 'FAILED_DEFINITIVE', code: 'BREAKER_OPEN', nothingSent: true };

/**
 * The same channel with a circuit breaker before new sends: while it is open nothing is sent, which is a
 * certain failure of that attempt (the router tries elsewhere or later). Half open, it first asks about the
 * number that is to be sent: only a channel that answers a question is given money again, so a recovery is
 * never tried at the price of another payment in doubt. Queries, closings and files always pass: what was
 * sent has to be asked about. State is per process.
 */
export function withBreaker(channel: Channel, options: CircuitBreaker.Options = OPTIONS): Channel {
  const breaker = new CircuitBreaker<[PaymentOrder, AbortSignal], ChannelReply>(async (order, signal) => {
    if (breaker.halfOpen) {
      const answer = await channel.query(order, signal);
      if (isUnhealthy(answer)) throw new Unhealthy(NOT_SENT);
      if (!answer.notFound) return answer;
    }
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
        // The breaker's own refusal: open, or half open and trying another payment's number.
        if (CircuitBreaker.isOurError(error as Error)) return NOT_SENT;
        throw error;
      }
    },
  };
}
