import { readAudit } from '../../../db/audit';
import { LoanloomError } from '../../../domain/errors';
import { OPERATOR_ROLES } from '../../../domain/party/operators';
import { revealValue } from '../../../services/party/reveal';
import { startApi, unreachableTemporal, type Api } from '../../support/api';
import { seedBorrower } from '../../support/seed';
import { withDesk, createDeps, type Desk } from '../../support/world';
import { fileKeys } from '../../support/keepers';

/** Guarantee: nobody sees a value of a person without a role, a reason and a line of the audit log. */
describe('a value of a person', () => {
  let desk: Desk;
  let api: Api;
  withDesk(async (opened) => {
    desk = opened;
    api = await startApi(desk.deps, unreachableTemporal(1));
    return () => api.close();
  });

  const linesAbout = (subject: string) => readAudit(desk.deps.db, { subject, action: 'REVEAL_VALUE', limit: 10 });
  const reason = 'the borrower asks whether we have the right number';

  it('is shown to an approver who says why, and the look stands in the audit log', async () => {
    const { person } = await seedBorrower(desk.deps);
    const path = `/v1/ops/borrowers/${person.borrowerId}/reveal`;
    for (const [field, value] of [
      ['idNumber', person.idNumber],
      ['phone', person.phone],
      ['name', person.name],
      ['email', person.email],
      ['card', person.cardNumber],
    ] as const) {
      const as = 'approver-li';
      const answer = await api.request('POST', path, { as, role: 'operator', roles: ['approver'], body: { field, reason } });
      expect([answer.status, answer.body]).toEqual([200, { field, value }]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const [line] = await linesAbout(person.borrowerId);
      expect(line).toMatchObject({ actor: `operator:${as}`, reason, data: { field } });
    }
    expect(await linesAbout(person.borrowerId)).toHaveLength(5);
    const { body } = await api.request('GET', '/v1/person/export', { as: person.borrowerId });
    expect(body.accesses.filter((each: { action: string; by: string }) => each.action === 'REVEAL_VALUE' && each.by === 'us')).toHaveLength(
      5,
    );
  });

  it('is shown to nobody else, nor without a reason or a field: and no line says that it was', async () => {
    const { person } = await seedBorrower(desk.deps);
    const path = `/v1/ops/borrowers/${person.borrowerId}/reveal`;
    const body = { field: 'idNumber', reason };
    for (const role of OPERATOR_ROLES.filter((each) => each !== 'approver'))
      expect((await api.request('POST', path, { as: `only-${role}`, role: 'operator', roles: [role], body })).status).toBe(403);
    expect((await api.request('POST', path, { as: person.borrowerId, body })).status).toBe(403);
    expect((await api.request('POST', path, { body })).status).toBe(401);
    const asks = (asked: object) => api.request('POST', path, { as: 'approver-li', role: 'operator', roles: ['approver'], body: asked });
    for (const asked of [{ field: 'idNumber' }, { ...body, reason: '  ' }, { reason }, { ...body, field: 'wrapped_key' }])
      expect((await asks(asked)).status).toBe(400);
    expect(await linesAbout(person.borrowerId)).toEqual([]);
  });

  it('stays hidden where the line cannot be written, or the keys are away: the two go together', async () => {
    const { person } = await seedBorrower(desk.deps);
    const look = { borrowerId: person.borrowerId, field: 'phone', actor: 'operator:li', reason: '' } as const;
    await expect(revealValue(desk.deps, look)).rejects.toThrow();
    const away = { ...fileKeys(), unwrap: () => Promise.reject(new LoanloomError('KEYS_UNAVAILABLE', 'away')) };
    const without = createDeps(desk.database, desk.banks, [], { keys: away });
    await expect(revealValue(without, { ...look, reason })).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    expect(await linesAbout(person.borrowerId)).toEqual([]);
    const closed = await startApi(without, unreachableTemporal(1));
    const answer = await closed.request('GET', '/v1/person/export', { as: person.borrowerId });
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([503, 'KEYS_UNAVAILABLE', '2']);
    expect(String(answer.body.detail)).toBe('away');
    await closed.close();
  });
});
