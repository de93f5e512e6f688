import { randomUUID } from 'node:crypto';
import { deliverCommand } from '../../temporal/delivery';
import { readApplication } from '../../db/application/applications';
import { readCommand, storeCommand, type Operation } from '../../db/commands';
import { addDays, businessDateOf, instant } from '../../domain/time/dates';
import { createCatalogue, type Catalogue } from '../../domain/product/products';
import { taskQueues } from '../../domain/ids';
import { applicationUpdates } from '../../workflows/originate-loan.messages';
import { eventually, withServedWorld, type World } from '../support/world';
import { readDisclosure, seedApplication, seedActiveLoan, startLoan } from '../support/seed';
import raw from '../../domain/product/products/consumer-installment.v1.json';
import { workflowShapes } from '../../domain/keys';

const today = businessDateOf(instant(Date.now()));
const capped = createCatalogue([
  { ...raw, aprCaps: [...raw.aprCaps, { from: addDays(today, 1), annualRate: '0.11', source: 'a lower cap from tomorrow on' }] },
]);

describe('a refusal in the loop itself ends no workflow: ', () => {
  let world: World;
  withServedWorld({ server: 'time-skipping', catalogue: capped }, (served) => {
    world = served;
  });
  async function send(id: string, operation: Operation & keyof typeof applicationUpdates) {
    const commandId = randomUUID();
    const at = instant(await world.environment!.currentTimeMs());
    await storeCommand(world.deps.db, {
      id: commandId,
      caller: 'borrower:t',
      idempotencyKey: commandId,
      operation,
      subject: id,
      bodySha256: commandId,
      body: {},
      businessDate: businessDateOf(at),
    });
    return { commandId, at };
  }
  it('a cap that falls during the reflection period', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await world.client.workflow.start('originateLoan', {
      workflowId: workflowShapes.application(applicationId),
      taskQueue: taskQueues.loans,
      args: [{ applicationId, now: instant(Date.now()) }],
    });
    const status = async () => (await readApplication(world.deps.db, applicationId)).status;
    const s = await send(applicationId, 'SUBMIT');
    await handle.executeUpdate(applicationUpdates.SUBMIT, { args: [s], updateId: s.commandId });
    await eventually('offer', async () => (await status()) === 'OFFERED');
    await readDisclosure(world.deps, applicationId);
    const a = await send(applicationId, 'ACCEPT_OFFER');
    await handle.executeUpdate(applicationUpdates.ACCEPT_OFFER, { args: [a], updateId: a.commandId });
    await world.environment!.sleep('25 hours');
    await world.environment!.sleep('2 hours');
    const { status: run } = await handle.describe();
    const c = await send(applicationId, 'CANCEL');
    const verdict = await deliverCommand(
      { db: world.deps.db, client: world.client, timeoutMs: 5000 },
      await readCommand(world.deps.db, c.commandId),
    ).then(
      (answer) => answer.state,
      (error: unknown) => String(error),
    );
    expect(run.name).toBe('RUNNING');
    expect([verdict, await status()]).toEqual(['APPLIED', 'WITHDRAWN']);
  });
  it('a worker of an older version meets a loan of a newer product', async () => {
    const { loanId } = await seedActiveLoan(world.deps, { on: today, termMonths: 12 });
    const handle = await startLoan(world.client, loanId);
    await eventually('waits', async () => (await world.deps.db('loans').where({ id: loanId }).first('next_kind')).next_kind !== null);
    const known = world.deps.catalogue;
    (world.deps as { catalogue: Catalogue }).catalogue = createCatalogue([{ ...raw, id: 'something-else' }]);
    await handle.signal('factsChanged', { at: instant(Date.now()) });
    await world.environment!.sleep('2 hours');
    (world.deps as { catalogue: Catalogue }).catalogue = known;
    const { status: run } = await handle.describe();
    expect(run.name).toBe('RUNNING');
  });
});
