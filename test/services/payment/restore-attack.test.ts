import { randomUUID } from 'node:crypto';
import { createActivities } from '../../../activities/index';
import type { ActivityDeps } from '../../../services/deps';
import { guardAfterRestore } from '../../../services/payment/restore-guard';
import { createDb } from '../../../db/pool';
import { takeUndelivered } from '../../../db/commands';
import { addDays, at, businessDate } from '../../../domain/time/dates';
import { dismissOperator } from '../../../db/party/operators';
import { signAsOperator } from '../../../api/auth';
import { PaymentDesk } from '../../support/payment-desk';
import { backUp, type Restored } from '../../support/restored';
import { seedLoan } from '../../support/seed';
import { enlist, keyOf, startApi, unreachableTemporal } from '../../support/api';
import { withClient } from '../../../db/owner';

const DAY = businessDate('2026-11-23');

/** Guarantee: what happened between the backup and its restore is found, booked once, and done by nobody again. */
describe('after a restore', () => {
  let desk: PaymentDesk;
  let restored: Restored | undefined;
  const temporalKnows = new Set<string>();
  beforeEach(async () => {
    temporalKnows.clear();
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
  const guard = (deps: ActivityDeps, on = addDays(DAY, 1), time = '10:00') =>
    guardAfterRestore(deps, {
      restoredTo: DAY,
      now: at(on, time),
      actor: 'operator:x',
      signal: new AbortController().signal,
      knows: (id) => Promise.resolve(temporalKnows.has(id)),
    });
  const booked = async (loanId: string, kind = 'PAYOUT') =>
    (await desk.banks.books()).entries
      .filter((e) => e.reference === loanId && e.kind === kind && e.state === 'BOOKED')
      .map((e) => `${e.bank} ${e.number} ${String(e.amountFen)}`);
  const allChannels = (deps: ActivityDeps, moment = '10:01', only?: string) =>
    deps.db('channel_decisions').insert(
      ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({
        channel,
        enabled: only === undefined || channel === only,
        actor: 't',
        reason: 'test',
        at: at(DAY, moment),
      })),
    );
  async function pay(
    deps: ActivityDeps,
    loanId: string,
    {
      serial,
      on = DAY,
      direction = 'payout',
    }: { readonly serial: number; readonly on?: import('../../../domain/time/dates').BusinessDate; readonly direction?: string },
  ): Promise<string> {
    const activities = createActivities(deps);
    const instructionId = `${direction}-${loanId}-${String(serial)}`;
    for (let n = 0; n < 4; n += 1) {
      const step = await activities.openPayout({ loanId, instructionId, at: at(on, '11:00'), businessDate: on });
      if (step.next !== 'SEND') return JSON.stringify(step);
      const call = { instructionId, attempt: step.attempt, at: at(on, '11:00') };
      let out: { state: string } = await desk.environment.run(activities.sendPayment, call);
      for (let q = 0; q < 2 && out.state !== 'SUCCEEDED' && out.state !== 'FAILED'; q += 1)
        out = await desk.environment.run(activities.queryPayment, call);
      if (out.state === 'SUCCEEDED') return `${step.channel} ${out.state}`;
    }
    return 'no';
  }
  async function command(
    deps: ActivityDeps,
    {
      operation,
      loanId,
      body,
      caller = 'operator:t',
      state,
    }: { readonly operation: string; readonly loanId: string; readonly body: object; readonly caller?: string; readonly state?: string },
  ) {
    const id = randomUUID();
    await deps.db('commands').insert({
      id,
      caller,
      idempotency_key: id,
      operation,
      subject: loanId,
      body_sha256: 'x',
      body: JSON.stringify(body),
      business_date: DAY,
      next_attempt_at: new Date(0),
      ...(state ? { state } : {}),
    });
    return id;
  }

  it('A1 two payments of one loan from a card that was named after the backup: the guard clears', async () => {
    const { loanId } = await desk.payOut(DAY);
    await allChannels(desk.deps);
    const backedUp = await backup();
    const { borrower_id: borrower } = await desk.deps.db('loans').where({ id: loanId }).first('borrower_id');
    const other = await desk.deps.borrowers.saveCard(desk.deps.db, borrower, '6222020000000000004');
    await desk.deps.db('loans').where({ id: loanId }).update({ bank_card_id: other });
    await desk.debit(loanId, DAY, 50_000, { presentment: 2 });
    await desk.debit(loanId, DAY, 40_000, { presentment: 3 });
    expect(await booked(loanId, 'DEBIT')).toHaveLength(2);
    const outcomes: string[] = [];
    for (let n = 1; n <= 2; n += 1)
      outcomes.push(
        await guard(backedUp, addDays(DAY, n)).then(
          (r) => JSON.stringify(r),
          (e: unknown) => `throws ${String(e)}`,
        ),
      );
    expect(outcomes.at(-1)).toContain('"unresolved":[]');
  });

  it('A2 a payout that came back and was made again after the backup: the guard clears', async () => {
    const { loanId } = await seedLoan(desk.deps);
    await allChannels(desk.deps, '09:00', 'wallet');
    const backedUp = await backup();
    await desk.banks.tell('scripts', { behaviour: 'returns', reference: loanId, bank: 'wallet', afterDays: 0 });
    expect(await pay(desk.deps, loanId, { serial: 1 })).toContain('SUCCEEDED');
    await desk.reconcile(addDays(DAY, 1));
    expect(await desk.deps.db('payment_instructions').where({ loan_id: loanId }).select('state')).toEqual([{ state: 'RETURNED' }]);
    const retry = await command(desk.deps, { operation: 'RETRY_PAYOUT', loanId, body: { reason: 'came back' } });
    expect((await desk.activities.applyLoanCommand({ commandId: retry, at: at(addDays(DAY, 2), '13:00') })).state).toBe('APPLIED');
    expect(await pay(desk.deps, loanId, { serial: 2, on: addDays(DAY, 2) })).toContain('SUCCEEDED');
    temporalKnows.add(`disbursement-payout-${loanId}-1`).add(`disbursement-payout-${loanId}-2`);
    const outcomes: string[] = [];
    for (let n = 3; n <= 4; n += 1)
      outcomes.push(
        await guard(backedUp, addDays(DAY, n)).then(
          (r) => JSON.stringify(r),
          (e: unknown) => `throws ${String(e)}`,
        ),
      );
    expect(outcomes.at(-1)).toContain('"unresolved":[]');
  });

  it('A3 a payout in the backup that came back after it and was made again: the guard knows the second', async () => {
    const { loanId } = await desk.payOut(DAY, { behaviour: 'returns', more: { afterDays: 0, bank: 'wallet' } });
    const backedUp = await backup();
    await desk.reconcile(addDays(DAY, 1));
    const retry = await command(desk.deps, { operation: 'RETRY_PAYOUT', loanId, body: { reason: 'came back' } });
    expect((await desk.activities.applyLoanCommand({ commandId: retry, at: at(addDays(DAY, 2), '13:00') })).state).toBe('APPLIED');
    expect(await pay(desk.deps, loanId, { serial: 2, on: addDays(DAY, 2) })).toContain('SUCCEEDED');
    expect(await booked(loanId)).toHaveLength(2);
    temporalKnows.add(`disbursement-payout-${loanId}-1`).add(`disbursement-payout-${loanId}-2`);
    const report = await guard(backedUp, addDays(DAY, 3));
    // What follows in the restored database: the file says that payout 1 came back, the treasurer retries.
    const { MockActivityEnvironment } = await import('@temporalio/testing');
    const again = createActivities(backedUp);
    await backedUp
      .db('channel_decisions')
      .insert({ channel: 'wallet', enabled: false, actor: 't', reason: 't', at: at(addDays(DAY, 2), '09:00') });
    await backedUp
      .db('channel_decisions')
      .insert({ channel: 'cardnet', enabled: true, actor: 't', reason: 't', at: at(addDays(DAY, 2), '09:00') });
    await new MockActivityEnvironment().run(again.reconcileThrough, {
      channel: 'wallet',
      through: addDays(DAY, 1),
      at: at(addDays(DAY, 3), '12:30'),
    });
    const retry2 = await command(backedUp, { operation: 'RETRY_PAYOUT', loanId, body: { reason: 'came back' } });
    await again.applyLoanCommand({ commandId: retry2, at: at(addDays(DAY, 3), '13:00') });
    const second = await pay(backedUp, loanId, { serial: 2, on: addDays(DAY, 3) });
    expect({ found: report.found, second, books: await booked(loanId) }).toEqual({
      found: [expect.stringContaining(`payout-${loanId}-2`)],
      second: expect.anything(),
      books: [expect.anything(), expect.anything()],
    });
  });

  it('A4 one PAY command moves money once, also when the backup caught it before it was applied', async () => {
    const { loanId } = await desk.payOut(DAY);
    await allChannels(desk.deps);
    const { borrower_id: borrower } = await desk.deps.db('loans').where({ id: loanId }).first('borrower_id');
    // Temporal is away: the API answered 202, the command waits for the relay. The backup is taken now.
    const id = await command(desk.deps, { operation: 'PAY', loanId, body: { amountFen: 50_000 }, caller: `borrower:${String(borrower)}` });
    const backedUp = await backup();
    // Temporal is back: the command is applied, and the debit is taken.
    const verdict = await desk.activities.applyLoanCommand({ commandId: id, at: at(DAY, '11:00') });
    expect(verdict.state).toBe('APPLIED');
    const open = {
      loanId,
      instructionId: `debit-${loanId}-${DAY}-2`,
      businessDate: DAY,
      presentment: 2,
      plannedAt: null,
      at: at(DAY, '11:00'),
    };
    const real = await desk.deps.db('payment_instructions').where({ loan_id: loanId, direction: 'DEBIT' }).first();
    Object.assign(open, { instructionId: real.id, businessDate: real.business_date, presentment: real.presentment });
    await desk.drive(real.id, real.business_date, await desk.activities.openDebit(open));
    expect(await booked(loanId, 'DEBIT')).toHaveLength(1);
    temporalKnows.add(`debit-${loanId}-${String(real.business_date)}-${String(real.presentment)}`);
    const report = await guard(backedUp, addDays(real.business_date, 1));
    expect(report.found).toHaveLength(2);
    // The relay of the restored database takes it up again; with attempts > 0 its updateId is a new one, so Temporal does not know it.
    const taken = await takeUndelivered(backedUp.db, 10);
    expect(taken).toEqual([]);
    const activities = createActivities(backedUp);
    const second = await activities.applyLoanCommand({ commandId: id, at: at(addDays(real.business_date, 1), '11:00') });
    const rows = await backedUp.db('payment_instructions').where({ loan_id: loanId, direction: 'DEBIT', state: 'AUTHORIZED' }).select();
    for (const row of rows)
      for (const step of [
        await activities.openDebit({
          loanId,
          instructionId: row.id,
          businessDate: row.business_date,
          presentment: row.presentment,
          plannedAt: null,
          at: at(row.business_date, '12:00'),
        }),
      ])
        if (step.next === 'SEND')
          await desk.environment.run(activities.sendPayment, {
            instructionId: row.id,
            attempt: step.attempt,
            at: at(row.business_date, '12:00'),
          });
    expect({ verdict: second.state, debits: await booked(loanId, 'DEBIT') }).toMatchObject({ debits: [expect.anything()] });
  });

  it('A5 a debit of an earlier business date that was presented late, after the backup, is found', async () => {
    const early = addDays(DAY, -10);
    const { loanId } = await desk.payOut(early);
    await desk.deps
      .db('channel_decisions')
      .insert(
        ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({ channel, enabled: true, actor: 't', reason: 't', at: at(early, '10:01') })),
      );
    const backedUp = await backup();
    // The workers were down for four days: the missed appointment is performed on DAY under its own business date.
    const late = addDays(DAY, -4);
    await desk.debit(loanId, late, 50_000, { presentment: 1 });
    expect(await booked(loanId, 'DEBIT')).toHaveLength(1);
    temporalKnows.add(`debit-${loanId}-${late}-1`);
    const report = await guard(backedUp);
    // What the loan's workflow does then: Temporal knows the child, and the loan waits for ever.
    const note = await createActivities(backedUp).noteKnownPayment({
      loanId,
      instructionId: `debit-${loanId}-${late}-1`,
      at: at(addDays(DAY, 1), '10:00'),
    });
    expect({ found: report.found.length, ...note }).toEqual({ found: 1, isForgotten: false });
  });

  it('A6 a refund of a loan that was paid out, repaid and refunded after the backup is found', async () => {
    const { loanId } = await seedLoan(desk.deps);
    await allChannels(desk.deps, '09:00', 'wallet');
    const backedUp = await backup();
    await pay(desk.deps, loanId, { serial: 1 });
    const { readLoanFile, recordOf } = await import('../../../db/loan/loan-file');
    const { loanAccountNow } = await import('../../../domain/loan/loan-account');
    const file = await readLoanFile(desk.deps.db, loanId);
    const { payoff } = loanAccountNow(recordOf(desk.deps.catalogue, file), DAY);
    await desk.debit(loanId, DAY, payoff.total + 5_000);
    expect(await pay(desk.deps, loanId, { serial: 1, on: DAY, direction: 'refund' })).toContain('SUCCEEDED');
    temporalKnows.add(`disbursement-payout-${loanId}-1`).add(`disbursement-refund-${loanId}-1`).add(`debit-${loanId}-${DAY}-2`);
    const report = await guard(backedUp, DAY, '20:00');
    await allChannels(backedUp, '12:00', 'cardnet');
    const before = (await desk.banks.books()).entries.filter((e) => e.number.startsWith('refund-')).length;
    const second = await pay(backedUp, loanId, { serial: 1, on: addDays(DAY, 1), direction: 'refund' }).catch(String);
    const after = (await desk.banks.books()).entries
      .filter((e) => e.number.startsWith('refund-') && e.state === 'BOOKED')
      .map((e) => `${e.bank} ${e.number} ${String(e.amountFen)}`);
    const { status } = await backedUp.db('loans').where({ id: loanId }).first('status');
    expect({ found: report.found.length, before, after }).toEqual({ found: 3, before, after: [expect.anything()] });
    expect([status, second]).toEqual(['ACTIVE', expect.stringContaining('SUCCEEDED')]);
  });

  it('A7 the fourth payout that was approved after the backup is found', async () => {
    const { loanId } = await seedLoan(desk.deps);
    await allChannels(desk.deps, '09:00');
    const backedUp = await backup();
    for (let serial = 1; serial <= 4; serial += 1) {
      if (serial < 4)
        for (const bank of ['wallet', 'cardnet', 'bankdirect'])
          await desk.banks.tell('scripts', { behaviour: 'refused', reference: loanId, bank });
      if (serial > 1) {
        const retry = await command(desk.deps, { operation: 'RETRY_PAYOUT', loanId, body: { reason: 'again' } });
        expect((await desk.activities.applyLoanCommand({ commandId: retry, at: at(DAY, '11:00') })).state).toBe('APPLIED');
      }
      await pay(desk.deps, loanId, { serial });
      temporalKnows.add(`disbursement-payout-${loanId}-${String(serial)}`);
    }
    expect(await booked(loanId)).toHaveLength(1);
    const report = await guard(backedUp);
    expect({ found: report.found, unresolved: report.unresolved }).toEqual({
      found: expect.arrayContaining([expect.stringContaining(`payout-${loanId}-4`)]),
      unresolved: [],
    });
  });

  it('A8 an application that was being reviewed in the backup, and whose loan was paid out since, is not paid out again', async () => {
    const { loanId } = await seedLoan(desk.deps);
    const backedUp = await backup();
    const loan = await backedUp.db('loans').where({ id: loanId }).first();
    await withClient(restored!.ownerUrl, (c) =>
      c.query(`SET session_replication_role = replica; DELETE FROM loans; UPDATE applications SET status = 'FOUR_EYES'`),
    );
    await desk.deps.db('channel_decisions').insert({ channel: 'wallet', enabled: false, actor: 't', reason: 'test', at: at(DAY, '09:00') });
    await pay(desk.deps, loanId, { serial: 1 });
    temporalKnows.add(`disbursement-payout-${loanId}-1`).add(`loan-${loanId}`);
    await guard(backedUp, addDays(DAY, 4));
    const { status } = await backedUp.db('applications').where({ id: loanId }).first('status');
    // An operator approves, the borrower signs: the loan is born once more, under the same numbers.
    await withClient(restored!.ownerUrl, (c) =>
      c.query(`SET session_replication_role = replica; UPDATE applications SET status = 'READY_TO_DISBURSE'`),
    );
    await backedUp.db('loans').insert({
      id: loan.id,
      borrower_id: loan.borrower_id,
      product_id: loan.product_id,
      product_version: loan.product_version,
      bank_card_id: loan.bank_card_id,
      principal_fen: loan.principal_fen,
      currency: 'CNY',
      annual_rate: loan.annual_rate,
      term_months: loan.term_months,
      opened_on: loan.opened_on,
    });
    const second = status === 'WITHDRAWN' ? 'none' : await pay(backedUp, loanId, { serial: 1, on: addDays(DAY, 5) });
    expect({ status, second, books: await booked(loanId) }).toMatchObject({ books: [expect.anything()] });
  });

  it('A9 an operator who was dismissed after the backup stays dismissed when the database is restored', async () => {
    await enlist(desk.deps.db, 'thief');
    const backedUp = await backup();
    const owner = createDb(desk.database.ownerUrl, 1);
    await dismissOperator(owner, 'thief', 'stole').finally(() => owner.destroy());
    await guard(backedUp);
    const api = await startApi(backedUp, unreachableTemporal(1));
    const token = await signAsOperator((await keyOf('thief')).privateKey, 'thief');
    const { status } = await api.request('POST', '/v1/ops/channels/wallet/decision', {
      token,
      body: { enabled: false, reason: 'revenge' },
    });
    await api.close();
    expect(status).toBe(401);
  });

  it('A10 the seventh payment of a day is found', async () => {
    const { loanId } = await desk.payOut(DAY);
    await allChannels(desk.deps);
    const backedUp = await backup();
    for (let presentment = 2; presentment <= 8; presentment += 1) {
      await desk.debit(loanId, DAY, 10_000, { presentment });
      temporalKnows.add(`debit-${loanId}-${DAY}-${String(presentment)}`);
    }
    expect(await booked(loanId, 'DEBIT')).toHaveLength(7);
    const report = await guard(backedUp);
    expect(report.found).toHaveLength(7);
  });

  it('A11 a scheduled debit that gave way before the backup is still presented', async () => {
    const { loanId } = await desk.payOut(businessDate('2026-10-23'));
    await desk.deps.db('channel_decisions').insert(
      ['wallet', 'cardnet', 'bankdirect'].map((channel) => ({
        channel,
        enabled: true,
        actor: 't',
        reason: 't',
        at: at(addDays(DAY, -20), '10:01'),
      })),
    );
    const id2 = `debit-${loanId}-${DAY}-2`;
    await desk.deps.db('payment_instructions').insert({
      id: id2,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: 10_000,
      business_date: DAY,
      presentment: 2,
      state: 'AUTHORIZED',
    });
    const gave = await desk.activities.openDebit({
      loanId,
      instructionId: `debit-${loanId}-${DAY}-1`,
      businessDate: DAY,
      presentment: 1,
      plannedAt: at(DAY, '09:00'),
      at: at(DAY, '09:00'),
    });
    expect(gave).toMatchObject({ state: 'GAVE_WAY' });
    temporalKnows.add(`debit-${loanId}-${DAY}-1`).add(`debit-${loanId}-${DAY}-2`);
    await desk.banks.tell('scripts', { behaviour: 'no-funds', reference: loanId });
    await desk.drive(
      id2,
      DAY,
      await desk.activities.openDebit({
        loanId,
        instructionId: id2,
        businessDate: DAY,
        presentment: 2,
        plannedAt: null,
        at: at(DAY, '10:00'),
      }),
    );
    for (let n = 0; n < 6; n += 1) {
      const { appointment } = await desk.activities.lookAhead({ loanId, at: at(DAY, '10:20') });
      if (appointment.kind === 'DEBIT' || appointment.at === null || appointment.at > at(DAY, '10:20')) break;
      await desk.activities.performAppointment({ loanId, appointment, at: at(DAY, '10:20') });
    }
    const backedUp = await backup();
    const before = await createActivities(backedUp).lookAhead({ loanId, at: at(DAY, '10:30') });
    const report = await guard(backedUp, DAY);
    const after = await createActivities(backedUp).lookAhead({ loanId, at: at(DAY, '10:30') });
    const made = await backedUp
      .db('payment_instructions')
      .where({ id: `debit-${loanId}-${DAY}-1` })
      .first('state', 'amount_fen', 'failure_code');
    const of = (a: { appointment: { kind: string; businessDate: string; round?: number } }) => ({
      kind: a.appointment.kind,
      on: a.appointment.businessDate,
      round: a.appointment.round,
    });
    expect({ before: of(before), after: of(after), made, found: report.found }).toEqual({
      before: of(before),
      after: of(before),
      made: undefined,
      found: [],
    });
  });

  it('A12 the refund of a loan that was written off, made after the backup, is found', async () => {
    const { loanId } = await desk.payOut(DAY);
    await allChannels(desk.deps);
    const { readLoanFile, recordOf } = await import('../../../db/loan/loan-file');
    const { loanAccountNow } = await import('../../../domain/loan/loan-account');
    const { payoff } = loanAccountNow(recordOf(desk.deps.catalogue, await readLoanFile(desk.deps.db, loanId)), DAY);
    await desk.deps.db('loans').where({ id: loanId }).update({ status: 'CLOSED_WRITTEN_OFF', closed_on: DAY });
    const backedUp = await backup();
    await desk.debit(loanId, DAY, payoff.total + 5_000);
    const look = await pay(desk.deps, loanId, { serial: 1, on: DAY, direction: 'refund' });
    temporalKnows.add(`disbursement-refund-${loanId}-1`).add(`debit-${loanId}-${DAY}-2`);
    const report = await guard(backedUp);
    expect({ look, found: report.found.length }).toEqual({ look: 'wallet SUCCEEDED', found: 2 });
  });

  it('A13 a payout that is found a day after it was made is confirmed, and what was repaid since is found', async () => {
    const { loanId } = await seedLoan(desk.deps);
    await allChannels(desk.deps, '09:00', 'wallet');
    const backedUp = await backup();
    expect(await pay(desk.deps, loanId, { serial: 1 })).toContain('SUCCEEDED');
    await desk.debit(loanId, DAY, 50_000, { presentment: 2 });
    temporalKnows.add(`disbursement-payout-${loanId}-1`).add(`debit-${loanId}-${DAY}-2`);
    const report = await guard(backedUp);
    const activities = createActivities(backedUp);
    const { MockActivityEnvironment } = await import('@temporalio/testing');
    const call = { instructionId: `payout-${loanId}-1`, attempt: 1, at: at(addDays(DAY, 1), '11:00') };
    const asked = await new MockActivityEnvironment().run(activities.queryPayment, call);
    const reconciled = await new MockActivityEnvironment()
      .run(activities.reconcileThrough, { channel: 'wallet', through: DAY, at: at(addDays(DAY, 1), '12:30') })
      .then(() => 'ok', String);
    const { status } = await backedUp.db('loans').where({ id: loanId }).first('status');
    const breaks = await backedUp.db('breaks').select('code', 'number', 'state');
    const look = await activities.lookAhead({ loanId, at: at(addDays(DAY, 1), '13:00') });
    const note = await activities.noteKnownPayment({ loanId, instructionId: `payout-${loanId}-1`, at: at(addDays(DAY, 1), '13:00') });
    expect({
      found: report.found,
      unresolved: report.unresolved,
      asked: (asked as { state: string }).state,
      reconciled,
      status,
      breaks,
      next: look.appointment.kind,
      note,
    }).toEqual({
      found: [expect.stringContaining('payout-'), expect.stringContaining('debit-')],
      unresolved: [],
      asked: 'SUCCEEDED',
      reconciled: 'ok',
      status: 'ACTIVE',
      breaks: [],
      next: 'REMIND',
      note: { isForgotten: false },
    });
  });

  it('A14 a payment that is asked for before the guard has cleared takes no number, and is refused with the reason', async () => {
    const { loanId } = await desk.payOut(DAY);
    await allChannels(desk.deps);
    const backedUp = await backup();
    await desk.debit(loanId, DAY, 100, { presentment: 2 });
    const id = await command(backedUp, { operation: 'PAY', loanId, body: { amountFen: 306_198 }, caller: 'borrower:b' });
    const verdict = await createActivities(backedUp).applyLoanCommand({ commandId: id, at: at(DAY, '11:00') });
    const given = await backedUp.db('payment_instructions').where({ loan_id: loanId, direction: 'DEBIT' }).pluck<string[]>('id');
    expect([verdict.state, verdict.code, given]).toEqual(['REJECTED', 'RESTORE_NOT_CLEARED', []]);
  });

  it('A15 a number that the lost time gave to 1.00 yuan and that was given out again for more: neither counts as paid, people look', async () => {
    const { loanId } = await desk.payOut(DAY);
    await allChannels(desk.deps);
    const backedUp = await backup();
    const id = await desk.debit(loanId, DAY, 100, { presentment: 2 });
    await backedUp.db('payment_instructions').insert({
      id,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: 306_198,
      business_date: DAY,
      presentment: 2,
      state: 'AUTHORIZED',
    });
    await guard(backedUp);
    const repaid = await backedUp.db('loan_transactions').where({ loan_id: loanId, type: 'REPAYMENT' }).pluck<number[]>('amount_fen');
    const breaks = await backedUp.db('breaks').where({ loan_id: loanId }).pluck<string[]>('code');
    expect({ repaid, breaks }).toEqual({ repaid: [], breaks: ['AMOUNT'] });
  });
});
