import { isCancellation, log } from '@temporalio/workflow';
import { asker } from './activity-options';
import { saying } from './details';

/** Asks every channel for our balance; one that is away does not keep the others from answering. See docs/workflows/watch-balances.md. */
export async function watchBalances(input: { readonly channels: readonly string[] }): Promise<void> {
  await Promise.all(
    input.channels.map(async (channel) => {
      try {
        await saying(asker(channel, 2).readBalance, `our balance at ${channel}`, { channel });
      } catch (error) {
        if (isCancellation(error)) throw error;
        log.warn('the balance at a channel could not be read', { channel });
      }
    }),
  );
}
