import { randomUUID } from 'node:crypto';
import { readApplication } from '../../../db/application/applications';
import { consentText } from '../../../domain/party/consents';
import { businessDateOf } from '../../../domain/time/dates';
import { consentSha256 } from '../../../services/party/consents';
import { startApi, unreachableTemporal } from '../../support/api';
import { createTestDatabase } from '../../support/database';
import { readDisclosure, seedApplication } from '../../support/seed';
import { createDeps, startBanks } from '../../support/world';
import { apply, decided, give, NOW, store } from '../../support/applications';

it('equal requests are one, other people see nothing, and of two commands at once one applies: keys at once, other people, and two commands at once', async () => {
  const [database, banks] = await Promise.all([createTestDatabase(), startBanks()]);
  const deps = createDeps(database, banks, []);
  const api = await startApi(deps, unreachableTemporal(1), 300);
  const { applicationId: id } = await seedApplication(deps);
  const { borrower_id: as } = await readApplication(deps.db, id);
  const key = randomUUID();
  const body = { monthlyIncome: { minor: '5000000', currency: 'CNY' } };
  const puts = await Promise.all(
    Array.from({ length: 8 }, () => api.request('PUT', `/v1/applications/${id}/steps/income`, { as, body, key })),
  );
  expect([new Set(puts.map(({ status }) => status)), new Set(puts.map((each) => each.body.result.version))]).toEqual([
    new Set([200]),
    new Set([2]),
  ]);
  const textSha256 = consentSha256(consentText('MARKETING', businessDateOf(NOW)));
  const grants = await Promise.all(
    Array.from({ length: 8 }, () =>
      api.request('PUT', '/v1/consents/MARKETING', { as, body: { textSha256, locale: 'en' }, key: `g${key}` }),
    ),
  );
  expect(new Set(grants.map((each) => `${String(each.status)} ${each.body.result.consentId as string}`)).size).toBe(1);
  const reused = await api.request('DELETE', '/v1/consents/MARKETING', { as, key: `g${key}` });
  expect(reused.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(await decided(deps, id)).toBe('OFFERED');
  for (const path of [`/v1/applications/${id}/disclosure`, `/v1/applications/${id}`, `/v1/applications/${id}/offer`])
    expect((await api.request('GET', path, { as: 'someone-else' })).status).toBe(404);
  expect((await api.request('GET', `/v1/applications/${id}/disclosure`, { as: 'op', role: 'operator' })).status).toBe(403);
  expect(
    (
      await api.request('POST', `/v1/ops/applications/${id}/review`, {
        as: 'cl',
        role: 'operator',
        roles: ['clerk'],
        body: { verdict: 'APPROVE', reason: 'xxx' },
      })
    ).status,
  ).toBe(403);
  await readDisclosure(deps, id);
  const [a, b] = [await store({ deps, id }, 'ACCEPT_OFFER'), await store({ deps, id }, 'REOPEN')];
  const both = await Promise.all([give(deps, a), give(deps, b)]);
  expect(both.map(({ state }) => state).sort()).toEqual(['APPLIED', 'REJECTED']);
  expect((await apply({ deps, id }, 'ACCEPT_OFFER')).state).toBe('REJECTED');
  await api.close();
  await banks.close();
  await database.close();
});
