import { randomUUID } from 'node:crypto';
import { storeCommand } from '../../db/commands';
import { taskQueues } from '../../domain/ids';
import { keys, workflowShapes } from '../../domain/keys';
import { businessDateOf, instant } from '../../domain/time/dates';
import { startAgainOnce } from '../../ops/restore-workflows';
import { seedApplication } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';

/** Guarantee: after a restore everything that is open starts again from the books, an application that was begun a moment ago too. */
describe('after a restore', () => {
  let world: World;
  withServedWorld({ server: 'dev' }, (served) => {
    world = served;
  });

  it('an application that was begun in the last minute is started again, once', async () => {
    const { applicationId } = await seedApplication(world.deps);
    const now = instant(Date.now());
    const workflowId = workflowShapes.application(applicationId);
    const id = randomUUID();
    const command = {
      id,
      caller: 'borrower:test',
      idempotencyKey: id,
      operation: 'START_APPLICATION',
      subject: applicationId,
      bodySha256: id,
    } as const;
    await storeCommand(world.deps.db, { ...command, body: {}, businessDate: businessDateOf(now) });
    await world.deps
      .db('commands')
      .where({ id })
      .update({ state: 'APPLIED', outcome: JSON.stringify({}) });
    await world.client.workflow.start('originateLoan', { workflowId, taskQueue: taskQueues.loans, args: [{ applicationId, now }] });
    const before = await world.client.workflow.getHandle(workflowId).describe();
    await eventually('the list to know it', async () => (await world.client.workflow.count(`WorkflowId = '${workflowId}'`)).count === 1);
    const begun = { epoch: 2, actor: keys.operator('li') };
    expect(await startAgainOnce(world.deps.db, world.client, begun)).toContain(workflowId);
    const after = await world.client.workflow.getHandle(workflowId).describe();
    expect([after.status.name, after.runId === before.runId]).toEqual(['RUNNING', false]);
    expect(await startAgainOnce(world.deps.db, world.client, begun)).toBeUndefined();
    expect((await world.client.workflow.getHandle(workflowId).describe()).runId).toBe(after.runId);
  });
});
