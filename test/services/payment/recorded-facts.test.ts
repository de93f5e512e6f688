import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { recordReturn } from '../../../services/payment/payment-reversals';
import { storeCommand } from '../../../db/commands';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { addDays, at, businessDate, type BusinessDate } from '../../../domain/time/dates';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import { PaymentDesk, noonAfter } from '../../support/payment-desk';
import { seedActiveLoan } from '../../support/seed';

describe('facts that meet a decision', () => {
  let desk: PaymentDesk;
  beforeEach(async () => {
    desk = await PaymentDesk.open();
  });
  afterEach(() => desk.close());
  const command = async (loanId: string, operation: 'ADJUST' | 'RETRY_PAYOUT', body: Record<string, string | number>, on: BusinessDate) => {
    const { row } = await storeCommand(desk.deps.db, {
      id: randomUUID(),
      caller: 'operator:li',
      idempotencyKey: randomUUID(),
      operation,
      subject: loanId,
      bodySha256: 'x',
      body: { ...body, reason: 'test test' },
      businessDate: on,
    });
    return row.id;
  };
  const apply = async (loanId: string, operation: 'ADJUST' | 'RETRY_PAYOUT', body: Record<string, string | number>, on: BusinessDate) => {
    const commandId = await command(loanId, operation, body, on);
    return desk.activities.applyLoanCommand({ commandId, at: at(on, '13:00') });
  };
  const account = async (loanId: string, on: BusinessDate) =>
    loanAccountNow(recordOf(desk.deps.catalogue, await readLoanFile(desk.deps.db, loanId)), on);
  const failure = (e: { type?: string; message: string; nonRetryable?: boolean }) =>
    `${String(e.type)} nonRetryable=${String(e.nonRetryable)}: ${e.message}`;

  it('a waiver of penalty before an accepted debit is known to have succeeded', async () => {
    const { deps, activities } = desk;
    const { loanId } = await seedActiveLoan(deps, {
      productId: 'consumer-equal-principal',
      on: businessDate('2026-09-20'),
      termMonths: 12,
    });
    const day = businessDate('2026-11-20');
    const owed = (await account(loanId, day)).owedNow;
    await desk.payOut(day);
    const debitId = await desk.debit(loanId, day, owed, { behaviour: 'pays-late', queries: 0 });
    const { channel } = await deps.db('payment_attempts').where({ instruction_id: debitId }).first('channel', 'state');
    const later = addDays(day, 4);
    const penalty = (await account(loanId, later)).outstanding.penalty;
    const waived = await apply(loanId, 'ADJUST', { type: 'WAIVER', component: 'penalty', amountFen: penalty }, later);
    const outcomes: string[] = [];
    for (let i = 0; i < 5; i += 1)
      outcomes.push(
        await new MockActivityEnvironment()
          .run(activities.queryPayment, { instructionId: debitId, attempt: 1, at: at(later, '14:00') })
          .then((result) => (result as { state: string }).state, failure),
      );
    const now = await deps.db('payment_attempts').where({ instruction_id: debitId }).first('state');
    const recon = await desk.reconcile(day, noonAfter(later), channel).then((r) => JSON.stringify(r), failure);
    const again = await desk.reconcile(later, noonAfter(later), channel).then((r) => JSON.stringify(r), failure);
    const done = await deps.db('reconciliations').where({ channel }).count('* as n').first();
    expect(waived).toMatchObject({ state: 'REJECTED', code: 'PAYMENT_OPEN' });
    expect([now.state, outcomes.at(-1)]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    for (const outcome of [recon, again]) expect(outcome).not.toContain('nonRetryable');
    expect(Number(done?.n)).toBeGreaterThan(0);
  });

  it('a write-off while the payoff is on its way', async () => {
    const { activities } = desk;
    const day = businessDate('2026-11-20');
    const { loanId } = await desk.payOut(day);
    const { payoff } = await account(loanId, day);
    const debitId = await desk.debit(loanId, day, payoff.total, { behaviour: 'pays-late', queries: 0 });
    const later = addDays(day, 2);
    const off = await apply(loanId, 'ADJUST', { type: 'WRITEOFF' }, later);
    const outcomes: string[] = [];
    for (let i = 0; i < 5; i += 1)
      outcomes.push(
        await new MockActivityEnvironment()
          .run(activities.queryPayment, { instructionId: debitId, attempt: 1, at: at(later, '14:00') })
          .then((result) => (result as { state: string }).state, failure),
      );
    expect([off.code, outcomes.at(-1)]).toEqual(['PAYMENT_OPEN', 'SUCCEEDED']);
  });

  it('charging off a loan that owes a fee alone', async () => {
    const { deps, activities } = desk;
    const day = businessDate('2026-03-10');
    const { loanId } = await seedActiveLoan(deps, { on: day, termMonths: 12 });
    const { payoff } = await account(loanId, day);
    await desk.debit(loanId, day, payoff.total);
    const charged = await apply(loanId, 'ADJUST', { type: 'CHARGE', component: 'fee', amountFen: 2_000 }, addDays(day, 1));
    const acc = await account(loanId, addDays(day, 1));
    const row = acc.installments.find((r) => r.outstanding.fee > 0)!;
    const on = addDays(row.dueOn, 91);
    await deps.db('loan_events').insert({
      loan_id: loanId,
      key: 'x',
      kind: 'X',
      at: at(on, '09:59'),
      business_date: on,
      data: JSON.stringify({ plannedAt: at(on, '09:59') }),
    });
    const look = await activities.lookAhead({ loanId, at: at(on, '10:00') });
    const outcome = await activities
      .performAppointment({ loanId, appointment: look.appointment, at: at(on, '10:00') })
      .then((r) => JSON.stringify(r.appointment), failure);
    expect(charged).toMatchObject({ state: 'APPLIED' });
    expect(outcome).not.toContain('INTERNAL');
  });

  it('a refund that is retried when nothing is left to refund', async () => {
    const { deps, activities } = desk;
    const day = businessDate('2026-11-20');
    const { loanId } = await desk.payOut(day);
    const small = await desk.debit(loanId, day, 5_000);
    const { payoff } = await account(loanId, day);
    await desk.debit(loanId, day, payoff.total + 5_000, { presentment: 3 });
    const refundId = `refund-${loanId}-1`;
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, kind: 'PAYOUT', times: 9 });
    await desk.drive(
      refundId,
      day,
      await activities.openPayout({ loanId, instructionId: refundId, at: at(day, '11:00'), businessDate: day }),
    );
    await deps.db('channel_decisions').insert({ channel: 'wallet', enabled: true, actor: 't', reason: 't', at: at(day, '11:01') });
    let step = await activities.openPayout({ loanId, instructionId: refundId, at: at(day, '11:10'), businessDate: day });
    for (let i = 0; i < 4 && step.next === 'SEND'; i += 1) {
      await desk.drive(refundId, day, step);
      step = await activities.openPayout({ loanId, instructionId: refundId, at: at(day, '12:10'), businessDate: day });
    }
    const state = await deps.db('payment_instructions').where({ id: refundId }).first('state');
    if (state.state !== 'FAILED') await deps.db('payment_instructions').where({ id: refundId }).update({ state: 'FAILED' });
    await deps.db.transaction((tx) =>
      recordReturn(deps, tx, { instructionId: small, attempt: 1, valueDate: addDays(day, 1), at: at(addDays(day, 1), '10:00') }),
    );
    const acc = await account(loanId, addDays(day, 1));
    const outcome = await apply(loanId, 'RETRY_PAYOUT', {}, addDays(day, 1)).then((v) => JSON.stringify(v), failure);
    expect(outcome).not.toContain('INTERNAL');
    expect([acc.overpaid, JSON.parse(outcome).state]).toEqual([0, 'REJECTED']);
  });
});
