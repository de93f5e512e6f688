import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { Verdict } from '../../services/commands';
import { readApplication, readDecisions } from '../../db/application/applications';
import { storeCommand, type Operation } from '../../db/commands';
import { businessDateOf, instant } from '../../domain/time/dates';
import { taskQueues } from '../../domain/ids';
import { applicationUpdates } from '../../workflows/originate-loan.messages';
import { eventually, withServedWorld, type World } from '../support/world';
import { readDisclosure, seedApplication } from '../support/seed';
import { workflowShapes } from '../../domain/keys';

// The clock moves by sleep() alone: awaiting result() lets this server leap to the ten-year default timeout.
describe('originateLoan', () => {
  let world: World;

  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  const start = (applicationId: string) =>
    world.client.workflow.start('originateLoan', {
      workflowId: workflowShapes.application(applicationId),
      taskQueue: taskQueues.loans,
      args: [{ applicationId, now: instant(Date.now()) }],
    });

  async function now() {
    return instant(await world.environment!.currentTimeMs());
  }

  async function send(
    handle: WorkflowHandle,
    applicationId: string,
    operation: Operation & keyof typeof applicationUpdates,
    body: Record<string, string> = {},
  ): Promise<Verdict> {
    const id = randomUUID();
    const at = await now();
    await storeCommand(world.deps.db, {
      id,
      caller: 'borrower:test',
      idempotencyKey: id,
      operation,
      subject: applicationId,
      bodySha256: id,
      body,
      businessDate: businessDateOf(at),
    });
    return handle.executeUpdate(applicationUpdates[operation], { args: [{ commandId: id, at }], updateId: id });
  }

  const status = async (id: string) => (await readApplication(world.deps.db, id)).status;
  const untilStatus = (id: string, wanted: string) => eventually(`status ${wanted}`, async () => (await status(id)) === wanted, 15_000);

  it('goes from draft to an offer, and the offer expires when nobody accepts it', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await start(applicationId);
    expect(await send(handle, applicationId, 'SUBMIT')).toMatchObject({ state: 'APPLIED' });
    await untilStatus(applicationId, 'OFFERED');
    await world.environment!.sleep('73 hours');
    await untilStatus(applicationId, 'EXPIRED');
  });

  it('cancels free of charge inside the reflection period: no loan, nothing paid', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await start(applicationId);
    await send(handle, applicationId, 'SUBMIT');
    await untilStatus(applicationId, 'OFFERED');
    await readDisclosure(world.deps, applicationId);
    await send(handle, applicationId, 'ACCEPT_OFFER');
    expect(await status(applicationId)).toBe('REFLECTION_PERIOD');
    expect(await send(handle, applicationId, 'CANCEL')).toMatchObject({ state: 'APPLIED' });
    await untilStatus(applicationId, 'WITHDRAWN');
    expect(await world.deps.db('loans').where({ id: applicationId })).toEqual([]);
    expect((await world.banks.books()).entries.filter((entry) => entry.reference === applicationId)).toEqual([]);
  });

  it('draws up the contract only when the reflection period is over', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await start(applicationId);
    await send(handle, applicationId, 'SUBMIT');
    await untilStatus(applicationId, 'OFFERED');
    await readDisclosure(world.deps, applicationId);
    await send(handle, applicationId, 'ACCEPT_OFFER');
    await world.environment!.sleep('23 hours');
    expect(await status(applicationId)).toBe('REFLECTION_PERIOD');
    await world.environment!.sleep('2 hours');
    await untilStatus(applicationId, 'AWAITING_SIGNATURE');
    await handle.terminate('test over');
  });

  it('refers an amount above the limit to an operator, whose approval is recorded and audited', async () => {
    const { applicationId } = await seedApplication(world.deps, { principalFen: 15_000_000, incomeFen: 100_000_000 });
    const handle = await start(applicationId);
    await send(handle, applicationId, 'SUBMIT');
    await untilStatus(applicationId, 'FOUR_EYES');
    await send(handle, applicationId, 'REVIEW', { verdict: 'APPROVE', reason: 'documents seen' });
    expect(await status(applicationId)).toBe('OFFERED');
    const review = (await readDecisions(world.deps.db, applicationId)).find((decision) => decision.stage === 'REVIEW');
    expect(review).toMatchObject({ outcome: 'APPROVE', decided_by: 'borrower:test', reasons: ['documents seen'] });
    expect(await world.deps.db('audit_log').where({ subject: applicationId, action: 'APPROVE' })).toHaveLength(1);
    await handle.terminate('test over');
  });

  it('declines with a reason when the installment is more than half of the income', async () => {
    const { applicationId } = await seedApplication(world.deps, { principalFen: 5_000_000, termMonths: 6, incomeFen: 300_000 });
    const handle = await start(applicationId);
    await send(handle, applicationId, 'SUBMIT');
    await untilStatus(applicationId, 'DECLINED');
    const [rules] = (await readDecisions(world.deps.db, applicationId)).filter((decision) => decision.stage === 'RULES');
    expect(rules!.reasons).toEqual([
      'the installment, with those of other loans and offers, is more than 0.50 of the stated monthly income',
    ]);
  });

  it('says in its record what the identity check did not check', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await start(applicationId);
    await send(handle, applicationId, 'SUBMIT');
    await untilStatus(applicationId, 'OFFERED');
    const [kyc] = (await readDecisions(world.deps.db, applicationId)).filter((decision) => decision.stage === 'KYC');
    expect((kyc!.checks as { notChecked: string[] }).notChecked).toContain('face and liveness');
    await handle.terminate('test over');
  });

  it('refuses a step out of order with a code and changes nothing', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await start(applicationId);
    expect(await send(handle, applicationId, 'ACCEPT_OFFER')).toMatchObject({ state: 'REJECTED', code: 'ILLEGAL_TRANSITION' });
    expect(await status(applicationId)).toBe('DRAFT');
    await handle.terminate('test over');
  });

  it('applies a command once however often it is delivered', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await start(applicationId);
    const id = randomUUID();
    const at = await now();
    await storeCommand(world.deps.db, {
      id,
      caller: 'borrower:test',
      idempotencyKey: id,
      operation: 'SUBMIT',
      subject: applicationId,
      bodySha256: id,
      body: {},
      businessDate: businessDateOf(at),
    });
    const deliver = (updateId: string) => handle.executeUpdate(applicationUpdates.SUBMIT, { args: [{ commandId: id, at }], updateId });
    const verdicts = await Promise.all([deliver(id), deliver(id), deliver(`${id}-again`)]);
    expect(verdicts.map((verdict) => verdict.state)).toEqual(['APPLIED', 'APPLIED', 'APPLIED']);
    expect(await world.deps.db('application_events').where({ application_id: applicationId, kind: 'SUBMITTED' })).toHaveLength(1);
    await handle.terminate('test over');
  });
});
