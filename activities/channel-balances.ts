import { CHANNEL_RULES } from '../channels/rules';
import { recordBalance } from '../db/payment/channels';
import { businessNow } from '../db/clock';
import { addAlarm } from '../db/outbox';
import { businessDateOf } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import type { ActivityDeps } from '../services/deps';
import { whileHeartbeating } from './heartbeat';
import { keys } from '../domain/keys';

export function createBalanceActivities(deps: ActivityDeps) {
  return {
    /**
     * Asks a channel what we have there, for routing; raises one alarm a day where it is less than the
     * channel's floor. A channel that does not answer leaves no reading: the last one grows stale, and routing
     * then goes by what the channel says to each payment. CHANNEL_UNKNOWN for a channel that is not configured.
     */
    async readBalance(input: { channel: string }): Promise<void> {
      const channel = deps.channels.get(input.channel);
      const floor = CHANNEL_RULES[input.channel]?.balanceMin;
      if (!channel || floor === undefined) throw new LoanloomError('CHANNEL_UNKNOWN', `channel ${input.channel} is not configured`);
      const { now } = await businessNow(deps.db);
      const balance = await whileHeartbeating((signal) => channel.balance(now, signal));
      if (!balance.known) {
        deps.log.warn({ channel: channel.name, code: balance.code }, 'a channel does not tell our balance');
        return;
      }
      await deps.db.transaction(async (tx) => {
        await recordBalance(tx, { channel: channel.name, amount: balance.amount, at: now });
        if (balance.amount >= floor) return;
        const date = businessDateOf(now);
        await addAlarm(tx, {
          key: keys.balanceAlarm(channel.name, date),
          subject: channel.name,
          payload: { code: 'LOW_BALANCE', channel: channel.name, date, owner: 'treasury', spendable: balance.amount, floor },
        });
      });
    },
  };
}
