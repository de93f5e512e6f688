import { Readable } from 'node:stream';
import { decideClearing, proposeClearing } from '../../../services/reconciliation/clear-breaks';
import { createActivities } from '../../../activities/index';
import { guardAfterRestore } from '../../../services/payment/restore-guard';
import type { Channel } from '../../../channels/port';
import { createDb } from '../../../db/pool';
import { trialBalance } from '../../../db/ledger/journal';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { settlementDifferences } from '../../../db/reconciliation/settlement';
import { addDays, at, businessDate } from '../../../domain/time/dates';
import type { StatementLine } from '../../../domain/reconciliation/reconciliation';
import { loanAccountNow } from '../../../domain/loan/loan-account';
import { checkInvariants } from '../../../ops/audit/invariants';
import { createTestDatabase, urlsOf } from '../../support/database';
import { PaymentDesk, noonAfter } from '../../support/payment-desk';
import { seedLoan } from '../../support/seed';
import { fileKeys } from '../../support/keepers';
import { createDeps, startBanks } from '../../support/world';
import { MockActivityEnvironment } from '@temporalio/testing';
import { withClient } from '../../../db/owner';
import { CHANNEL_NAMES } from '../../../channels/names';

const DAY = businessDate('2026-11-23');

describe('reconciliation of what is doubtful', () => {
  let desk: PaymentDesk;
  beforeEach(async () => {
    desk = await PaymentDesk.open();
  });
  afterEach(() => desk.close());
  const inject = (name: string, day: string, lines: StatementLine[]) => {
    const inner = desk.deps.channels.get(name)!;
    const wrapped: Channel = {
      ...inner,
      statement: (date, asOf, signal) =>
        date === day
          ? Promise.resolve({ state: 'READY', content: Readable.from([Buffer.from('x')]) })
          : inner.statement(date, asOf, signal),
      async *readStatement(content, date) {
        if (date !== day) return yield* inner.readStatement(content, date);
        content.resume();
        yield lines;
      },
    };
    (desk.deps.channels as Map<string, Channel>).set(name, wrapped);
  };
  const settlement = async () =>
    Object.fromEntries((await trialBalance(desk.deps.db)).map((r) => [r.account, r.debit - r.credit]))['settlement:wallet'];

  it('money that comes back twice is noticed', async () => {
    const { number } = await desk.payOut(DAY, { behaviour: 'returns', more: { afterDays: 1 } });
    await desk.reconcile(addDays(DAY, 1));
    const before = await settlement();
    const day = addDays(DAY, 2);
    inject('wallet', day, [
      {
        number,
        kind: 'RETURN',
        amount: 1_200_000 as never,
        fee: 0 as never,
        booked: true,
        accountTail: '1111',
        valueDate: day,
        comesIn: true,
      },
    ]);
    await desk.banks.tell('house-bank-faults', { bank: 'wallet', date: day, offFen: 1_200_000 });
    await desk.reconcile(day);
    const breaks = await desk.deps.db('breaks').select('code', 'state', 'business_date', 'suspense_fen', 'number');
    expect(breaks.filter((each) => each.business_date === day)).toMatchObject([
      { code: 'DUPLICATE', suspense_fen: 1_200_000, number: expect.stringContaining(number) },
    ]);
    expect((await settlement())! - before!).toBe(1_200_000);
    expect(await settlementDifferences(desk.deps.db)).toEqual([]);
  });

  it('a break that two people have cleared is not recalled', async () => {
    const { loanId } = await desk.payOut(DAY);
    const paid = await desk.debit(loanId, DAY, 50_000, { behaviour: 'refused-but-paid' });
    const { channel } = await desk.deps.db('payment_attempts').where({ instruction_id: paid }).first('channel');
    await desk.reconcile(DAY, noonAfter(DAY), channel);
    const { id: breakId } = await desk.deps.db('breaks').where({ code: 'PAID_AFTER_FAILURE' }).first('id');
    const now = noonAfter(DAY);
    await proposeClearing(desk.deps.db, { breakId, actor: 'operator:li', reason: 'theirs', at: now, proposal: 'APPLY' });
    await decideClearing(desk.deps, { breakId, actor: 'operator:wang', reason: 'yes', at: now, approve: true });
    let recalled = 0;
    const inner = desk.deps.channels.get(channel)!;
    (desk.deps.channels as Map<string, Channel>).set(channel, {
      ...inner,
      recall: (order, signal) => ((recalled += 1), inner.recall(order, signal)),
    });
    await desk.environment.run(desk.activities.recallForBreak, { breakId, at: now });
    await desk.reconcile(addDays(DAY, 2), noonAfter(addDays(DAY, 2)), channel);
    const account = loanAccountNow(recordOf(desk.deps.catalogue, await readLoanFile(desk.deps.db, loanId)), addDays(DAY, 2));
    const breaks = await desk.deps.db('breaks').where({ channel }).select('code', 'state', 'suspense_fen', 'proposal');
    const books = (await desk.banks.books()).entries
      .filter((e) => e.reference === loanId)
      .map((e) => `${e.kind} ${String(e.amountFen)} ${e.valueDate}`);
    expect([recalled, breaks.map((each) => each.state)]).toEqual([0, ['CLEARED']]);
    expect(account.outstanding.principal).toBeLessThan(1_200_000);
    expect(books.filter((entry) => entry.startsWith('RETURN'))).toEqual([]);
  });

  it('a day that is read again, because the house bank was away, releases what came back once', async () => {
    const { loanId } = await desk.payOut(DAY);
    const paid = await desk.debit(loanId, DAY, 50_000, { behaviour: 'refused-but-paid' });
    const { channel, number } = await desk.deps.db('payment_attempts').where({ instruction_id: paid }).first('channel', 'number');
    await desk.reconcile(DAY, noonAfter(DAY), channel);
    const back = addDays(DAY, 1);
    await desk.banks.tell('returns', { bank: channel, number, asOf: at(DAY, '15:00') });
    await desk.banks.tell('house-bank-outages', { until: at(addDays(back, 3), '12:00') });
    await desk.reconcile(back, noonAfter(back), channel);
    await desk.reconcile(back, noonAfter(addDays(back, 4)), channel);
    const breaks = await desk.deps.db('breaks').where({ channel, number }).select('code', 'state', 'suspense_fen');
    expect(breaks).toEqual([{ code: 'PAID_AFTER_FAILURE', state: 'HEALED', suspense_fen: 0 }]);
    const days = await desk.deps.db('reconciliations').where({ channel, business_date: back }).select('bank_net_fen');
    expect(days).toEqual([{ bank_net_fen: -50_000 }]);
  });

  it('money of the borrower that arrives after the loan was closed can be given back', async () => {
    const { loanId } = await desk.payOut(DAY);
    const late = await desk.debit(loanId, DAY, 50_000, { behaviour: 'refused-but-paid' });
    const { channel } = await desk.deps.db('payment_attempts').where({ instruction_id: late }).first('channel');
    const { payoff } = loanAccountNow(recordOf(desk.deps.catalogue, await readLoanFile(desk.deps.db, loanId)), DAY);
    await desk.debit(loanId, DAY, payoff.total, { presentment: 3 });
    const settle = (await desk.activities.lookAhead({ loanId, at: at(DAY, '12:00') })).appointment;
    await desk.activities.performAppointment({ loanId, appointment: settle, at: at(DAY, '12:00') });
    await desk.reconcile(DAY, noonAfter(DAY), channel);
    const row = await desk.deps.db('breaks').where({ code: 'PAID_AFTER_FAILURE' }).first('id', 'suspense_fen');
    const tried: string[] = [];
    for (const proposal of ['ACCEPT', 'APPLY', 'WRITE_OFF'] as const)
      await proposeClearing(desk.deps.db, { breakId: row.id, actor: 'operator:li', reason: 'theirs', at: noonAfter(DAY), proposal }).then(
        () => tried.push(`${proposal}: taken`),
        (error: unknown) => tried.push(`${proposal}: ${String((error as { code?: string }).code)}`),
      );
    expect(tried.some((t) => t.startsWith('APPLY: taken'))).toBe(true);
  });

  it('a line that Postgres cannot store refuses the file', async () => {
    await desk.payOut(DAY);
    inject('wallet', DAY, [
      {
        number: 'abc\u0000def',
        kind: 'DEBIT',
        amount: 5 as never,
        fee: 0 as never,
        booked: true,
        accountTail: '1111',
        valueDate: DAY,
        comesIn: true,
      },
    ]);
    const outcome = await desk.reconcile(DAY).then(
      (r) => JSON.stringify(r),
      (error: unknown) => String(error),
    );
    expect(outcome).toContain('refused');
  });
});

it('a database that is restored to before a payout does not pay again', async () => {
  const first = await createTestDatabase();
  const banks = await startBanks();
  const keys = fileKeys();
  let deps = createDeps(first, banks, [], { keys });
  const { loanId } = await seedLoan(deps);
  const on = businessDate('2026-11-25');
  const name = first.appUrl.split('/').at(-1)!.split('?')[0]!;
  await first.db.destroy();
  const { adminUrl } = urlsOf(name);
  const copy = `${name}_backup`;
  await withClient(adminUrl, async (client) => {
    await client.query(`CREATE DATABASE ${copy} TEMPLATE ${name}`);
  });
  const pay = async (db: string, only: string, restoreEpoch: number) => {
    const pool = createDb(urlsOf(db).appUrl, 5);
    deps = createDeps({ ...first, db: pool }, banks, [], { keys, restoreEpoch });
    await pool('channel_decisions').insert(
      CHANNEL_NAMES.map((n) => ({ channel: n, enabled: n === only, actor: 't', reason: 'how they were doing then', at: at(on, '09:00') })),
    );
    const activities = createActivities(deps);
    const instructionId = `payout-${loanId}-1`;
    const open = () => activities.openPayout({ loanId, instructionId, at: at(on, '10:00'), businessDate: on });
    if (restoreEpoch > 1) {
      await expect(open()).rejects.toMatchObject({ type: 'RESTORE_NOT_CLEARED' });
      const guarded = await guardAfterRestore(deps, {
        restoredTo: on,
        now: at(on, '12:00'),
        actor: 'operator:li',
        signal: new AbortController().signal,
        knows: () => Promise.resolve(false),
      });
      expect(guarded).toMatchObject({ found: [`${instructionId}a1 at wallet`], unresolved: [] });
    }
    const step = await open();
    if (step.next === 'SEND') {
      const call = { instructionId, attempt: step.attempt, at: at(on, '10:00') };
      await new MockActivityEnvironment().run(activities.sendPayment, call);
      await new MockActivityEnvironment().run(activities.queryPayment, call);
    }
    const state = await pool('payment_instructions').where({ id: instructionId }).first('state');
    const checks = (await checkInvariants({ db: pool })).filter((c) => c.violations.length > 0).map((c) => c.invariant);
    await pool.destroy();
    return { state, checks };
  };
  expect(await pay(name, 'wallet', 1)).toMatchObject({ state: { state: 'SUCCEEDED' } });
  expect(await pay(copy, 'cardnet', 2)).toEqual({ state: { state: 'SUCCEEDED' }, checks: [] }); // after the restore the wallet is out of favour
  const paid = (await banks.books()).entries.filter((e) => e.reference === loanId);
  await withClient(adminUrl, async (c) => {
    await c.query(`DROP DATABASE IF EXISTS ${copy} WITH (FORCE)`);
    await c.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  await banks.close();
  expect(paid).toHaveLength(1);
});
