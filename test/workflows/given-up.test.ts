import { randomUUID } from 'node:crypto';
import { createActivities } from '../../activities/index';
import { createChannels } from '../../channels/index';
import { storeCommand } from '../../db/commands';
import { deliverCommand } from '../../temporal/delivery';

import { addDays, businessDateOf, instant } from '../../domain/time/dates';
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

  it('a loan that its borrower withdrew before the payout began is not paid out afterwards', async () => {
    epoch = 2; // the database was restored; payments wait for the guard
    const { loanId, person } = await seedLoan(world.deps);
    await startLoan(world.client, loanId);
    await eventually(
      'the payout child',
      async () =>
        (await world.client.workflow
          .getHandle(`disbursement-payout-${loanId}-1`)
          .describe()
          .catch(() => undefined)) !== undefined,
    );
    const { row } = await storeCommand(world.deps.db, {
      id: randomUUID(),
      caller: `borrower:${person.borrowerId}`,
      idempotencyKey: randomUUID(),
      operation: 'WITHDRAW_LOAN',
      subject: loanId,
      bodySha256: 'x',
      body: {},
      businessDate: businessDateOf(instant(Date.now())),
    });
    await deliverCommand({ db: world.deps.db, client: world.client, timeoutMs: 20_000 }, row);

    epoch = 1; // the guard cleared it
    await world.environment!.sleep('30 hours');
    const booked = (await world.banks.books()).entries
      .filter((e) => e.reference === loanId && e.state === 'BOOKED')
      .map((e) => `${e.bank} ${e.number} ${String(e.amountFen)}`);
    await world.deps.db('applications').where({ id: loanId }).first('status');

    expect(booked).toEqual([]);
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
    await world.deps.db('payment_instructions').insert({
      id: instructionId,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: 50_000,
      business_date: today,
      presentment: 2,
      state: 'AUTHORIZED',
    });
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
});
