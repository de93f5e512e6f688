import { readLoanFile } from '../../db/loan/loan-file';
import { businessNow, whileHoldingClock } from '../../db/clock';
import { addDays, at, monthsFromAnchor, type BusinessDate } from '../../domain/time/dates';
import { advanceClock } from '../../dev/clock';
import { repair } from '../../ops/audit/doctor';
import { orphans } from '../../ops/audit/workflows';
import { checkInvariants, loansWithoutWorkflow } from '../../ops/audit/invariants';
import { searchAttributes } from '../../workflows/search-attributes';
import { eventually, withServedWorld, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';
import { taskQueues } from '../../domain/ids';
import { debitWorkflowId, keys, workflowShapes } from '../../domain/keys';

describe('on the dev server, under the sandbox clock', () => {
  let world: World;

  withServedWorld({ server: 'dev' }, (served) => {
    world = served;
  });

  const clock = () => ({ db: world.deps.db, client: world.client, isSandbox: true, restoreEpoch: () => world.deps.restoreEpoch() });
  const active = (loanId: string) =>
    eventually('the payout', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'ACTIVE');

  async function runsOf(loanId: string): Promise<number> {
    let runs = 0;
    const { workflowService } = world.client;
    let runId: string | undefined = (await world.client.workflow.getHandle(workflowShapes.loan(loanId)).describe()).runId;
    while (runId !== undefined && runId !== '') {
      runs += 1;
      const history: {
        history?: {
          events?: { workflowExecutionStartedEventAttributes?: { continuedExecutionRunId?: string | null } | null }[] | null;
        } | null;
      } = await workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId: workflowShapes.loan(loanId), runId },
        maximumPageSize: 1,
      });
      runId = history.history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? undefined;
    }
    return runs;
  }

  /** What the Web UI's timeline says of each timer, activity and child; '' where one says nothing. */
  async function summariesOf(workflowId: string): Promise<{ type: string; text: string }[]> {
    const history = await world.client.workflow.getHandle(workflowId).fetchHistory();
    return (history.events ?? []).flatMap((event) => {
      const isCommand =
        event.timerStartedEventAttributes ??
        event.activityTaskScheduledEventAttributes ??
        event.startChildWorkflowExecutionInitiatedEventAttributes ??
        (event.markerRecordedEventAttributes?.markerName === 'core_local_activity' ? event.markerRecordedEventAttributes : undefined);
      if (!isCommand) return [];
      const data = event.userMetadata?.summary?.data;
      return [{ type: String(event.eventType), text: data ? String(JSON.parse(Buffer.from(data).toString())) : '' }];
    });
  }

  it('keeps every due date over at least six continue-as-news, books and ledger closed daily', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 22 });
    await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    await active(loanId);
    const { today } = await businessNow(world.deps.db);
    await advanceClock(clock(), at(addDays(today, 22 * 31), '15:00'));

    const file = await readLoanFile(world.deps.db, loanId);
    expect(file.loan.status).toBe('CLOSED_OBLIGATIONS_MET');
    const activatedOn = file.loan.activated_on as BusinessDate;
    const dueDates = Array.from({ length: 22 }, (_, index) => monthsFromAnchor(activatedOn, index + 1));
    expect(file.instructions.filter((each) => each.direction === 'DEBIT').map((each) => each.businessDate)).toEqual(dueDates);
    expect(file.facts.filter((fact) => fact.type === 'REPAYMENT').map((fact) => fact.valueDate)).toEqual(dueDates);
    expect(await runsOf(loanId)).toBeGreaterThanOrEqual(7);
    for (const check of await checkInvariants({ db: world.deps.db, client: world.client, books: await world.banks.books() }))
      expect(check.violations).toEqual([]);
    const closes = await world.deps.db('business_day_closes').count<{ count: number }[]>('* as count');
    expect(closes[0]!.count).toBeGreaterThan(600);
    const accrued = await world.deps.db('loan_accruals').where({ loan_id: loanId }).sum<{ sum: string }[]>('amount_fen as sum');
    expect(Number(accrued[0]!.sum)).toBe(file.schedule.reduce((sum, row) => sum + row.interest, 0));
  });

  it('restarts a terminated loan from Postgres alone, without a second payout', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 2 });
    const handle = await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    await active(loanId);
    await handle.terminate('an operator slipped');
    expect(await loansWithoutWorkflow(world.deps.db, world.client)).toEqual([loanId]);
    expect(await repair(world.deps.db, world.client)).toContain(`loan-${loanId}`);
    expect(await orphans(world.deps.db, world.client)).toEqual([]);
    const { today } = await businessNow(world.deps.db);
    await advanceClock(clock(), at(addDays(today, 70), '15:00'));
    const file = await readLoanFile(world.deps.db, loanId);
    expect(file.loan.status).toBe('CLOSED_OBLIGATIONS_MET');
    const { entries } = await world.banks.books();
    expect(entries.filter((entry) => entry.reference === loanId && entry.kind === 'PAYOUT')).toHaveLength(1);
    expect(entries.filter((entry) => entry.reference === loanId && entry.kind === 'DEBIT' && entry.state === 'BOOKED')).toHaveLength(2);
  });

  it('shows operators what a loan waits for, and finds it by its search attributes', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 3 });
    await world.banks.script({ kind: 'DEBIT', reference: loanId, behaviour: 'no-funds', times: 50 });
    await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    await active(loanId);
    const { today } = await businessNow(world.deps.db);
    await advanceClock(clock(), at(addDays(today, 36), '15:00'));
    const found = await eventually('the loan in the list', async () => {
      for await (const workflow of world.client.workflow.list({ query: `DelinquencyBucket = 'DPD_1_30' AND ExecutionStatus = 'Running'` }))
        if (workflow.workflowId === workflowShapes.loan(loanId)) return workflow;
      return undefined;
    });
    expect(found.typedSearchAttributes.get(searchAttributes.loanStatus)).toBe('ACTIVE');
    const metadata = await world.client.workflow
      .getHandle(workflowShapes.loan(loanId))
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('| Waiting for |');
    expect(metadata.currentDetails).toContain('DPD_1_30');
    expect(metadata.currentDetails).toContain(`npx loan ops hold ${loanId}`);
    expect(metadata.currentDetails).toContain(encodeURIComponent(`"loan-${loanId}"`));
    const due = (await readLoanFile(world.deps.db, loanId)).schedule[0]!.dueOn;
    const debit = await summariesOf(debitWorkflowId(loanId, due, 1));
    const loan = await summariesOf(workflowShapes.loan(loanId));
    expect(
      loan
        .concat(debit, await summariesOf(workflowShapes.disbursement(keys.payoutInstruction(loanId, 1))))
        .filter((each) => each.text === ''),
    ).toEqual([]);
    const told = loan.map(({ text }) => text);
    expect(told.join('\n')).toMatch(/^until \d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d: debit of installment 1, due \d+ [A-Z][a-z]{2}$/m);
    expect(told.join('\n')).toMatch(/^SMS about installment 1, due \d+ [A-Z][a-z]{2}, 1 days past due$/m);
    expect(told.concat(debit.map(({ text }) => text)).filter((text) => /\d\.\d\d/.test(text))).toEqual([]);
  });

  it('goes on while payments wait for the restore guard, which may wait for a bank’s day to pass', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 2 });
    await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    await active(loanId);
    const { today } = await businessNow(world.deps.db);
    const epoch = jest.spyOn(world.deps, 'restoreEpoch').mockResolvedValue(2);
    await advanceClock(clock(), at(addDays(today, 36), '15:00'));
    expect((await businessNow(world.deps.db)).today).toBe(addDays(today, 36));
    expect((await readLoanFile(world.deps.db, loanId)).facts.map(({ type }) => type)).toEqual(['DISBURSEMENT']);
    epoch.mockRestore();
    await advanceClock(clock(), at(addDays(today, 38), '15:00'));
    expect((await readLoanFile(world.deps.db, loanId)).facts.map(({ type }) => type)).toContain('REPAYMENT');
  });

  it('goes on while a case waits for a channel that takes no task before the restore guard has cleared', async () => {
    const { db } = world.deps;
    const { loanId } = await seedLoan(world.deps, { termMonths: 2 });
    await startLoan(world.client, loanId, (await businessNow(db)).now);
    await active(loanId);
    const { now, today } = await businessNow(db);
    const id = `untaken-${loanId}`;
    const about = {
      channel: 'elsewhere',
      code: 'LONG',
      number: `payout-${loanId}-9a1`,
      amount_fen: -100,
      expected_fen: 0,
      suspense_fen: -100,
    };
    const due = { business_date: today, opened_at: now, due_on: addDays(today, 9) };
    await db('breaks').insert({ id, key: id, ...about, ...due, owner: 'operations', is_urgent: false });
    const handle = await world.client.workflow.start('resolveBreak', {
      workflowId: workflowShapes.break(id),
      taskQueue: taskQueues.loans,
      args: [{ breakId: id, now }],
    });
    await eventually('a question that nobody takes', async () => ((await handle.describe()).raw.pendingActivities?.length ?? 0) > 0);
    const epoch = jest.spyOn(world.deps, 'restoreEpoch').mockResolvedValue(2);
    await advanceClock(clock(), at(addDays(today, 2), '15:00'));
    expect((await businessNow(db)).today).toBe(addDays(today, 2));
    epoch.mockRestore();
    await handle.terminate('the test is over');
    await db('breaks')
      .where({ id })
      .update({ state: 'HEALED', closed_on: addDays(today, 2) });
  });

  it('refuses to be cancelled, and calls for a person instead', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 2 });
    const handle = await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    await active(loanId);
    await handle.cancel();
    const attention = await eventually(
      'the call for a person',
      async () => (await readLoanFile(world.deps.db, loanId)).loan.needs_attention ?? undefined,
    );
    expect(attention).toContain('cancellation of the workflow was requested and refused');
    expect((await handle.describe()).status.name).toBe('RUNNING');
  });

  it('refuses to move outside a sandbox, and never backwards', async () => {
    const { today } = await businessNow(world.deps.db);
    await expect(advanceClock({ ...clock(), isSandbox: false }, at(addDays(today, 1), '10:00'))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(advanceClock(clock(), at(addDays(today, -1), '10:00'))).rejects.toMatchObject({ code: 'INVALID_DATE' });
  });

  it('is moved by one at a time', async () => {
    const { now, today } = await businessNow(world.deps.db);
    const tomorrow = at(addDays(today, 1), '23:00');
    await whileHoldingClock(world.deps.db, async () => {
      await expect(advanceClock(clock(), tomorrow)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
    expect(Date.parse((await businessNow(world.deps.db)).now) - Date.parse(now)).toBeLessThan(60_000);
    await advanceClock(clock(), tomorrow);
    expect((await businessNow(world.deps.db)).today).toBe(addDays(today, 1));
  });
});
