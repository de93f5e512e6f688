import { readAttempts } from '../../db/payment/payments';
import { readLoanFile } from '../../db/loan/loan-file';
import { taskQueues } from '../../domain/ids';
import { watchBalances } from '../../workflows/watch-balances';
import { seedLoan, startLoan } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';
import { CHANNEL_NAMES } from '../../channels/names';

describe('balances at the channels', () => {
  let world: World;
  let runs = 0;

  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  /** Waits without its result: the test server would skip years, and the reading grow stale. */
  async function watch(): Promise<void> {
    const handle = await world.client.workflow.start(watchBalances, {
      workflowId: `balances-${String((runs += 1))}`,
      taskQueue: taskQueues.loans,
      args: [{ channels: CHANNEL_NAMES }],
    });
    await eventually('the balances', async () => (await handle.describe()).status.name === 'COMPLETED');
  }

  it('keep a payout from a channel that cannot pay it, before anything is sent there, and alarm treasury once a day', async () => {
    await world.banks.tell('openings', { bank: 'wallet', amountFen: 1_000_000 });
    await watch();
    await watch();
    const { loanId } = await seedLoan(world.deps, { principalFen: 1_200_000 });
    await startLoan(world.client, loanId);
    await eventually('the payout', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'ACTIVE');
    const attempts = await readAttempts(world.deps.db, `payout-${loanId}-1`);
    expect(attempts.map((attempt) => attempt.channel)).toEqual(['cardnet']);
    const alarms = await world.deps
      .db('outbox')
      .where({ topic: 'alarm' })
      .select<{ subject: string; payload: object }[]>('subject', 'payload');
    expect(alarms).toEqual([
      { subject: 'wallet', payload: expect.objectContaining({ code: 'LOW_BALANCE', spendable: 1_000_000, floor: 100_000_000 }) as object },
    ]);
  });

  it('are left alone by a channel that is away: the others are read', async () => {
    await world.banks.tell('outages', { bank: 'cardnet', until: '2999-01-01T00:00:00Z' });
    const read = async () =>
      (
        await world.deps
          .db('channel_balances')
          .groupBy('channel')
          .orderBy('channel')
          .select<{ channel: string; count: number }[]>('channel')
          .count()
      ).map((row) => Number(row.count));
    const [bankdirect = 0, cardnet = 0, wallet = 0] = await read();
    await watch();
    expect(await read()).toEqual([bankdirect + 1, cardnet, wallet + 1]);
  });
});
