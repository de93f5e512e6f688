import { otherObligations } from '../../../services/application/other-obligations';
import { createActivities } from '../../../activities/index';
import { proposeClearing, decideClearing } from '../../../services/reconciliation/clear-breaks';
import { createChannels } from '../../../channels/index';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { addDays, at, businessDateOf, instant } from '../../../domain/time/dates';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import { commandLoan } from '../../support/adjust';
import { PaymentDesk } from '../../support/payment-desk';
import { seedLoan } from '../../support/seed';

/** Today: what an operator decides is decided at the earliest now. */
const DAY = businessDateOf(instant(Date.now()));
const ALL = ['wallet', 'cardnet', 'bankdirect'];

describe('no payment is made twice, and none stops its loan', () => {
  let desk: PaymentDesk;
  beforeEach(async () => {
    desk = await PaymentDesk.open();
  });
  afterEach(() => desk.close());
  const enableAll = (on = DAY, time = '10:01') =>
    desk.deps
      .db('channel_decisions')
      .insert(ALL.map((channel) => ({ channel, enabled: true, actor: 't', reason: `test ${on} ${time}`, at: at(on, time as '10:01') })));
  const booked = async (loanId: string, kind = 'PAYOUT') =>
    (await desk.banks.books()).entries
      .filter((e) => e.reference === loanId && e.kind === kind && e.state === 'BOOKED')
      .map((e) => `${e.bank} ${e.number} ${String(e.amountFen)}`);

  it('a withdrawn loan is not paid out', async () => {
    const { loanId } = await seedLoan(desk.deps);
    await commandLoan(desk.deps, { loanId, operation: 'WITHDRAW_LOAN', body: {}, caller: 'borrower:x' }, DAY);

    const instructionId = `payout-${loanId}-1`;
    const step = await desk.activities.openPayout({ loanId, instructionId, at: at(DAY, '10:00'), businessDate: DAY });

    if (step.next === 'SEND')
      await desk.environment
        .run(desk.activities.sendPayment, { instructionId, attempt: step.attempt, at: at(DAY, '10:00') })
        .catch(() => undefined);

    expect(await booked(loanId)).toEqual([]);
  });

  it('a refund after one that was not needed can be retried', async () => {
    const { loanId } = await desk.payOut(DAY);
    await desk.activities.openPayout({ loanId, instructionId: `refund-${loanId}-1`, at: at(DAY, '11:00'), businessDate: DAY });
    await enableAll();
    const file = await readLoanFile(desk.deps.db, loanId);
    const { payoff } = loanAccountNow(recordOf(desk.deps.catalogue, file), DAY);
    await desk.debit(loanId, DAY, payoff.total + 5_000);
    const look = await desk.activities.lookAhead({ loanId, at: at(DAY, '12:00') });
    const refundId = look.appointment.instructionId!;
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, kind: 'PAYOUT', times: 3 });
    for (;;) {
      const step = await desk.activities.openPayout({ loanId, instructionId: refundId, at: at(DAY, '12:00'), businessDate: DAY });
      if (step.next !== 'SEND') {
        break;
      }
      await desk.drive(refundId, DAY, step);
    }
    for (let n = 1; n < 3; n += 1) {
      await commandLoan(desk.deps, { loanId, operation: 'RETRY_PAYOUT', body: {} }, addDays(DAY, n));
    }
    const next = (await desk.activities.lookAhead({ loanId, at: at(addDays(DAY, 3), '12:00') })).appointment;
    expect(next.kind).toBe('REFUND');
  });

  it('a debit that reached nobody goes on after the loan was restarted from its records', async () => {
    const { loanId } = await desk.payOut(DAY);
    await enableAll();
    const dead = createActivities({
      ...desk.deps,
      channels: createChannels({ baseUrl: 'http://127.0.0.1:59997', secrets: desk.banks.secrets, timeoutMs: 400 }),
    });
    const pay = await commandLoan(desk.deps, { loanId, operation: 'PAY', body: { amountFen: 50_000 }, caller: 'borrower:x' }, DAY);
    const instructionId = String(pay.result!.paymentId);
    const step = await dead.openDebit({ loanId, instructionId, businessDate: DAY, presentment: 2, plannedAt: null, at: at(DAY, '11:00') });
    if (step.next !== 'SEND') throw new Error(step.next);
    await desk.environment.run(dead.sendPayment, { instructionId, attempt: 1, at: at(DAY, '11:00') });

    // Temporal lost everything; "loan doctor --repair" starts the loan from Postgres alone.
    const kinds: string[] = [];
    for (let day = 1; day <= 60; day += 1) {
      const now = at(addDays(DAY, day), '12:00');
      const { appointment } = await desk.activities.lookAhead({ loanId, at: now });
      if (appointment.kind === 'QUERY_DEBIT') {
        const resumed = await desk.activities.resumeDebit({ instructionId, at: now });
        if (day < 3 || day > 59) kinds.push(`${appointment.key} → ${JSON.stringify(resumed)}`);
      } else {
        kinds.push(appointment.kind);
        break;
      }
    }

    expect(kinds.at(-1)).not.toContain('query:');
  });

  it('a payout that was paid against the channel’s word and written off can be ended', async () => {
    const { loanId, number } = await desk.payOut(DAY, { behaviour: 'refused-but-paid' });
    const open = () => desk.activities.openPayout({ loanId, instructionId: `payout-${loanId}-1`, at: at(DAY, '10:05'), businessDate: DAY });
    await open();
    await desk.reconcile(DAY);
    const [row] = await desk.deps.db('breaks').where({ number, code: 'PAID_AFTER_FAILURE' });

    const decide = { breakId: row.id as string, reason: 'the channel is bankrupt' };
    await proposeClearing(desk.deps.db, { ...decide, actor: 'operator:a', proposal: 'WRITE_OFF', at: at(addDays(DAY, 10), '10:00') });
    await decideClearing(desk.deps, { ...decide, actor: 'operator:b', approve: true, at: at(addDays(DAY, 10), '10:00') });
    const later = addDays(DAY, 100);
    await enableAll(later);
    await desk.activities.openPayout({
      loanId,
      instructionId: `payout-${loanId}-1`,
      at: at(later, '12:00'),
      businessDate: DAY,
    });
    const verdicts = [];
    for (const operation of ['RETRY_PAYOUT', 'SWITCH_CHANNEL', 'REJECT_LOAN', 'WITHDRAW_LOAN'] as const) {
      const v = await commandLoan(
        desk.deps,
        { loanId, operation, body: operation === 'SWITCH_CHANNEL' ? { channel: 'cardnet' } : {} },
        later,
      );
      verdicts.push(`${operation}: ${v.state} ${v.code ?? ''}`);
    }
    await desk.activities.lookAhead({ loanId, at: at(later, '12:00') });

    expect(verdicts.some((v) => v.includes('APPLIED'))).toBe(true);
  });

  it('a payout of which a channel had the money paid against its word is not retried', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const id = (n: number) => `payout-${loanId}-${String(n)}`;
    await desk.banks.tell('scripts', { behaviour: 'refused-but-paid', reference: loanId, bank: 'wallet' });
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank: 'cardnet' });
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank: 'bankdirect' });
    for (;;) {
      const step = await desk.activities.openPayout({ loanId, instructionId: id(1), at: at(DAY, '10:00'), businessDate: DAY });
      if (step.next !== 'SEND') {
        break;
      }
      await desk.drive(id(1), DAY, step, 3);
    }

    await desk.reconcile(DAY);
    await desk.deps.db('breaks').where({ code: 'PAID_AFTER_FAILURE' });
    const next = addDays(DAY, 1);
    await desk.activities.lookAhead({ loanId, at: at(next, '13:00') });

    await commandLoan(desk.deps, { loanId, operation: 'RETRY_PAYOUT', body: {} }, next);
    const step = await desk.activities.openPayout({ loanId, instructionId: id(2), at: at(next, '13:30'), businessDate: next });

    if (step.next === 'SEND') await desk.drive(id(2), next, step, 3);

    expect(await booked(loanId)).toHaveLength(1);
  });

  it('a rejected loan ends its application', async () => {
    const { loanId, person } = await seedLoan(desk.deps);
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, times: 3 });
    for (;;) {
      const step = await desk.activities.openPayout({
        loanId,
        instructionId: `payout-${loanId}-1`,
        at: at(DAY, '10:00'),
        businessDate: DAY,
      });
      if (step.next !== 'SEND') break;
      await desk.drive(`payout-${loanId}-1`, DAY, step, 3);
    }
    await commandLoan(desk.deps, { loanId, operation: 'REJECT_LOAN', body: {} }, DAY);
    await desk.deps.db('applications').where({ id: loanId }).first('status');
    await desk.deps.db
      .transaction((tx) => desk.deps.borrowers.saveIdentity(tx, person.borrowerId, { ...person, email: 'new@example.com' }))
      .then(
        () => 'ok',
        (e: unknown) => (e as { code: string }).code,
      );
    await desk.deps.db('offers').insert({
      application_id: loanId,
      principal_fen: 1_200_000,
      term_months: 12,
      annual_rate: '0.12',
      apr: '0.12',
      first_installment_fen: 106_619,
      total_payment_fen: 1_279_000,
      illustration: '[]',
      offered_at: at(DAY, '08:00'),
      expires_at: at(DAY, '09:00'),
    });
    const others = await desk.deps.db.transaction((tx) =>
      otherObligations(tx, person.borrowerId, 'another').then(({ installments }) => installments),
    );

    expect(others).toBe(0);
  });

  it('a payout that an operator retried before the break was found stops when it is found', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const id = (n: number) => `payout-${loanId}-${String(n)}`;
    await desk.banks.tell('scripts', { behaviour: 'refused-but-paid', reference: loanId, bank: 'wallet' });
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank: 'cardnet' });
    await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank: 'bankdirect' });
    for (;;) {
      const step = await desk.activities.openPayout({ loanId, instructionId: id(1), at: at(DAY, '10:00'), businessDate: DAY });
      if (step.next !== 'SEND') break;
      await desk.drive(id(1), DAY, step, 3);
    }
    await commandLoan(desk.deps, { loanId, operation: 'RETRY_PAYOUT', body: {} }, DAY);
    await commandLoan(desk.deps, { loanId, operation: 'HOLD', body: { until: addDays(DAY, 17) } }, addDays(DAY, 3));
    await desk.activities.openPayout({ loanId, instructionId: id(2), at: at(addDays(DAY, 3), '12:00'), businessDate: DAY });
    await desk.reconcile(DAY);

    const step = await desk.activities.openPayout({ loanId, instructionId: id(2), at: at(addDays(DAY, 20), '13:30'), businessDate: DAY });
    if (step.next === 'SEND') await desk.drive(id(2), addDays(DAY, 20), step, 3);

    expect(await booked(loanId)).toHaveLength(1);
  });

  it('a borrower is not debited again while a debit that was taken against the channel’s word is with us', async () => {
    const { loanId } = await desk.payOut(DAY);
    await enableAll();
    const id = await desk.debit(loanId, DAY, 50_000, { behaviour: 'refused-but-paid' });
    const channel = (await desk.deps.db('payment_attempts').where({ instruction_id: id }).first('channel')).channel as string;
    await desk.reconcile(DAY, undefined, channel);
    // Its loan is told: it waits for something else now.
    expect(await desk.deps.db('outbox').where({ topic: 'loan.fact', subject: loanId }).where('key', 'like', '%:OPENED')).toHaveLength(1);
    const next = addDays(DAY, 1);
    await enableAll(next, '12:40');

    const v = await commandLoan(desk.deps, { loanId, operation: 'PAY', body: { amountFen: 50_000 }, caller: 'borrower:x' }, next);

    if (v.state === 'APPLIED') {
      const instructionId = String(v.result!.paymentId);
      const step = await desk.activities.openDebit({
        loanId,
        instructionId,
        businessDate: v.result!.businessDate as never,
        presentment: 2,
        plannedAt: null,
        at: at(next, '13:00'),
      });

      if (step.next === 'SEND') await desk.drive(instructionId, next, step);
    }

    expect(await booked(loanId, 'DEBIT')).toHaveLength(1);
  });
});
