import { inventPerson } from '../../dev/demo/person';
import { startApi, type Api } from '../support/api';
import { createWorld, type Fleet, type World } from '../support/world';

const money = (fen: number | string) => ({ minor: String(fen), currency: 'CNY' });
describe('an application', () => {
  let world: World;
  let fleet: Fleet;
  let api: Api;
  beforeAll(async () => {
    world = await createWorld({ server: 'dev' });
    fleet = await world.startFleet();
    api = await startApi(world.deps, world.client);
  });
  afterAll(async () => {
    await api.close();
    await fleet.stop();
    await world.close();
  });
  it('can be cancelled after any number of saved steps: saving one is no Update', async () => {
    const person = inventPerson(991, 2);
    const as = person.borrowerId;
    const id = (await api.request('POST', '/v1/applications', { as, body: { productId: 'consumer-installment' } })).body.result
      .applicationId as string;
    const statuses: number[] = [];
    for (let i = 0; i < 24; i += 1)
      statuses.push(
        (await api.request('PUT', `/v1/applications/${id}/steps/income`, { as, body: { monthlyIncome: money(500_000 + i) } })).status,
      );
    const cancel = await api.request('POST', `/v1/applications/${id}/cancellation`, { as });
    expect([new Set(statuses), cancel.status, cancel.body.state]).toEqual([new Set([200]), 200, 'APPLIED']);
    // Twenty-four steps have left no trace in the history.
    const { historyLength } = await world.client.workflow.getHandle(`application-${id}`).describe();
    expect(historyLength).toBeLessThan(30);
  });
});
