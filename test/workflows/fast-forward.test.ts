import { businessNow } from '../../db/clock';
import { readLoanFile } from '../../db/loan/loans';
import { epochMs, instant } from '../../domain/time/dates';
import { taskQueues } from '../../domain/ids';
import { fen } from '../../domain/money/money';
import { advanceClock } from '../../dev/clock';
import { fastForward, virtualClock } from '../../dev/fast-forward';
import { recordFact, seedActiveLoan, seedLoan, startLoan } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';
import { keys, workflowShapes } from '../../domain/keys';

const HOUR_MS = 3_600_000;

describe('a fast-forward', () => {
  let world: World;

  withServedWorld({ server: 'dev' }, (served) => {
    world = served;
  });

  const clock = () => ({ db: world.deps.db, client: world.client, isSandbox: true, restoreEpoch: () => world.deps.restoreEpoch() });

  it('does not wait for a payment that begins at the target itself', async () => {
    const loanIds = await Promise.all(Array.from({ length: 8 }, async () => (await seedLoan(world.deps)).loanId));
    for (const reference of loanIds) await world.banks.script({ kind: 'PAYOUT', reference, behaviour: 'pays-late', queriesInVain: 1_000 });
    const { now } = await businessNow(world.deps.db);
    const begin = (loanId: string) =>
      world.client.workflow.start('serviceLoan', {
        workflowId: workflowShapes.loan(loanId),
        taskQueue: taskQueues.loans,
        args: [{ loanId, now }],
        startDelay: '1s',
      });
    await Promise.all(loanIds.map(begin));
    await advanceClock(clock(), instant(epochMs(now) + 1_200));
    const paid = await world.deps.db('payment_attempts').whereIn('loan_id', loanIds).where({ state: 'SUCCEEDED' });
    expect(paid).toEqual([]);
  });

  it('does not move a workflow that has not begun: it would begin at the target, its days jumped over', async () => {
    const { now } = await businessNow(world.deps.db);
    const workflowId = workflowShapes.loan('unborn');
    const handle = await world.client.workflow.start('serviceLoan', {
      workflowId,
      taskQueue: taskQueues.loans,
      args: [{ loanId: 'unborn', now }],
      startDelay: '1 day',
    });
    const before = await virtualClock(world.client, workflowId);
    await fastForward(world.client, workflowId, before!, before!.now + 30 * 24 * HOUR_MS);
    expect(await virtualClock(world.client, workflowId)).toMatchObject({ hasBegun: false, fastForwardId: '' });
    await handle.terminate();
  });

  it('leads a refund that is in doubt for hours to the target too, which does not wait for its bank', async () => {
    const { today } = await businessNow(world.deps.db);
    const { loanId } = await seedActiveLoan(world.deps, { on: today });
    await world.deps.db.transaction((tx) =>
      recordFact(tx, loanId, { key: 'overpayment', type: 'REPAYMENT', valueDate: today, amount: fen(1_250_000) }),
    );
    await world.banks.script({ kind: 'PAYOUT', reference: loanId, behaviour: 'pays-late', queriesInVain: 13 });
    await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    const refundId = keys.refundInstruction(loanId, 1);
    const refund = async () => (await readLoanFile(world.deps.db, loanId)).instructions.find((each) => each.id === refundId);
    await eventually('the refund', async () => (await refund())?.state === 'IN_FLIGHT');

    const { now } = await businessNow(world.deps.db);
    const target = instant(epochMs(now) + 2 * HOUR_MS);
    await advanceClock(clock(), target);
    expect(await refund()).toMatchObject({ state: 'IN_FLIGHT' });
    const child = await virtualClock(world.client, workflowShapes.disbursement(refundId));
    expect(child!.now).toBeGreaterThanOrEqual(epochMs(target));

    await advanceClock(clock(), instant(epochMs(target) + 12 * HOUR_MS));
    await eventually('the end', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'CLOSED_OBLIGATIONS_MET');
    const { entries } = await world.banks.books();
    expect(entries.filter((entry) => entry.reference === loanId && entry.kind === 'PAYOUT')).toHaveLength(1);
  });
});
