import { randomUUID } from 'node:crypto';
import { createActivities } from '../../../activities/index';
import type { ActivityDeps } from '../../../services/deps';
import { guardAfterRestore } from '../../../services/payment/restore-guard';
import { readApplication } from '../../../db/application/applications';
import { addDays, at, businessDate } from '../../../domain/time/dates';
import { PaymentDesk } from '../../support/payment-desk';
import { backUp, type Restored } from '../../support/restored';
import { seedLoan } from '../../support/seed';

const DAY = businessDate('2026-11-23');

/** Guarantee: a loan is given up only where no money is with its borrower, and then it can be. */
describe('giving a loan up', () => {
  let desk: PaymentDesk;
  let restored: Restored | undefined;
  beforeEach(async () => {
    desk = await PaymentDesk.open();
  });
  afterEach(async () => {
    await restored?.drop();
    restored = undefined;
    await desk.close();
  });
  const allChannels = (deps: ActivityDeps, only?: string) =>
    deps.db('channel_decisions').insert(
      ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({
        channel,
        enabled: only === undefined || channel === only,
        actor: 't',
        reason: 'test',
        at: at(DAY, '09:00'),
      })),
    );
  async function payOut(loanId: string) {
    const instructionId = `payout-${loanId}-1`;
    const step = await desk.activities.openPayout({ loanId, instructionId, at: at(DAY, '10:00'), businessDate: DAY });
    await desk.drive(instructionId, DAY, step);
  }
  async function command(deps: ActivityDeps, operation: string, loanId: string, caller: string) {
    const id = randomUUID();
    await deps.db('commands').insert({
      id,
      caller,
      idempotency_key: id,
      operation,
      subject: loanId,
      body_sha256: 'x',
      body: JSON.stringify({ reason: 'test' }),
      business_date: addDays(DAY, 1),
      next_attempt_at: new Date(0),
    });
    return createActivities(deps).applyLoanCommand({ commandId: id, at: at(addDays(DAY, 1), '09:30') });
  }
  const booked = async (loanId: string) =>
    (await desk.banks.books()).entries.filter((e) => e.reference === loanId && e.kind === 'PAYOUT' && e.state === 'BOOKED').length;

  it('between a restore and its guard: a loan that was paid out in the lost time is not given up by WITHDRAW_LOAN', async () => {
    const { loanId, person } = await seedLoan(desk.deps);
    await allChannels(desk.deps, 'wallet');
    // Another loan, so that the channel has days to reconcile.
    const { loanId: another } = await seedLoan(desk.deps);
    await payOut(another);
    restored = await backUp(desk);
    const { deps } = restored;
    await payOut(loanId);
    expect(await booked(loanId)).toBe(1);
    // The database is the backup's; nobody has run the guard yet. The borrower withdraws (or a consent, which stores the same).
    const refused = await command(deps, 'WITHDRAW_LOAN', loanId, `borrower:${person.borrowerId}`);
    expect(refused).toMatchObject({ state: 'REJECTED', code: 'RESTORE_NOT_CLEARED' });
    const report = await guardAfterRestore(deps, {
      restoredTo: DAY,
      now: at(addDays(DAY, 1), '10:00'),
      actor: 'operator:x',
      signal: new AbortController().signal,
      knows: (id) => Promise.resolve(id.includes(loanId) && id.endsWith('-1')),
    });
    const loan = await deps.db('loans').where({ id: loanId }).first<{ status: string }>('status');
    const run = (through: typeof DAY, time: string) =>
      desk.environment.run(createActivities(deps).reconcileThrough, { channel: 'wallet', through, at: at(addDays(DAY, 2), time) });
    await run(DAY, '13:00');
    await run(addDays(DAY, 1), '13:10');
    // The bank has paid; the guard has to have found it, and the loan must not be over.
    expect([loan.status, report.found.length > 0]).toEqual(['ACTIVE', true]);
  });

  it('a loan whose payout came back can be rejected by an operator', async () => {
    const { loanId } = await seedLoan(desk.deps);
    await allChannels(desk.deps, 'wallet');
    await desk.banks.tell('scripts', { behaviour: 'returns', reference: loanId, bank: 'wallet', afterDays: 0 });
    await payOut(loanId);
    await desk.reconcile(addDays(DAY, 1));
    expect((await readApplication(desk.deps.db, loanId)).status).toBe('DISBURSED');
    const verdict = await command(desk.deps, 'REJECT_LOAN', loanId, 'operator:t');
    expect(verdict).toMatchObject({ state: 'APPLIED' });
  });
});
