import { isCancellation, log } from '@temporalio/workflow';
import { asker } from './activity-options';

/** Asks every channel for our balance; one that is away does not keep the others from answering. See docs/workflows/watch-balances.md. */
export async function watchBalances(input: { readonly channels: readonly string[] }): Promise<void> {
  await Promise.all(
    input.channels.map(async (channel) => {
      try {
        await asker(channel, 2).readBalance({ channel });
      } catch (error) {
        if (isCancellation(error)) throw error;
        log.warn('the balance at a channel could not be read', { channel });
      }
    }),
  );
}
