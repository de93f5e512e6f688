import { readApplication } from '../../../db/application/applications';
import { advanceApplication } from '../../../services/application/advance';
import { verifyIdentity } from '../../../services/application/identity-check';
import { createFormalIdentityVerifier } from '../../../providers/identity/formal';
import type { IdentityClaim } from '../../../providers/identity/port';
import type { ActivityDeps } from '../../../services/deps';
import { startApi, unreachableTemporal } from '../../support/api';
import { createTestDatabase } from '../../support/database';
import { seedApplication } from '../../support/seed';
import { createDeps, startBanks } from '../../support/world';
import { apply, NOW } from '../../support/applications';

it('PRIVACY is withdrawn while Temporal is away: nothing about the person is told to the identity source any more, and nothing is decided', async () => {
  const [database, banks] = await Promise.all([createTestDatabase(), startBanks()]);
  const asked: IdentityClaim[] = [];
  const formal = createFormalIdentityVerifier();
  const deps: ActivityDeps = {
    ...createDeps(database, banks, []),
    identityVerifier: {
      verify: (claim: IdentityClaim) => {
        asked.push(claim);
        return formal.verify(claim);
      },
    },
  };
  const { applicationId: id } = await seedApplication(deps);
  await apply({ deps, id }, 'SUBMIT');
  await advanceApplication(deps, { applicationId: id, at: NOW });
  const api = await startApi(deps, unreachableTemporal(1), 300);
  const { borrower_id: as } = await readApplication(deps.db, id);
  expect((await api.request('DELETE', '/v1/consents/PRIVACY', { as })).status).toBe(200);
  await api.close();
  await verifyIdentity(deps, { applicationId: id, at: NOW });
  const { status } = await advanceApplication(deps, { applicationId: id, at: NOW });
  await banks.close();
  await database.close();
  expect([asked.length, status]).toEqual([0, 'WITHDRAWN']);
});
