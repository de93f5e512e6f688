import type { Channel } from '../../channels/port';
import { addDays, at, businessDateOf, epochMs, instant, type Instant } from '../../domain/time/dates';
import { taskQueues } from '../../domain/ids';
import { debitLoan } from '../../workflows/debit-loan';
import { disburseLoan } from '../../workflows/disburse-loan';
import { seedActiveLoan, seedLoan } from '../support/seed';
import { withServedWorld, type World } from '../support/world';
import { debitWorkflowId, keys, workflowShapes } from '../../domain/keys';

/** Guarantee: that one send never left says nothing about the sends before it. */
describe('a resend whose worker died, then a connection that is refused', () => {
  let world: World;
  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  /** The second send pays, and its worker dies before it is recorded; the third finds no connection. */
  function spoilChannels(known: ReadonlyMap<string, Channel>): void {
    let sends = 0;
    for (const [name, channel] of known)
      (world.deps.channels as Map<string, Channel>).set(name, {
        ...channel,
        async send(order, signal) {
          sends += 1;
          const serial = sends;
          if (serial === 3) return { outcome: 'FAILED_DEFINITIVE', code: 'ECONNREFUSED', nothingSent: true };
          const reply = await channel.send(order, signal);
          if (serial === 2) throw new Error('worker killed');
          return reply;
        },
      });
  }

  /** Business time begins at ten; the server's clock follows, at whatever hour of the night this runs. */
  async function untilTen(now: Instant): Promise<void> {
    const ahead = epochMs(now) - (await world.environment!.currentTimeMs());
    if (ahead > 0) await world.environment!.sleep(ahead);
  }

  async function bookedOnce(kind: 'PAYOUT' | 'DEBIT', loanId: string, instructionId: string): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      await world.environment!.sleep('10 minutes');
      const { state } = await world.deps.db('payment_instructions').where({ id: instructionId }).first<{ state: string }>('state');
      if (state === 'SUCCEEDED') break;
    }
    const entries = (await world.banks.books()).entries.filter((entry) => entry.reference === loanId && entry.state === 'BOOKED');
    expect(entries.map((entry) => entry.kind)).toEqual([kind]);
    const { state } = await world.deps.db('payment_instructions').where({ id: instructionId }).first<{ state: string }>('state');
    expect(state).toBe('SUCCEEDED');
  }

  it('pays out once', async () => {
    const known = new Map(world.deps.channels);
    const { loanId } = await seedLoan(world.deps);
    spoilChannels(known);
    await world.banks.script({ behaviour: 'rate-limited', reference: loanId, times: 1 });
    const instructionId = keys.payoutInstruction(loanId, 1);
    const now = at(businessDateOf(instant(await world.environment!.currentTimeMs())), '10:00');
    await untilTen(now);
    await world.client.workflow.start(disburseLoan, {
      workflowId: workflowShapes.disbursement(instructionId),
      taskQueue: taskQueues.loans,
      args: [{ loanId, instructionId, businessDate: businessDateOf(now), now }],
    });
    await bookedOnce('PAYOUT', loanId, instructionId);
    for (const [name, channel] of known) (world.deps.channels as Map<string, Channel>).set(name, channel);
  });

  it('debits once', async () => {
    const known = new Map(world.deps.channels);
    const today = businessDateOf(instant(await world.environment!.currentTimeMs()));
    const { loanId } = await seedActiveLoan(world.deps, { on: addDays(today, -31), termMonths: 12 });
    spoilChannels(known);
    await world.banks.script({ behaviour: 'rate-limited', reference: loanId, times: 1 });
    const now = at(today, '10:00');
    await untilTen(now);
    await world.client.workflow.start(debitLoan, {
      workflowId: debitWorkflowId(loanId, today, 1),
      taskQueue: taskQueues.loans,
      args: [{ loanId, businessDate: today, presentment: 1, plannedAt: now, now }],
    });
    await bookedOnce('DEBIT', loanId, keys.debitInstruction(loanId, today, 1));
  });
});
