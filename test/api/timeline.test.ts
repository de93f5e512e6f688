import { startApi, type Api } from '../support/api';
import { createWorld, eventually, type Fleet, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';
import { readLoanFile } from '../../db/loan/loan-file';
import { addDays, businessDateOf, instant } from '../../domain/time/dates';

describe('the timeline', () => {
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
  it('the borrower does not read why operators hold the loan', async () => {
    const { loanId, person } = await seedLoan(world.deps);
    await startLoan(world.client, loanId);
    await eventually('active', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'ACTIVE');
    const until = addDays(businessDateOf(instant(Date.now())), 3);
    const held = await api.request('POST', `/v1/ops/loans/${loanId}/hold`, {
      as: 'li',
      role: 'operator',
      body: { until, reason: 'suspicious transaction report 4711 filed' },
    });
    const { body } = await api.request('GET', `/v1/loans/${loanId}/timeline`, { as: person.borrowerId });
    const seen = (body.happened as { kind: string; data: unknown }[]).filter((e) => e.kind === 'HOLD_PLACED');
    expect(held.status).toBe(200);
    expect(seen.map((each) => each.data)).toEqual([{ until }]);
    expect(JSON.stringify(body)).not.toMatch(/suspicious|operator|"li"/);
  });
});
