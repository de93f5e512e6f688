import { createActivities } from '../../../activities/index';
import type { ActivityDeps } from '../../../services/deps';
import { guardAfterRestore } from '../../../services/payment/restore-guard';
import { createChannels } from '../../../channels/index';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import { addDays, at, businessDate } from '../../../domain/time/dates';
import { urlsOf } from '../../support/database';
import { PaymentDesk } from '../../support/payment-desk';
import { backUp, type Restored } from '../../support/restored';
import { seedLoan } from '../../support/seed';
import { withClient } from '../../../db/owner';

const DAY = businessDate('2026-11-23');

describe('the restore guard', () => {
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

  async function backup(): Promise<ActivityDeps> {
    restored = await backUp(desk);
    return restored.deps;
  }
  const temporalKnows = new Set<string>();
  const guard = (deps: ActivityDeps, on = addDays(DAY, 1)) =>
    guardAfterRestore(deps, {
      restoredTo: DAY,
      now: at(on, '10:00'),
      actor: 'operator:x',
      signal: new AbortController().signal,
      knows: (id) => Promise.resolve(temporalKnows.has(id)),
    });
  const dead = () => createChannels({ baseUrl: 'http://127.0.0.1:59997', secrets: desk.banks.secrets, timeoutMs: 400 });
  const booked = async (loanId: string, kind = 'PAYOUT') =>
    (await desk.banks.books()).entries
      .filter((e) => e.reference === loanId && e.kind === kind && e.state === 'BOOKED')
      .map((e) => `${e.bank} ${e.number} ${String(e.amountFen)}`);

  async function payWith(deps: ActivityDeps, loanId: string, on = DAY): Promise<string[]> {
    const activities = createActivities(deps);
    const instructionId = `payout-${loanId}-1`;
    const log: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const step = await activities.openPayout({ loanId, instructionId, at: at(on, '10:00'), businessDate: on });
      if (step.next !== 'SEND') {
        log.push(JSON.stringify(step));
        break;
      }
      const call = { instructionId, attempt: step.attempt, at: at(on, '10:00') };
      let out: { state: string } = await desk.environment.run(activities.sendPayment, call);
      for (let q = 0; q < 2 && out.state !== 'SUCCEEDED' && out.state !== 'FAILED'; q += 1)
        out = await desk.environment.run(activities.queryPayment, call);
      log.push(`attempt ${String(step.attempt)} over ${step.channel}: ${out.state}`);
      if (out.state === 'SUCCEEDED') break;
    }
    return log;
  }

  it('finds a payout that went over the second channel because the first could not be reached', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const backedUp = await backup();
    // After the backup: the preferred channel is unreachable (not one byte sent), the second pays.
    const first = await desk.activities
      .openPayout({ loanId, instructionId: 'payout-probe-1', at: at(DAY, '09:00'), businessDate: DAY })
      .catch(() => undefined);
    const preferred = first && 'channel' in first ? first.channel : 'wallet';
    await withClient(desk.database.ownerUrl, (c) =>
      c.query(
        `SET session_replication_role = replica; DELETE FROM payment_attempts; DELETE FROM payment_instructions; DELETE FROM payment_events; DELETE FROM journal_lines; DELETE FROM journal_entries; DELETE FROM ledger_links;`,
      ),
    );
    const channels = new Map(desk.deps.channels);
    channels.set(preferred, dead().get(preferred)!);
    await payWith({ ...desk.deps, channels }, loanId);
    expect(await booked(loanId)).toHaveLength(1);

    await guard(backedUp);

    await payWith(backedUp, loanId, addDays(DAY, 1));

    expect(await booked(loanId)).toHaveLength(1);
  });

  it('clears a database whose loan had another card named after the backup', async () => {
    const { loanId, person } = await seedLoan(desk.deps);
    const backedUp = await backup();
    const other = await desk.deps.borrowers.saveCard(desk.deps.db, person.borrowerId, '6222020000000000004');
    await desk.deps.db('loans').where({ id: loanId }).update({ bank_card_id: other });
    await payWith(desk.deps, loanId);
    expect(await booked(loanId)).toHaveLength(1);
    await guard(backedUp);
    const again = await guard(backedUp, addDays(DAY, 60));

    expect(again.unresolved).toEqual([]);
  });

  it('finds a borrower’s payment whose predecessor of the same day reached no channel', async () => {
    const { loanId } = await desk.payOut(DAY);
    await desk.deps.db('channel_decisions').insert(
      ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({
        channel,
        enabled: true,
        actor: 't',
        reason: 'test',
        at: at(DAY, '10:01'),
      })),
    );
    const backedUp = await backup();
    // presentment 2 is exhausted without reaching anybody; presentment 3 is taken.
    const nobody = createActivities({ ...desk.deps, channels: dead() });
    const id2 = `debit-${loanId}-${DAY}-2`;
    await desk.deps.db('payment_instructions').insert({
      id: id2,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: 50_000,
      business_date: DAY,
      presentment: 2,
      state: 'AUTHORIZED',
    });
    for (let n = 0; n < 5; n += 1) {
      const step = await nobody.openDebit({
        loanId,
        instructionId: id2,
        businessDate: DAY,
        presentment: 2,
        plannedAt: null,
        at: at(DAY, '11:00'),
      });

      if (step.next !== 'SEND') break;
      await desk.environment.run(nobody.sendPayment, { instructionId: id2, attempt: step.attempt, at: at(DAY, '11:00') });
    }
    await desk.debit(loanId, DAY, 50_000, { presentment: 3 });
    expect(await booked(loanId, 'DEBIT')).toHaveLength(1);
    const report = await guard(backedUp);

    expect(report.found).toHaveLength(1);
  });

  it('knows of a refund after one that was not needed', async () => {
    const { loanId } = await desk.payOut(DAY);
    await desk.activities.openPayout({ loanId, instructionId: `refund-${loanId}-1`, at: at(DAY, '11:00'), businessDate: DAY });
    await desk.deps.db('channel_decisions').insert(
      ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({
        channel,
        enabled: true,
        actor: 't',
        reason: 'test',
        at: at(DAY, '10:01'),
      })),
    );
    const file = await readLoanFile(desk.deps.db, loanId);
    const { payoff } = loanAccountNow(recordOf(desk.deps.catalogue, file), DAY);
    await desk.debit(loanId, DAY, payoff.total + 5_000);
    const backedUp = await backup();
    const look = await desk.activities.lookAhead({ loanId, at: at(DAY, '12:00') });

    const refundId = look.appointment.instructionId!;
    await desk.drive(
      refundId,
      DAY,
      await desk.activities.openPayout({ loanId, instructionId: refundId, at: at(DAY, '12:00'), businessDate: DAY }),
    );
    const report = await guard(backedUp);

    expect(report.found).toHaveLength(1);
  });

  it('clears a database whose backup caught a payout on its way that failed over afterwards', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const id = `payout-${loanId}-1`;
    // The first channel's answer is lost; the backup is taken now.
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank: 'wallet' });
    await desk.activities.openPayout({ loanId, instructionId: id, at: at(DAY, '10:00'), businessDate: DAY });

    const backedUp = await backup();
    const call = { instructionId: id, attempt: 1, at: at(DAY, '10:00') };
    await desk.environment.run(desk.activities.sendPayment, call);
    await payWith(desk.deps, loanId);
    expect(await booked(loanId)).toHaveLength(1);
    const outcomes: string[] = [];
    for (let n = 1; n <= 3; n += 1)
      outcomes.push(
        await guard(backedUp, addDays(DAY, n)).then(
          (r) => JSON.stringify(r),
          (e: unknown) => `throws ${String(e)}`,
        ),
      );

    expect(outcomes.at(-1)).toContain('"unresolved":[]');
  });

  it('knows of the payout of a loan that was signed after the backup', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const backedUp = await backup();
    // In the backup the borrower has not signed: there is an application and no loan yet.
    const owner = urlsOf(
      new URL((backedUp.db.client.config.connection as { connectionString: string }).connectionString).pathname.slice(1),
    ).ownerUrl;
    await withClient(owner, (c) =>
      c.query(`SET session_replication_role = replica; DELETE FROM loans; UPDATE applications SET status = 'AWAITING_SIGNATURE'`),
    );
    await desk.deps.db('channel_decisions').insert({ channel: 'wallet', enabled: false, actor: 't', reason: 'test', at: at(DAY, '09:00') });
    await payWith(desk.deps, loanId);
    const report = await guard(backedUp);
    expect(report.unresolved).toEqual([]);
    // The contract that the borrower's app shows unsigned cannot be signed again: a new application is made.
    expect(await backedUp.db('applications').where({ id: loanId }).first('status')).toEqual({ status: 'WITHDRAWN' });
  });

  it('uses up the number of a payout that was begun after the backup and that no channel made', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const id = `payout-${loanId}-1`;
    const backedUp = await backup();
    await desk.activities.openPayout({ loanId, instructionId: id, businessDate: DAY, at: at(DAY, '09:00') });
    temporalKnows.add(`disbursement-${id}`);
    const report = await guard(backedUp);
    expect(report).toMatchObject({ unresolved: [], found: [expect.stringContaining(`${id}: begun after the backup`) as string] });
    expect(await backedUp.db('payment_instructions').where({ id }).first('state', 'failure_code')).toEqual({
      state: 'FAILED',
      failure_code: 'RESTORED',
    });
    // A request of before that is still somewhere on its way is refused when it arrives.
    const order = await desk.activities.openPayout({ loanId, instructionId: id, businessDate: DAY, at: at(DAY, '09:00') });
    expect(order.next).toBe('SEND');
    await desk.environment.run(desk.activities.sendPayment, { instructionId: id, attempt: 1, at: at(DAY, '10:00') }).catch(() => undefined);
    expect(await booked(loanId)).toEqual([]);
    temporalKnows.clear();
  });

  it('tells nobody of a forgotten payment before it has looked, and afterwards there is none', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const instructionId = `payout-${loanId}-1`;
    const backedUp = await backup();
    await payWith(desk.deps, loanId);
    const note = () => createActivities(backedUp).noteKnownPayment({ loanId, instructionId, at: at(addDays(DAY, 1), '10:00') });
    await expect(note()).rejects.toMatchObject({ type: 'RESTORE_NOT_CLEARED' });
    expect(await backedUp.db('loans').where({ id: loanId }).first('needs_attention')).toEqual({ needs_attention: null });
    expect((await guard(backedUp)).unresolved).toEqual([]);
    expect(await note()).toEqual({ isForgotten: false });
  });
});
