import { businessNow } from '../../db/clock';
import { readLoanFile } from '../../db/loan/loan-file';
import { epochMs, instant } from '../../domain/time/dates';
import { taskQueues } from '../../domain/ids';
import { fen } from '../../domain/money/money';
import { advanceClock } from '../../dev/clock';
import { fastForward, virtualClock } from '../../dev/fast-forward';
import { recordFact, seedActiveLoan, seedLoan, startLoan } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';
import { keys, workflowShapes } from '../../domain/keys';

const HOUR_MS = 3_600_000;
const clockOf = ({ deps, client }: World) => ({ db: deps.db, client, isSandbox: true, restoreEpoch: () => deps.restoreEpoch() });

describe('a fast-forward', () => {
  let world: World;

  withServedWorld({ server: 'dev' }, (served) => {
    world = served;
  });

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
    await advanceClock(clockOf(world), instant(epochMs(now) + 1_200));
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
    await advanceClock(clockOf(world), target);
    expect(await refund()).toMatchObject({ state: 'IN_FLIGHT' });
    const child = await virtualClock(world.client, workflowShapes.disbursement(refundId));
    expect(child!.now).toBeGreaterThanOrEqual(epochMs(target));

    await advanceClock(clockOf(world), instant(epochMs(target) + 12 * HOUR_MS));
    await eventually('the end', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'CLOSED_OBLIGATIONS_MET');
    const { entries } = await world.banks.books();
    expect(entries.filter((entry) => entry.reference === loanId && entry.kind === 'PAYOUT')).toHaveLength(1);
  });
});

describe('a fast-forward of a sandbox whose clock was moved before', () => {
  let world: World;

  withServedWorld({ server: 'dev' }, (served) => {
    world = served;
  });

  it('leads a payment that began days behind the clock there in one step, not by a question an hour', async () => {
    await advanceClock(clockOf(world), instant(epochMs((await businessNow(world.deps.db)).now) + 40 * 24 * HOUR_MS));
    const { loanId } = await seedLoan(world.deps);
    await world.banks.script({ kind: 'PAYOUT', reference: loanId, behaviour: 'pays-late', queriesInVain: 1_000 });
    await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    const workflowId = workflowShapes.disbursement(keys.payoutInstruction(loanId, 1));
    await eventually('the payout', async () => (await virtualClock(world.client, workflowId)) !== undefined);
    const target = instant(epochMs((await businessNow(world.deps.db)).now) + 2 * HOUR_MS);
    await advanceClock(clockOf(world), target);
    expect((await virtualClock(world.client, workflowId))!.now).toBeGreaterThanOrEqual(epochMs(target));
    const { history } = await world.client.workflow
      .getHandle(workflowId)
      .fetchHistory()
      .then((events) => ({ history: events.events ?? [] }));
    expect(history.length).toBeLessThan(300);
    expect(history.filter((event) => event.activityTaskScheduledEventAttributes)).not.toHaveLength(0);
  });
});
