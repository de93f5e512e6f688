import { readApplication } from '../../../db/application/applications';
import { advanceApplication } from '../../../services/application/advance';
import type { ActivityDeps } from '../../../services/deps';
import { startApi, unreachableTemporal } from '../../support/api';
import { createTestDatabase } from '../../support/database';
import { seedApplication } from '../../support/seed';
import { createDeps, startBanks } from '../../support/world';
import { apply, askSources, NOW } from '../../support/applications';
import { fakeSources } from '../../support/identity-sources';

it('PRIVACY is withdrawn while Temporal is away: nothing about the person is told to the identity source any more, and nothing is decided', async () => {
  const [database, banks] = await Promise.all([createTestDatabase(), startBanks()]);
  const { sources, asked } = fakeSources();
  const deps: ActivityDeps = { ...createDeps(database, banks, []), identitySources: sources };
  const { applicationId: id } = await seedApplication(deps);
  await apply({ deps, id }, 'SUBMIT');
  await advanceApplication(deps, { applicationId: id, at: NOW });
  const api = await startApi(deps, unreachableTemporal(1), 300);
  const { borrower_id: as } = await readApplication(deps.db, id);
  expect((await api.request('DELETE', '/v1/consents/PRIVACY', { as })).status).toBe(200);
  await api.close();
  await askSources(deps, id);
  const { status } = await advanceApplication(deps, { applicationId: id, at: NOW });
  await banks.close();
  await database.close();
  expect([asked.length, status]).toEqual([0, 'WITHDRAWN']);
});
