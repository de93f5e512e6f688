import type { ActivityDeps } from '../../services/deps';
import { createLimits, PER_MINUTE } from '../../api/limits';
import { freePort } from '../../dev/stack/ports';
import { startApi, unreachableTemporal, type Api } from '../support/api';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createDeps, startBanks, type Banks } from '../support/world';

/** Guarantee: nobody asks without end, whichever process they ask, and nobody else pays for it. */
describe('requests are limited', () => {
  let banks: Banks;
  let database: TestDatabase;
  let deps: ActivityDeps;
  const apis: Api[] = [];

  beforeAll(async () => {
    banks = await startBanks();
    database = await createTestDatabase();
    deps = createDeps(database, banks, []);
  });
  afterEach(async () => {
    await Promise.all(apis.splice(0).map((api) => api.close()));
    await deps.db('rate_limits').delete();
  });
  afterAll(async () => {
    await banks.close();
    await database.close();
  });

  async function apiWith(perMinute: Partial<Record<keyof typeof PER_MINUTE, number>>): Promise<Api> {
    const api = await startApi(deps, unreachableTemporal(await freePort()), 100, createLimits(deps.db, { ...PER_MINUTE, ...perMinute }));
    apis.push(api);
    return api;
  }
  const write = (api: Api, as: string) => api.request('POST', '/v1/applications', { as, body: { productId: 'nothing-like-it' } });

  it('writes, of one person on one route, counted together by two processes', async () => {
    const [one, two] = [await apiWith({ writesPerPerson: 3 }), await apiWith({ writesPerPerson: 3 })];
    const statuses = [await write(one, 'person-a'), await write(two, 'person-a'), await write(one, 'person-a')].map(
      (answer) => answer.status,
    );
    expect(statuses).toEqual([404, 404, 404]);
    const refused = await write(two, 'person-a');
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Another person, and another route, are not concerned.
    expect((await write(two, 'person-b')).status).toBe(404);
    expect((await two.request('POST', '/v1/loans/nothing-here/payments', { as: 'person-a', body: { payoff: true } })).status).toBe(404);
    const keys = await deps.db('rate_limits').select<{ key: string }[]>('key');
    expect(JSON.stringify(keys)).not.toContain('person');
  });

  it('reads', async () => {
    const api = await apiWith({ readsPerPerson: 2 });
    const read = () => api.request('GET', '/v1/loans', { as: 'person-a' });
    expect([(await read()).status, (await read()).status, (await read()).status]).toEqual([200, 200, 429]);
  });

  it('guesses of tokens, by address', async () => {
    const api = await apiWith({ refusedPerAddress: 2 });
    const guess = () => api.request('GET', '/v1/loans', { token: 'a.b.c' });
    expect([(await guess()).status, (await guess()).status, (await guess()).status]).toEqual([401, 401, 429]);
  });

  it('everything of one address', async () => {
    const api = await apiWith({ requestsPerAddress: 2 });
    const read = () => api.request('GET', '/v1/products');
    expect([(await read()).status, (await read()).status, (await read()).status]).toEqual([200, 200, 429]);
  });
});
