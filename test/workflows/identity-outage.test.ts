import { randomUUID } from 'node:crypto';
import { readApplication } from '../../db/application/applications';
import { readIdentityChecks } from '../../db/party/identity-checks';
import { storeCommand } from '../../db/commands';
import { taskQueues } from '../../domain/ids';
import { workflowShapes } from '../../domain/keys';
import { businessDateOf, epochMs, instant } from '../../domain/time/dates';
import { applicationUpdates } from '../../workflows/originate-loan.messages';
import { seedApplication } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';

/** Guarantee (B3): a source that is down holds an application, which its borrower can still cancel, and loses nothing: it resumes when the source is back. */
describe('an identity source that is down', () => {
  let world: World;
  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  const now = async () => instant(await world.environment!.currentTimeMs());
  const status = async (id: string) => (await readApplication(world.deps.db, id)).status;

  async function submitted() {
    const { applicationId } = await seedApplication(world.deps);
    const handle = await world.client.workflow.start('originateLoan', {
      workflowId: workflowShapes.application(applicationId),
      taskQueue: taskQueues.loans,
      args: [{ applicationId, now: await now() }],
    });
    const send = async (operation: 'SUBMIT' | 'CANCEL') => {
      const [id, at] = [randomUUID(), await now()];
      const command = { id, caller: 'borrower:test', idempotencyKey: id, operation, subject: applicationId, bodySha256: id, body: {} };
      await storeCommand(world.deps.db, { ...command, businessDate: businessDateOf(at) });
      return handle.executeUpdate(applicationUpdates[operation], { args: [{ commandId: id, at }], updateId: id });
    };
    expect(await send('SUBMIT')).toMatchObject({ state: 'APPLIED' });
    return { applicationId, handle, send };
  }
  const downFor = async (hours: number) =>
    world.banks.tell('identity/outages', { source: 'alibaba', until: instant(epochMs(await now()) + hours * 3_600_000) });
  const triesOf = async (id: string) =>
    (await readIdentityChecks(world.deps.db, id)).find(({ kind }) => kind === 'CARD_FOUR_ELEMENTS')?.tries ?? 0;

  it('a day long: nothing is decided, people are told once, and the answer is fetched within the hour', async () => {
    await downFor(30);
    const { applicationId } = await submitted();
    await eventually('the first question', async () => (await triesOf(applicationId)) === 1);
    await world.environment!.sleep('23 hours');
    expect(await status(applicationId)).toBe('KYC_PENDING');
    const alarms = () => world.deps.db('outbox').where({ topic: 'alarm', subject: applicationId }).pluck<string[]>('payload');
    expect(await alarms()).toEqual([]);
    await world.environment!.sleep('2 hours');
    await eventually('the case', async () => (await alarms()).length === 1);
    expect(await status(applicationId)).toBe('KYC_PENDING');
    await world.environment!.sleep('6 hours');
    await eventually('an offer', async () => (await status(applicationId)) === 'OFFERED', 15_000);
    expect(await triesOf(applicationId)).toBeLessThan(40);
    expect(await alarms()).toHaveLength(1);
  });

  it('people are told too where it is we who cannot ask', async () => {
    const sources = world.deps.identitySources as Map<string, unknown>;
    const card = sources.get('CARD_FOUR_ELEMENTS');
    sources.delete('CARD_FOUR_ELEMENTS');
    const { applicationId } = await submitted();
    const alarms = () => world.deps.db('outbox').where({ topic: 'alarm', subject: applicationId }).pluck<{ code: string }[]>('payload');
    for (let hour = 0; hour < 48 && (await alarms()).length === 0; hour += 1) await world.environment!.sleep('1 hour');
    await eventually('the case', async () => (await alarms()).some(({ code }) => code === 'IDENTITY_SOURCE_SILENT'), 20_000);
    sources.set('CARD_FOUR_ELEMENTS', card);
    for (let hour = 0; hour < 12 && (await status(applicationId)) !== 'OFFERED'; hour += 1) await world.environment!.sleep('1 hour');
    await eventually('an offer', async () => (await status(applicationId)) === 'OFFERED', 20_000);
  });

  it('its borrower can cancel meanwhile, and nobody is asked any more', async () => {
    await downFor(100);
    const { applicationId, send } = await submitted();
    await eventually('the first question', async () => (await triesOf(applicationId)) === 1);
    expect(await send('CANCEL')).toMatchObject({ state: 'APPLIED' });
    await eventually('the end', async () => (await status(applicationId)) === 'WITHDRAWN');
    const tries = await triesOf(applicationId);
    await world.environment!.sleep('5 hours');
    expect(await triesOf(applicationId)).toBe(tries);
  });
});
