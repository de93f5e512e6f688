import { randomUUID } from 'node:crypto';
import { mkdtemp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { ROUTES } from '../../api/openapi';
import { signAsOperator } from '../../api/auth';
import { dismissOperator, enlistOperator } from '../../db/party/operators';
import { createDb, type Db } from '../../db/pool';
import { OPERATOR_ROLES } from '../../domain/party/operators';
import { enlist, keyOf, startApi, TOKEN_SECRET, unreachableTemporal, type Api } from '../support/api';
import { assertOperator, ensureKey, tokenOf } from '../../ops/operator-keys';
import { shared } from '../support/shared';
import { seedLoan } from '../support/seed';
import { createWorld, type World } from '../support/world';

describe('operators', () => {
  let world: World;
  let api: Api;
  let owner: Db;

  beforeAll(async () => {
    world = await createWorld({ server: 'time-skipping' });
    api = await startApi(world.deps, unreachableTemporal(1));
    owner = createDb(world.database.ownerUrl, 1);
    await enlist(world.deps.db, 'li-na');
  });

  afterAll(async () => {
    await owner.destroy();
    await api.close();
    await world.close();
  });

  const looksWith = async (token: string) => (await api.request('GET', '/v1/ops/breaks', { token })).status;
  const claims = (name: string) =>
    new SignJWT({ role: 'operator' })
      .setIssuer('loanloom-operator')
      .setAudience('loanloom-api')
      .setSubject(name)
      .setIssuedAt()
      .setExpirationTime('5m');

  it('are known by a token that they sign with their own key', async () => {
    expect(await looksWith(await signAsOperator((await keyOf('li-na')).privateKey, 'li-na'))).toBe(200);
  });

  it('cannot be played by who holds the borrowers’ secret', async () => {
    const forged = [
      claims('li-na').setProtectedHeader({ alg: 'HS256' }).sign(TOKEN_SECRET),
      claims('li-na').setIssuer('loanloom').setProtectedHeader({ alg: 'HS256' }).sign(TOKEN_SECRET),
    ];
    expect(await Promise.all(forged.map(async (token) => looksWith(await token)))).toEqual([401, 403]);
  });

  it('cannot be played by another operator, by a stranger, or after they were dismissed', async () => {
    await enlist(world.deps.db, 'gone');
    const gone = await signAsOperator((await keyOf('gone')).privateKey, 'gone');
    expect(await looksWith(gone)).toBe(200);
    await dismissOperator(owner, 'gone', 'has left the company');
    expect(await looksWith(gone)).toBe(401);
    const wrong = [
      signAsOperator((await keyOf('gone')).privateKey, 'li-na'),
      signAsOperator((await keyOf('nobody')).privateKey, 'nobody'),
      claims('li-na')
        .setIssuer('loanloom')
        .setProtectedHeader({ alg: 'EdDSA' })
        .sign((await keyOf('li-na')).privateKey),
    ];
    for (const token of wrong) expect(await looksWith(await token)).toBe(401);
  });

  it('have tokens of an hour at most, whatever they sign', async () => {
    const { privateKey } = await keyOf('li-na');
    const now = Math.floor(Date.now() / 1_000);
    const signed = (issuedAt: number | undefined, expires: number) => {
      const token = new SignJWT().setIssuer('loanloom-operator').setAudience('loanloom-api').setSubject('li-na').setExpirationTime(expires);
      return (issuedAt === undefined ? token : token.setIssuedAt(issuedAt)).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
    };
    expect(await looksWith(await signed(now, now + 3_600))).toBe(200);
    expect(await looksWith(await signed(now, now + 3_700))).toBe(401);
    expect(await looksWith(await signed(now - 4_000, now + 60))).toBe(401);
    expect(await looksWith(await signed(undefined, now + 60))).toBe(401);
    expect(await looksWith(await signAsOperator(privateKey, 'li-na', -10))).toBe(401);
  });

  describe('do what their role is for, and nothing else', () => {
    const pathOf = (path: string) =>
      path
        .replace('{commandId}', randomUUID())
        .replace('{proposalId}', randomUUID())
        .replace('{breakId}', '0123456789abcdef')
        .replaceAll(/\{\w+\}/g, 'nothing');
    const cases = ROUTES.flatMap((route) =>
      typeof route.role === 'string' ? [] : OPERATOR_ROLES.map((role) => ({ route, role, mayAsk: route.role.includes(role) })),
    );

    it.each(
      cases.map((each) => [`${each.role} ${each.mayAsk ? 'may' : 'may not'} ${each.route.method} ${each.route.path}`, each] as const),
    )('%s', async (_name, { route, role, mayAsk }) => {
      const answer = await api.request(route.method.toUpperCase(), pathOf(route.path), {
        as: `only-${role}`,
        role: 'operator',
        roles: [role],
      });
      expect(answer.status === 403).toBe(!mayAsk);
    });

    it('an auditor changes nothing, and looks everywhere but where somebody’s data stands in clear', () => {
      const inClear = '/v1/ops/identity-changes/{changeId}';
      for (const { route, mayAsk } of cases.filter((each) => each.role === 'auditor'))
        expect([route.path, mayAsk]).toEqual([route.path, route.method === 'get' && route.path !== inClear]);
    });

    it('nobody has a route of binding decisions alone: what one proposes, another role may decide', () => {
      const decisions = cases.filter(({ route }) => route.path.endsWith('/decision') && !route.path.includes('channels'));
      expect(decisions.some((each) => each.role === 'clerk' && each.mayAsk)).toBe(false);
      expect(decisions.some((each) => each.role === 'approver' && each.mayAsk)).toBe(true);
    });
  });

  describe('keep their key in a file of this machine', () => {
    it('that only they can read, whose public half is all that the lender gets', async () => {
      const folder = join(await mkdtemp(join(shared().folder, 'keys-')), 'operators');
      const attached = { operatorKeys: folder, db: world.deps.db, restoreEpoch: () => Promise.resolve(1) };
      await expect(tokenOf(attached, 'sun')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      const key = await ensureKey(folder, 'sun');
      expect(await ensureKey(folder, 'sun')).toBe(key);
      expect((await stat(join(folder, 'sun.key'))).mode & 0o777).toBe(0o600);
      await enlistOperator(owner, { name: 'sun', staff_number: 'E5', roles: ['treasurer'], public_key: key, epoch: 1 }, 'starts today');
      expect(await looksWith(await tokenOf(attached, 'sun'))).toBe(200);
      await expect(assertOperator(attached, 'sun', 'treasurer')).resolves.toBeUndefined();
      await expect(assertOperator(attached, 'sun', 'approver')).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await ensureKey(folder, 'li-na');
      await expect(assertOperator(attached, 'li-na', 'clerk')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      await dismissOperator(owner, 'sun', 'has left the company');
      await expect(assertOperator(attached, 'sun', 'treasurer')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      await expect(ensureKey(folder, '../sun')).rejects.toMatchObject({ code: 'VALIDATION' });
    });
  });

  describe('are persons', () => {
    const row = { name: 'zhao', staff_number: 'E7', roles: ['clerk'] as const, public_key: 'A'.repeat(43), epoch: 1 };

    it('one person has one name, and a name is never given to another', async () => {
      await enlistOperator(owner, row, 'starts today');
      await expect(
        enlistOperator(owner, { ...row, name: 'zhao-again', public_key: 'B'.repeat(43) }, 'a second pair of eyes'),
      ).rejects.toMatchObject({
        code: 'OPERATOR_EXISTS',
      });
      await expect(enlistOperator(owner, { ...row, staff_number: 'E8', public_key: 'C'.repeat(43) }, 'a successor')).rejects.toMatchObject({
        code: 'OPERATOR_EXISTS',
      });
      await expect(enlistOperator(owner, { ...row, name: 'qian', staff_number: 'E9' }, 'the same key')).rejects.toMatchObject({
        code: '23505',
      });
      await enlistOperator(owner, { ...row, roles: ['approver'], public_key: 'D'.repeat(43) }, 'new duties, new key');
      expect(await world.deps.db('operators').whereLike('name', 'zhao%').select('name', 'roles')).toEqual([
        { name: 'zhao', roles: ['approver'] },
      ]);
      expect(await world.deps.db('audit_log').where({ subject: 'zhao' }).orderBy('id').pluck('reason')).toEqual([
        'starts today',
        'new duties, new key',
      ]);
    });

    it('the application can neither enter nor change one', async () => {
      const { db } = world.deps;
      await expect(db('operators').insert({ name: 'eve', staff_number: 'X', roles: ['clerk'], public_key: 'x' })).rejects.toMatchObject({
        code: '42501',
      });
      await expect(db('operators').update({ is_active: true })).rejects.toMatchObject({ code: '42501' });
    });

    it('nobody approves their own adjustment, with whatever token', async () => {
      const { loanId } = await seedLoan(world.deps);
      const insert = world.deps.db('adjustment_proposals').insert({
        id: randomUUID(),
        loan_id: loanId,
        body: JSON.stringify({ type: 'WRITEOFF' }),
        why: 'test',
        proposed_at: new Date(),
        proposed_by: 'operator:li-na',
        decided_by: 'operator:li-na',
        state: 'APPROVED',
      });
      await expect(insert).rejects.toMatchObject({ code: '23514' });
    });
  });
});
