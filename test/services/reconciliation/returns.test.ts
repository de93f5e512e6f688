import type { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../../services/deps';
import { decideClearing, proposeClearing, type Proposal } from '../../../services/reconciliation/clear-breaks';
import type { Activities } from '../../../activities/index';
import { recordReturn } from '../../../services/payment/payment-reversals';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { settlementDifferences, transitDifferences } from '../../../db/reconciliation/settlement';
import { addDays, at, businessDate, type BusinessDate } from '../../../domain/time/dates';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import { fen } from '../../../domain/money/money';
import { checkInvariants } from '../../../ops/audit/invariants';
import { PaymentDesk } from '../../support/payment-desk';
import { seedLoan } from '../../support/seed';
import type { Banks } from '../../support/world';

const DAY = businessDate('2026-11-23');

describe('payments that come back', () => {
  let desk: PaymentDesk;
  let banks: Banks;
  let deps: ActivityDeps;
  let environment: MockActivityEnvironment;
  let activities: Activities;

  beforeEach(async () => {
    desk = await PaymentDesk.open();
    ({ banks, deps, environment, activities } = desk);
  });

  afterEach(() => desk.close());

  const payOut = async () => (await desk.payOut(DAY)).loanId;
  const debit = (loanId: string, on: BusinessDate, amount: number) => desk.debit(loanId, on, amount);
  const giveBack = (instructionId: string, on: BusinessDate) =>
    deps.db.transaction((tx) => recordReturn(deps, tx, { instructionId, attempt: 1, valueDate: on, at: at(on, '10:00') }));
  async function account(loanId: string, on: BusinessDate) {
    return loanAccountNow(recordOf(deps.catalogue, await readLoanFile(deps.db, loanId)), on);
  }
  async function booksAgree(): Promise<void> {
    expect(await settlementDifferences(deps.db)).toEqual([]);
    expect(await transitDifferences(deps.db)).toEqual([]);
    for (const check of await checkInvariants({ db: deps.db }))
      if (check.invariant !== 'I4') expect([check.invariant, check.violations]).toEqual([check.invariant, []]);
  }

  it('a returned repayment is owed again from its old due date, and the books carry the difference', async () => {
    const loanId = await payOut();
    const due = (await account(loanId, DAY)).installments[0]!;
    const amount = due.due.principal + due.due.interest;
    const instructionId = await debit(loanId, due.dueOn, amount);
    expect((await account(loanId, due.dueOn)).owedNow).toBe(0);
    const back = addDays(due.dueOn, 3);
    await giveBack(instructionId, back);
    expect(await account(loanId, back)).toMatchObject({ owedNow: amount, daysPastDue: 3 });
    await giveBack(instructionId, back);
    expect(await deps.db('journal_entries').where('key', 'like', '%:returned')).toHaveLength(1);
    await booksAgree();
  });

  it('reopens a loan that was settled by the payment, and tells its workflow', async () => {
    const loanId = await payOut();
    const { payoff } = await account(loanId, DAY);
    const instructionId = await debit(loanId, DAY, payoff.total);
    await activities.performAppointment({
      loanId,
      appointment: (await activities.lookAhead({ loanId, at: at(DAY, '11:00') })).appointment,
      at: at(DAY, '11:00'),
    });
    expect((await readLoanFile(deps.db, loanId)).loan.status).toBe('CLOSED_OBLIGATIONS_MET');
    await giveBack(instructionId, addDays(DAY, 2));
    const file = await readLoanFile(deps.db, loanId);
    expect(file.loan).toMatchObject({ status: 'ACTIVE', closed_on: null });
    expect(file.events.map((event) => event.kind)).toContain('REOPENED');
    expect(await deps.db('outbox').where({ topic: 'loan.fact', subject: loanId }).whereNull('delivered_at')).not.toHaveLength(0);
    await booksAgree();
  });

  it('a surplus is refunded over a channel and closes the loan; when its payment is returned later, it is owed again', async () => {
    const loanId = await payOut();
    const { payoff } = await account(loanId, DAY);
    const first = await debit(loanId, DAY, payoff.total + 5_000);
    const look = await activities.lookAhead({ loanId, at: at(DAY, '11:00') });
    expect(look.appointment).toMatchObject({ kind: 'REFUND', instructionId: `refund-${loanId}-1` });
    const refundId = `refund-${loanId}-1`;
    await desk.drive(
      refundId,
      DAY,
      await activities.openPayout({ loanId, instructionId: refundId, at: at(DAY, '11:00'), businessDate: DAY }),
    );
    expect(await account(loanId, DAY)).toMatchObject({ overpaid: 0, refunded: 5_000, status: 'CLOSED_OBLIGATIONS_MET' });
    expect((await activities.lookAhead({ loanId, at: at(DAY, '12:00') })).appointment.kind).toBe('SETTLE');
    await booksAgree();
    await giveBack(first, addDays(DAY, 2));
    const after = await account(loanId, addDays(DAY, 2));
    expect(after.status).toBe('ACTIVE');
    // The loan, and the refund that no payment covers any more.
    expect(after.outstanding.principal).toBe(1_205_000);
    await booksAgree();
  });

  it.each([
    ['while the refund is on its way', true],
    ['after the refund', false],
  ])('a surplus whose payment is returned %s is lent once more, and no longer when the refund comes back too', async (_, isOnItsWay) => {
    const loanId = await payOut();
    const { payoff } = await account(loanId, DAY);
    const first = await debit(loanId, DAY, payoff.total + 5_000);
    const refundId = `refund-${loanId}-1`;
    await activities.lookAhead({ loanId, at: at(DAY, '11:00') });
    const opened = await activities.openPayout({ loanId, instructionId: refundId, at: at(DAY, '11:00'), businessDate: DAY });
    const back = addDays(DAY, 2);
    if (isOnItsWay) await giveBack(first, back);
    await desk.drive(refundId, DAY, opened);
    if (!isOnItsWay) await giveBack(first, back);
    expect((await account(loanId, back)).outstanding.principal).toBe(1_205_000);
    await booksAgree();
    await giveBack(refundId, addDays(DAY, 3));
    expect(await account(loanId, addDays(DAY, 3))).toMatchObject({ status: 'ACTIVE', overpaid: 0, outstanding: { principal: 1_200_000 } });
    await booksAgree();
  });

  it('a payout that is returned after the borrower has paid waits in suspense for a person', async () => {
    const loanId = await payOut();
    await debit(loanId, addDays(DAY, 1), 20_000);
    await giveBack(`payout-${loanId}-1`, addDays(DAY, 2));
    expect((await readLoanFile(deps.db, loanId)).loan.status).toBe('ACTIVE');
    expect(await deps.db('breaks').where({ code: 'RETURNED' }).first()).toMatchObject({ state: 'OPEN', suspense_fen: 1_200_000 });
    await booksAgree();
  });

  it('two people apply the money of such a payout to the loan: it is paid off, and what the borrower paid too much is refunded', async () => {
    const loanId = await payOut();
    await debit(loanId, addDays(DAY, 1), 20_000);
    const back = addDays(DAY, 2);
    await giveBack(`payout-${loanId}-1`, back);
    const { id: breakId } = await deps.db('breaks').where({ code: 'RETURNED' }).first<{ id: string }>('id');
    const decision = { breakId, reason: 'the borrower’s account was closed', at: at(back, '15:00') };
    const { payoff } = await account(loanId, back);
    await proposeClearing(deps.db, { ...decision, actor: 'operator:li', proposal: 'APPLY' });
    await expect(decideClearing(deps, { ...decision, actor: 'operator:li', approve: true })).rejects.toMatchObject({
      code: 'FOUR_EYES_REQUIRED',
    });
    const cleared = await decideClearing(deps, { ...decision, actor: 'operator:wang', approve: true });
    expect(cleared).toMatchObject({ state: 'CLEARED', suspense_fen: 0, applies_to: loanId });
    expect(await account(loanId, back)).toMatchObject({ owedNow: 0, overpaid: 1_200_000 - payoff.total });
    expect((await activities.lookAhead({ loanId, at: at(back, '16:00') })).appointment.kind).toBe('REFUND');
    await booksAgree();
  });

  it('a transfer that no payment of ours explains is applied to the loan that it was for, and to no other state of one', async () => {
    const [loanId, approved] = [await payOut(), (await seedLoan(deps)).loanId];
    await banks.tell('foreign-entries', { bank: 'wallet', number: 'transfer-1', kind: 'DEBIT', amountFen: 50_000, date: addDays(DAY, 1) });
    const noon = at(addDays(DAY, 2), '12:30');
    await environment.run(activities.reconcileThrough, { channel: 'wallet', through: addDays(DAY, 1), at: noon });
    const { id: breakId } = await deps.db('breaks').where({ code: 'LONG' }).first<{ id: string }>('id');
    const decision = { breakId, reason: 'the borrower sent the receipt', at: noon };
    const propose = (more: { proposal: Proposal; loanId?: string }) =>
      proposeClearing(deps.db, { ...decision, actor: 'operator:li', ...more });
    await expect(propose({ proposal: 'APPLY' })).rejects.toMatchObject({ code: 'VALIDATION', details: { path: 'loanId' } });
    await expect(propose({ proposal: 'APPLY', loanId: 'zzzzzzzzzzzz' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(propose({ proposal: 'APPLY', loanId: approved })).rejects.toMatchObject({ code: 'LOAN_NOT_ACTIVE' });
    await expect(propose({ proposal: 'WRITE_OFF', loanId })).rejects.toMatchObject({ code: 'VALIDATION' });
    await propose({ proposal: 'APPLY', loanId });
    await decideClearing(deps, { ...decision, actor: 'operator:wang', approve: false });
    expect(await deps.db('breaks').where({ id: breakId }).first()).toMatchObject({ state: 'OPEN', proposal: null, applies_to: null });
    await propose({ proposal: 'APPLY', loanId });
    await decideClearing(deps, { ...decision, actor: 'operator:wang', approve: true });
    const { facts } = await readLoanFile(deps.db, loanId);
    expect(facts.filter((fact) => fact.type === 'REPAYMENT')).toMatchObject([{ amount: 50_000, valueDate: addDays(DAY, 1) }]);
    expect(await deps.db('outbox').where({ topic: 'mail' }).where('key', 'like', '%:applied')).toHaveLength(1);
    await booksAgree();
  });

  it('a returned payout is paid out anew under its own approval, value date and schedule', async () => {
    const loanId = await payOut();
    await giveBack(`payout-${loanId}-1`, addDays(DAY, 2));
    const again = `payout-${loanId}-2`;
    const on = addDays(DAY, 4);
    await deps.db('payment_instructions').insert({
      id: again,
      loan_id: loanId,
      direction: 'PAYOUT',
      amount_fen: fen(1_200_000),
      business_date: on,
      presentment: 2,
      state: 'AUTHORIZED',
    });
    await desk.drive(again, on, await activities.openPayout({ loanId, instructionId: again, at: at(on, '10:00'), businessDate: on }));
    const file = await readLoanFile(deps.db, loanId);
    expect(file.loan).toMatchObject({ status: 'ACTIVE', activated_on: on, schedule_version: 2 });
    expect((await account(loanId, on)).installments[0]!.dueOn).toBe('2026-12-27');
    await booksAgree();
  });
});
