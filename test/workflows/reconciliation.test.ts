import { openBreaks, type BreakRow } from '../../db/reconciliation/breaks';
import { readLoanFile } from '../../db/loan/loan-file';
import { addDays, at, type BusinessDate } from '../../domain/time/dates';
import { taskQueues } from '../../domain/ids';
import { reconcileChannelDay } from '../../workflows/reconcile-channel-day';
import { resolveBreak } from '../../workflows/resolve-break';
import { breakChanged } from '../../workflows/resolve-break.messages';
import { forgetChannelCalls } from '../support/database';
import { eventually, withServedWorld, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';
import { workflowShapes } from '../../domain/keys';

describe('reconciliation on a Temporal server', () => {
  let world: World;

  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  beforeEach(() => forgetChannelCalls(world.database));

  async function payOut(behaviour?: string): Promise<string> {
    const { loanId } = await seedLoan(world.deps);
    if (behaviour) await world.banks.tell('scripts', { bank: 'wallet', behaviour, reference: loanId });
    await startLoan(world.client, loanId);
    await eventually('the payout', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'ACTIVE');
    return loanId;
  }
  const payoutDay = async () =>
    (
      await world.deps
        .db('payment_attempts')
        .whereNotNull('value_date')
        .orderBy('value_date', 'desc')
        .first<{ value_date: BusinessDate }>('value_date')
    ).value_date;

  it('waits for a file that is not there yet, and matches it when it is', async () => {
    await payOut();
    const day = await payoutDay();
    const result = await world.client.workflow.execute(reconcileChannelDay, {
      workflowId: workflowShapes.reconciliation('wallet', day),
      taskQueue: taskQueues.loans,
      args: [{ channel: 'wallet', through: day, now: at(day, '23:00') }],
    });
    expect(result).toEqual({ reconciled: 1, breaks: 0, withoutFile: [] });
  });

  it('asks for money back that a channel paid against its word, and ends when it has come back', async () => {
    const loanId = await payOut('refused-but-paid');
    expect((await readLoanFile(world.deps.db, loanId)).channel).not.toBe('wallet');
    const day = await payoutDay();
    const reconcile = (through: BusinessDate, serial: number) =>
      world.client.workflow.execute(reconcileChannelDay, {
        workflowId: `${workflowShapes.reconciliation('wallet', through)}-${String(serial)}`,
        taskQueue: taskQueues.loans,
        args: [{ channel: 'wallet', through, now: at(addDays(through, 1), '11:00'), once: true }],
      });
    await reconcile(day, 1);
    const claim = (await openBreaks(world.deps.db)).find((row) => row.code === 'PAID_AFTER_FAILURE') as BreakRow;
    expect(claim).toMatchObject({ loan_id: loanId, suspense_fen: -1_200_000 });

    const handle = await world.client.workflow.start(resolveBreak, {
      workflowId: workflowShapes.break(claim.id),
      taskQueue: taskQueues.loans,
      args: [{ breakId: claim.id, now: at(addDays(day, 1), '12:30') }],
    });
    await eventually('the recall', () =>
      world.deps.db('break_events').where({ break_id: claim.id, kind: 'RECALL_REQUESTED' }).first<object | undefined>(),
    );
    const back = (await world.banks.books()).entries.find((entry) => entry.kind === 'RETURN')!.valueDate as BusinessDate;
    await reconcile(back, 2);
    await handle.signal(breakChanged);
    expect(await handle.result()).toBe('HEALED');
  });
});
