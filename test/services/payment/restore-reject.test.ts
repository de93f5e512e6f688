import { randomUUID } from 'node:crypto';
import { createActivities } from '../../../activities/index';
import { addDays, at, businessDate } from '../../../domain/time/dates';
import type { ActivityDeps } from '../../../services/deps';
import { guardAfterRestore } from '../../../services/payment/restore-guard';
import { PaymentDesk } from '../../support/payment-desk';
import { backUp } from '../../support/restored';
import { seedLoan } from '../../support/seed';

const DAY = businessDate('2026-11-23');

/** Guarantee: before the guard has looked nobody ends a loan that may have been paid out. */
describe('an operator between a restore and its guard', () => {
  it('REJECT_LOAN does not end a loan whose second payout was made in the lost time', async () => {
    const desk = await PaymentDesk.open();
    const { loanId } = await seedLoan(desk.deps);
    await desk.deps.db('channel_decisions').insert(
      ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({
        channel,
        enabled: true,
        actor: 't',
        reason: 'test',
        at: at(DAY, '09:00'),
      })),
    );
    const payOut = async (serial: number) => {
      const instructionId = `payout-${loanId}-${String(serial)}`;
      for (let n = 0; n < 6; n += 1) {
        const step = await desk.activities.openPayout({ loanId, instructionId, at: at(DAY, '10:00'), businessDate: DAY });
        if (step.next !== 'SEND') return step;
        await desk.drive(instructionId, DAY, step);
      }
      return 'no end';
    };
    const command = async (deps: ActivityDeps, operation: string, on = DAY) => {
      const id = randomUUID();
      await deps.db('commands').insert({
        id,
        caller: 'operator:t',
        idempotency_key: id,
        operation,
        subject: loanId,
        body_sha256: 'x',
        body: JSON.stringify({ reason: 'test' }),
        business_date: on,
        next_attempt_at: new Date(0),
      });
      return createActivities(deps).applyLoanCommand({ commandId: id, at: at(on, '11:00') });
    };
    for (const bank of ['wallet', 'cardnet', 'bankdirect'])
      await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank, times: 1 });
    await payOut(1);
    const restored = await backUp(desk);
    expect((await command(desk.deps, 'RETRY_PAYOUT')).state).toBe('APPLIED');
    await payOut(2);
    const rejected = await command(restored.deps, 'REJECT_LOAN', addDays(DAY, 1));
    expect(rejected).toMatchObject({ state: 'REJECTED', code: 'RESTORE_NOT_CLEARED' });
    const report = await guardAfterRestore(restored.deps, {
      restoredTo: DAY,
      now: at(addDays(DAY, 1), '12:00'),
      actor: 'operator:x',
      signal: new AbortController().signal,
      knows: (id) => Promise.resolve(id.includes(loanId) && (id.endsWith('-1') || id.endsWith('-2'))),
    });
    const books = (await desk.banks.books()).entries.filter((e) => e.reference === loanId && e.kind === 'PAYOUT').map((e) => e.state);
    const loan = await restored.deps.db('loans').where({ id: loanId }).first<{ status: string }>('status');
    await restored.drop();
    await desk.close();
    expect([loan.status, books, report.unresolved]).toEqual(['ACTIVE', expect.arrayContaining(['BOOKED']), []]);
  });
});
