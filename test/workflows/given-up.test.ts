import { randomUUID } from 'node:crypto';
import { createActivities } from '../../activities/index';
import { createChannels } from '../../channels/index';
import { attemptNumber, debitWorkflowId, disbursementWorkflowId } from '../../domain/keys';
import { raiseRestoreEpoch } from '../../db/payment/restore';
import { readInstruction } from '../../db/payment/payments';
import { storeCommand } from '../../db/commands';
import { deliverCommand } from '../../temporal/delivery';

import { addDays, businessDateOf, instant, type BusinessDate } from '../../domain/time/dates';
import { MockActivityEnvironment } from '@temporalio/testing';
import { seedActiveLoan, seedLoan, startLoan } from '../support/seed';
import { withServedWorld, eventually, type World } from '../support/world';

describe('a loan that was given up, or taken up again', () => {
  let world: World;
  let epoch = 1;
  withServedWorld({ server: 'time-skipping' }, (w) => {
    world = w;
    (w.deps as { restoreEpoch: () => Promise<number> }).restoreEpoch = () => Promise.resolve(epoch);
  });

  /** A payment that the borrower asked for, accepted and not presented yet. */
  const askToPay = (loanId: string, id: string, on: BusinessDate) =>
    world.deps
      .db('payment_instructions')
      .insert({ id, loan_id: loanId, direction: 'DEBIT', amount_fen: 50_000, business_date: on, presentment: 2, state: 'AUTHORIZED' });

  const channels = (enabled: boolean) =>
    world.deps
      .db('channel_decisions')
      .insert(
        ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({ channel, enabled, actor: 't', reason: 'test', at: instant(Date.now()) })),
      );
  const payoutOf = (loanId: string, suffix = '') =>
    eventually('the payout child', async () =>
      world.client.workflow
        .getHandle(`disbursement-payout-${loanId}-1${suffix}`)
        .describe()
        .then(
          () => true,
          () => false,
        ),
    );
  async function withdraw(loanId: string, borrowerId: string) {
    const { row } = await storeCommand(world.deps.db, {
      id: randomUUID(),
      caller: `borrower:${borrowerId}`,
      idempotencyKey: randomUUID(),
      operation: 'WITHDRAW_LOAN',
      subject: loanId,
      bodySha256: 'x',
      body: {},
      businessDate: businessDateOf(instant(Date.now())),
    });
    return deliverCommand({ db: world.deps.db, client: world.client, timeoutMs: 20_000 }, row);
  }
  const booked = async (loanId: string) =>
    (await world.banks.books()).entries
      .filter((e) => e.reference === loanId && e.state === 'BOOKED')
      .map((e) => `${e.bank} ${e.number} ${String(e.amountFen)}`);

  it('a loan that its borrower withdrew before the payout began is not paid out afterwards', async () => {
    await channels(false);
    const { loanId, person } = await seedLoan(world.deps);
    await startLoan(world.client, loanId);
    await payoutOf(loanId);
    expect((await withdraw(loanId, person.borrowerId)).state).toBe('APPLIED');
    await channels(true);
    await world.environment!.sleep('30 hours');
    expect(await booked(loanId)).toEqual([]);
  });

  it('before a restore is cleared nobody gives a loan up, which the lost time may have paid out: it is refused, and paid once', async () => {
    epoch = 2;
    const { loanId, person } = await seedLoan(world.deps);
    await startLoan(world.client, loanId);
    await payoutOf(loanId, '-e2');
    expect(await withdraw(loanId, person.borrowerId)).toMatchObject({ state: 'REJECTED', code: 'RESTORE_NOT_CLEARED' });
    epoch = 1; // the guard cleared it
    await world.environment!.sleep('30 hours');
    expect(await booked(loanId)).toHaveLength(1);
  });

  it('a debit that reached nobody goes on after the restart of its loan, and its history stays short', async () => {
    epoch = 1;
    const on = addDays(businessDateOf(instant(Date.now())), -5);
    const { loanId } = await seedActiveLoan(world.deps, { on });
    const dead = createActivities({
      ...world.deps,
      channels: createChannels({ baseUrl: 'http://127.0.0.1:59997', secrets: world.banks.secrets, timeoutMs: 400 }),
    });
    const today = businessDateOf(instant(await world.environment!.currentTimeMs()));
    const instructionId = `debit-${loanId}-${today}-2`;
    await askToPay(loanId, instructionId, today);
    const now = instant(await world.environment!.currentTimeMs());
    await dead.openDebit({ loanId, instructionId, businessDate: today, presentment: 2, plannedAt: null, at: now });
    await new MockActivityEnvironment().run(dead.sendPayment, { instructionId, attempt: 1, at: now });

    const handle = await startLoan(world.client, loanId, now);
    for (const hours of [12, 36]) {
      await world.environment!.sleep(`${String(hours)} hours`);
      await handle.describe();
    }
    const first = await handle.describe();
    expect(first.historyLength).toBeLessThan(1_000);
  });

  it.each(['payout', 'debit'] as const)('a %s that only the lost time saw the end of is asked about again, and made once', async (kind) => {
    const on = addDays(businessDateOf(instant(Date.now())), -5);
    const finished = await seedActiveLoan(world.deps, { on });
    const { loanId } = kind === 'payout' ? await seedLoan(world.deps) : await seedActiveLoan(world.deps, { on });
    const now = instant(await world.environment!.currentTimeMs());
    const today = businessDateOf(now);
    const activities = createActivities(world.deps);
    // The backup holds the payment as sent, its outcome not known yet; a debit also that it has to be asked about.
    const instructionId = kind === 'payout' ? `payout-${loanId}-1` : `debit-${loanId}-${today}-2`;
    await world.banks.script({ behaviour: 'error-but-paid', reference: loanId });
    if (kind === 'payout') await activities.openPayout({ loanId, instructionId, businessDate: today, at: now });
    else {
      await askToPay(loanId, instructionId, today);
      await activities.openDebit({ loanId, instructionId, businessDate: today, presentment: 2, plannedAt: null, at: now });
    }
    await new MockActivityEnvironment().run(activities.sendPayment, { instructionId, attempt: 1, at: now });
    // In the time that was lost its workflow, or the first question about it, came to its end.
    const lost = kind === 'payout' ? disbursementWorkflowId(instructionId, epoch) : debitWorkflowId(loanId, today, 2, { query: 1, epoch });
    await world.client.workflow.execute('disburseLoan', {
      workflowId: lost,
      taskQueue: 'loans',
      args: [{ loanId: finished.loanId, instructionId: `payout-${finished.loanId}-1`, businessDate: today, now }],
    });

    epoch += 1;
    await world.deps.db.transaction((tx) => raiseRestoreEpoch(tx, epoch));
    await startLoan(world.client, loanId, now);
    await world.environment!.sleep('30 hours');
    const { state, amount_fen: amount } = await readInstruction(world.deps.db, instructionId);
    expect(state).toBe('SUCCEEDED');
    const booked = (await world.banks.books()).entries.filter((e) => e.reference === loanId && e.amountFen === amount);
    expect(booked.map((e) => [e.number, e.state])).toEqual([[attemptNumber(instructionId, 1), 'BOOKED']]);
  });
});
