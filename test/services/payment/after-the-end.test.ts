import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createCloseActivities } from '../../../activities/close/index';
import { foldLoans } from '../../../activities/close/fold-loans';
import { createLoanCommands } from '../../../services/loan/loan-commands';
import { recordReturn } from '../../../services/payment/payment-reversals';
import { loansToClose, recordPage } from '../../../db/ledger/close';
import { storeCommand } from '../../../db/commands';
import { trialBalance } from '../../../db/ledger/journal';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { addDays, at, businessDate, businessDateOf, instant, type BusinessDate } from '../../../domain/time/dates';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import { PaymentDesk } from '../../support/payment-desk';
import { seedActiveLoan } from '../../support/seed';
import { checkInvariants, type CheckResult } from '../../../ops/audit/invariants';
import type { Appointment } from '../../../domain/loan/appointment';

const DAY = businessDate('2026-11-23');
/** Commands take the database's clock, which is the real one here. */
const TODAY = businessDateOf(instant(Date.now()));
const closeWith = (desk: PaymentDesk, through: BusinessDate) => {
  const activities = createCloseActivities(desk.deps);
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => undefined) }).run(
    (input: { through: BusinessDate }) => activities.closeThrough(input),
    { through },
  );
};
const broken = (checks: readonly CheckResult[]) => checks.filter((check) => check.violations.length > 0);
const balances = async (desk: PaymentDesk) =>
  Object.fromEntries((await trialBalance(desk.deps.db)).map((row) => [row.account, row.debit - row.credit]));

describe('money that moves after a loan has ended', () => {
  let desk: PaymentDesk;
  beforeEach(async () => {
    desk = await PaymentDesk.open();
  });
  afterEach(() => desk.close());

  it('a refund that comes back after the loan was closed can be paid again', async () => {
    const { deps, activities } = desk;
    const { loanId } = await desk.payOut(DAY);
    const { payoff } = loanAccountNow(recordOf(deps.catalogue, await readLoanFile(deps.db, loanId)), DAY);
    await desk.debit(loanId, DAY, payoff.total + 5_000);
    const refundId = `refund-${loanId}-1`;
    await desk.drive(
      refundId,
      DAY,
      await activities.openPayout({ loanId, instructionId: refundId, at: at(DAY, '11:00'), businessDate: DAY }),
    );
    const settle = (await activities.lookAhead({ loanId, at: at(DAY, '12:00') })).appointment;
    await activities.performAppointment({ loanId, appointment: settle, at: at(DAY, '12:00') });
    const closed = (await readLoanFile(deps.db, loanId)).loan;
    await deps.db.transaction((tx) =>
      recordReturn(deps, tx, { instructionId: refundId, attempt: 1, valueDate: addDays(DAY, 2), at: at(addDays(DAY, 2), '10:00') }),
    );
    const file = await readLoanFile(deps.db, loanId);
    const after = loanAccountNow(recordOf(deps.catalogue, file), addDays(DAY, 2));
    const { row } = await storeCommand(deps.db, {
      id: randomUUID(),
      caller: 'operator:li',
      idempotencyKey: randomUUID(),
      operation: 'RETRY_PAYOUT',
      subject: loanId,
      bodySha256: 'x',
      body: { reason: 'the refund came back' },
      businessDate: DAY,
    });
    // (the API would not even get here: no workflow is running, delivery answers LOAN_NOT_ACTIVE)
    const verdict = await createLoanCommands(deps).applyLoanCommand({ commandId: row.id, at: at(addDays(DAY, 2), '13:00') });
    expect([closed.status, file.loan.status, after.overpaid, verdict.state]).toEqual([
      'CLOSED_OBLIGATIONS_MET',
      'OVERPAID',
      5_000,
      'APPLIED',
    ]);
    expect(broken(await checkInvariants({ db: deps.db }))).toEqual([]);
  });

  it('after a charge-off nothing is left in the receivables', async () => {
    const { deps, activities } = desk;
    const { loanId } = await seedActiveLoan(deps, { on: businessDate('2026-03-10'), termMonths: 12 });
    const due = loanAccountNow(recordOf(deps.catalogue, await readLoanFile(deps.db, loanId)), businessDate('2026-03-10')).installments[0]!
      .dueOn;
    const offOn = addDays(due, 91);
    // the close of D-1 runs at 12:30 on D, the charge-off at 10:00 on D
    await closeWith(desk, addDays(offOn, -2));
    const appointment: Appointment = { kind: 'CHARGE_OFF', key: 'charge-off', at: at(offOn, '10:00'), businessDate: offOn, summary: '' };
    // let every earlier appointment be recorded as done
    await deps.db('loan_events').insert({
      loan_id: loanId,
      key: 'x',
      kind: 'X',
      at: at(offOn, '09:59'),
      business_date: offOn,
      data: JSON.stringify({ plannedAt: at(offOn, '09:59') }),
    });
    const next = (await activities.lookAhead({ loanId, at: at(offOn, '10:00') })).appointment;
    await activities.performAppointment({ loanId, appointment: next.kind === 'CHARGE_OFF' ? next : appointment, at: at(offOn, '10:00') });
    const atOnce = await balances(desk);
    await closeWith(desk, addDays(offOn, 5));
    const later = await balances(desk);
    expect(later).toEqual(atOnce);
    expect([later['interest-receivable'] ?? 0, later['penalty-receivable'] ?? 0]).toEqual([0, 0]);
  });

  it('a payout that comes back while the daily close folds leaves no income', async () => {
    const { deps } = desk;
    // The close goes by the database's clock: a day whose files are due has to be reconciled first.
    const DAY = TODAY;
    const { loanId } = await desk.payOut(DAY);
    const date = addDays(DAY, 1);
    await closeWith(desk, DAY);
    // the close reads and folds …
    const products = Object.fromEntries(deps.catalogue.all().map((p) => [`${p.id}@${String(p.version)}`, p]));
    const closed = foldLoans(products, await loansToClose(deps.db, date, '', 1000), date);
    // … reconciliation learns of the return …
    await deps.db.transaction((tx) =>
      recordReturn(deps, tx, { instructionId: `payout-${loanId}-1`, attempt: 1, valueDate: date, at: at(date, '10:15') }),
    );
    // … and the close records its page
    await deps.db.transaction((tx) => recordPage(tx, date, closed));
    await closeWith(desk, addDays(DAY, 5));
    const { loan } = await readLoanFile(deps.db, loanId);
    const all = await balances(desk);
    expect(all['interest-income'] ?? 0).toBe(0);
    expect([loan.accrued_interest_fen, broken(await checkInvariants({ db: deps.db }))]).toEqual([0, []]);
  });

  it('a promise is not kept by a payment that came back; a promise of one fen silences nothing', async () => {
    const { deps, activities } = desk;
    const { loanId } = await desk.payOut(addDays(TODAY, -33));
    const on = TODAY;
    const promise = async (amountFen: number) => {
      const { row } = await storeCommand(deps.db, {
        id: randomUUID(),
        caller: 'borrower:x',
        idempotencyKey: randomUUID(),
        operation: 'PROMISE_TO_PAY',
        subject: loanId,
        bodySha256: 'x',
        body: { amountFen, dueOn: addDays(on, 5) },
        businessDate: on,
      });
      return createLoanCommands(deps).applyLoanCommand({ commandId: row.id, at: at(on, '09:00') });
    };
    expect(await promise(1)).toMatchObject({ state: 'REJECTED', code: 'INVALID_AMOUNT' });
    expect(await promise(50_000)).toMatchObject({ state: 'APPLIED' });
    const paid = await desk.debit(loanId, on, 100_000);
    await deps.db.transaction((tx) =>
      recordReturn(deps, tx, { instructionId: paid, attempt: 1, valueDate: addDays(on, 2), at: at(addDays(on, 2), '10:00') }),
    );
    let look = await activities.lookAhead({ loanId, at: at(addDays(on, 5), '20:30') });
    for (let i = 0; i < 10 && look.appointment.kind !== 'CHECK_PROMISE'; i += 1) {
      await deps.db('loan_events').insert({
        loan_id: loanId,
        key: look.appointment.key,
        kind: 'X',
        at: look.appointment.at,
        business_date: look.appointment.businessDate,
        data: JSON.stringify({ plannedAt: look.appointment.at }),
      });
      look = await activities.lookAhead({ loanId, at: at(addDays(on, 5), '20:30') });
    }
    await activities.performAppointment({ loanId, appointment: look.appointment, at: at(addDays(on, 5), '20:30') });
    const file = await readLoanFile(deps.db, loanId);
    expect(file.events.map((e) => e.kind)).not.toContain('PROMISE_KEPT');
  });

  it('a written-off loan is not told that nothing is owed', async () => {
    const { deps, activities } = desk;
    const { loanId } = await desk.payOut(DAY);
    const { row } = await storeCommand(deps.db, {
      id: randomUUID(),
      caller: 'operator:li',
      idempotencyKey: randomUUID(),
      operation: 'ADJUST',
      subject: loanId,
      bodySha256: 'x',
      body: { type: 'WRITEOFF', reason: 'test test' },
      businessDate: DAY,
    });
    const commands = createLoanCommands(deps);
    const proposed = await commands.applyLoanCommand({ commandId: row.id, at: at(DAY, '13:00') });
    expect(proposed.result).toMatchObject({ needsSecond: true });
    const decision = await storeCommand(deps.db, {
      id: randomUUID(),
      caller: 'operator:wang',
      idempotencyKey: randomUUID(),
      operation: 'DECIDE_ADJUSTMENT',
      subject: loanId,
      bodySha256: 'x',
      body: { proposalId: row.id, approve: true, reason: 'test test' },
      businessDate: DAY,
    });
    const verdict = await commands.applyLoanCommand({ commandId: decision.row.id, at: at(DAY, '13:10') });
    const look = await activities.lookAhead({ loanId, at: at(DAY, '14:00') });
    await activities.performAppointment({ loanId, appointment: look.appointment, at: at(DAY, '14:00') });
    const { loan } = await readLoanFile(deps.db, loanId);
    const mails = await deps.db('outbox').where({ topic: 'mail' }).where('key', 'like', '%settled%').select('key', 'payload');
    expect([verdict.state, loan.status, mails]).toEqual(['APPLIED', 'CLOSED_WRITTEN_OFF', []]);
  });
});
