import { inventPerson, type Person } from '../../dev/demo/person';
import type { Identity } from '../../db/party/borrowers';
import { type Api } from '../support/api';
import { seedBorrower, seedLoan } from '../support/seed';
import { openIdentityDesk, type IdentityDesk } from '../support/identity-changes';
import { eventually, type World } from '../support/world';
import { withClient } from '../../db/owner';
import { MATCH, MISMATCH } from '../support/identity-sources';

/** Guarantee: who a borrower is changes only by their word from the old and the new address, checked again. */
describe('a change of identity', () => {
  let desk: IdentityDesk;
  let world: World;
  let api: Api;

  beforeAll(async () => {
    desk = await openIdentityDesk();
    ({ world, api } = desk);
  });
  afterAll(() => desk.close());

  const ask: IdentityDesk['ask'] = (...request) => desk.ask(...request);
  const confirm: IdentityDesk['confirm'] = (...request) => desk.confirm(...request);
  const decide: IdentityDesk['decide'] = (...request) => desk.decide(...request);
  const codeTo: IdentityDesk['codeTo'] = (...request) => desk.codeTo(...request);
  const known = (person: Person): Promise<Identity> => world.deps.borrowers.identity(world.deps.db, person.borrowerId);
  const borrower = async () => (await seedBorrower(world.deps)).person;
  const asOwner = (sql: string) => withClient(world.database.ownerUrl, (client) => client.query(sql));
  const other = (code: string) => (code === '000000' ? '000001' : '000000');

  it('a new e-mail is confirmed by a code to the old address and one to the new one', async () => {
    const person = await borrower();
    const { body } = await ask(person, { email: 'new-1@example.org' });
    expect(body).toMatchObject({ codes: ['current', 'email'], needsOperator: false });
    const [current, email] = [await codeTo(person.email, body.changeId), await codeTo('new-1@example.org', body.changeId)];
    expect((await confirm(person.borrowerId, body.changeId, { current })).body.code).toBe('CODE_INVALID');
    expect(
      (await confirm(person.borrowerId, body.changeId, { current, email: current === email ? other(email) : current })).body.code,
    ).toBe('CODE_INVALID');
    expect((await confirm(person.borrowerId, body.changeId, { current: other(current), email })).body.code).toBe('CODE_INVALID');
    expect(await known(person)).toMatchObject({ email: person.email });
    expect((await confirm(person.borrowerId, body.changeId, { current, email })).body.state).toBe('APPLIED');
    expect((await confirm(person.borrowerId, body.changeId, { current, email })).body.state).toBe('APPLIED');
    expect(await known(person)).toMatchObject({ email: 'new-1@example.org', name: person.name });
    await eventually('a notice to the new address', () =>
      Promise.resolve(world.mails.some((each) => each.to === 'new-1@example.org' && each.key.includes('identity-changed'))),
    );
  });

  it('a new phone is confirmed by a message to it, and what was pinned to the old identity follows', async () => {
    const { person } = await seedLoan(world.deps);
    const { db } = world.deps;
    const pinned = () => db('applications').where({ borrower_id: person.borrowerId }).first('identity_version');
    const version = await world.deps.borrowers.identityVersion(db, person.borrowerId);
    await db('applications').where({ borrower_id: person.borrowerId }).update({ identity_version: version });
    const phone = inventPerson(7_001, 1).phone;
    const { body } = await ask(person, { phone });
    const codes = {
      current: await codeTo(person.email, body.changeId),
      phone: await codeTo(`${phone}@sms.loanloom.invalid`, body.changeId),
    };
    expect((await confirm(person.borrowerId, body.changeId, codes)).body.state).toBe('APPLIED');
    expect(await pinned()).toEqual({ identity_version: version + 1 });
  });

  it('is checked against the card that money moves over, not one that was only named for a change', async () => {
    const { person, loanId } = await seedLoan(world.deps);
    const { borrowers, db } = world.deps;
    const inUse = await borrowers.cardInUse(db, person.borrowerId);
    const named = await borrowers.saveCard(db, person.borrowerId, inventPerson(7_003, 1).cardNumber);
    const asked: string[] = [];
    desk.answer((claim) => {
      asked.push(claim.cardNumber);
      return MATCH;
    });
    const { body } = await ask(person, { email: 'new-7@example.org' });
    const codes = { current: await codeTo(person.email, body.changeId), email: await codeTo('new-7@example.org', body.changeId) };
    expect((await confirm(person.borrowerId, body.changeId, codes)).body.state).toBe('APPLIED');
    expect([...new Set(asked)]).toEqual([inUse]);
    desk.answer();
    // Confirmed, it is the card of the loan, and the one to check against.
    await db('loans').where({ id: loanId }).update({ bank_card_id: named });
    expect(await borrowers.cardInUse(db, person.borrowerId)).toBe(await borrowers.cardNumber(db, person.borrowerId, named));
  });

  it('codes are tried five times, and five changes a day are asked for', async () => {
    const person = await borrower();
    const { body } = await ask(person, { email: 'new-2@example.org' });
    const [current, email] = [await codeTo(person.email, body.changeId), await codeTo('new-2@example.org', body.changeId)];
    const wrong = { current: other(current), email };
    const answers = [];
    for (let tries = 0; tries < 6; tries += 1) answers.push((await confirm(person.borrowerId, body.changeId, wrong)).body.code);
    expect(answers).toEqual([...Array<string>(5).fill('CODE_INVALID'), 'CODE_EXHAUSTED']);
    expect((await confirm(person.borrowerId, body.changeId, { current, email })).body.code).toBe('CODE_EXHAUSTED');
    for (let more = 0; more < 4; more += 1) expect((await ask(person, { email: 'new-2@example.org' })).status).toBe(201);
    expect((await ask(person, { email: 'new-2@example.org' })).body.code).toBe('CODE_EXHAUSTED');
  });

  it('codes end after ten minutes, and are nobody else’s', async () => {
    const person = await borrower();
    const { body } = await ask(person, { email: 'new-3@example.org' });
    const codes = { current: await codeTo(person.email, body.changeId), email: await codeTo('new-3@example.org', body.changeId) };
    expect((await confirm('stranger', body.changeId, codes)).status).toBe(404);
    const age = (minutes: number) =>
      asOwner(
        `UPDATE identity_changes SET expires_at = now() + interval '${String(minutes)} minutes' WHERE id = '${String(body.changeId)}'`,
      );
    await age(-1);
    expect((await confirm(person.borrowerId, body.changeId, codes)).body.code).toBe('CODE_INVALID');
    await age(1);
    expect((await confirm(person.borrowerId, body.changeId, codes)).body.state).toBe('APPLIED');
  });

  it('a request that is repeated mails nothing more; another one with its key is refused; nothing new is no change', async () => {
    const person = await borrower();
    const first = await ask(person, { email: 'new-4@example.org' }, 'k-1');
    expect((await ask(person, { email: 'new-4@example.org' }, 'k-1')).body.changeId).toBe(first.body.changeId);
    expect((await ask(person, { email: 'new-5@example.org' }, 'k-1')).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await ask(person, { email: person.email })).body.code).toBe('VALIDATION');
    expect((await ask(person, { name: 'a\u202eb' })).body.code).toBe('TEXT_REFUSED');
    expect(await world.deps.db('identity_changes').where({ borrower_id: person.borrowerId }).pluck('id')).toEqual([first.body.changeId]);
  });

  describe('of name or ID number', () => {
    async function confirmed(person: Person, change: object): Promise<string> {
      const { body } = await ask(person, change);
      expect(body.needsOperator).toBe(true);
      const current = await codeTo(person.email, body.changeId);
      expect((await confirm(person.borrowerId, body.changeId, { current })).body.state).toBe('CONFIRMED');
      return body.changeId as string;
    }

    it('waits for an operator, who sees it and is written down, and is checked again', async () => {
      const person = await borrower();
      const id = await confirmed(person, { name: '欧阳若兰' });
      expect(await known(person)).toMatchObject({ name: person.name });
      const waiting = await api.request('GET', '/v1/ops/identity-changes', { as: 'li-na', role: 'operator' });
      expect(waiting.body.changes).toContainEqual(expect.objectContaining({ changeId: id, fields: ['name'] }));
      const seen = await api.request('GET', `/v1/ops/identity-changes/${id}`, { as: 'li-na', role: 'operator' });
      expect(seen.body.fields).toEqual([{ field: 'name', before: person.name, after: '欧阳若兰' }]);
      expect((await decide(id, 'APPROVE')).body.state).toBe('APPLIED');
      expect((await decide(id, 'APPROVE')).body.state).toBe('APPLIED');
      expect((await decide(id, 'REFUSE')).body.code).toBe('ILLEGAL_TRANSITION');
      expect(await known(person)).toMatchObject({ name: '欧阳若兰', idNumber: person.idNumber });
      expect(await world.deps.db('audit_log').where({ subject: id }).orderBy('id').pluck('action')).toEqual([
        'REVEAL_IDENTITY_CHANGE',
        'CHANGE_IDENTITY',
      ]);
    });

    it('is not applied where the source says no, where the operator says no, or where the number is another’s', async () => {
      const [person, owner] = [await borrower(), await borrower()];
      await world.deps.db.transaction(async (tx) => {
        expect(await world.deps.borrowers.claimIdentity(tx, owner.borrowerId)).toBe(true);
        expect(await world.deps.borrowers.claimIdentity(tx, person.borrowerId)).toBe(true);
      });
      const taken = await decide(await confirmed(person, { idNumber: owner.idNumber }), 'APPROVE');
      expect([taken.status, taken.body.code]).toEqual([422, 'IDENTITY_NOT_CONFIRMED']);
      desk.answer((_, check) => (check === 'ID_NAME' ? MISMATCH : MATCH));
      expect((await decide(await confirmed(person, { name: '李四' }), 'APPROVE')).body.code).toBe('IDENTITY_NOT_CONFIRMED');
      desk.answer();
      expect((await decide(await confirmed(person, { name: '李四' }), 'REFUSE')).body.state).toBe('REFUSED');
      expect(await known(person)).toMatchObject({ name: person.name, idNumber: person.idNumber });
    });

    it('waits while an application in the old name is under way; a change of another identity meanwhile is void', async () => {
      const { person, loanId } = await seedLoan(world.deps);
      const { db } = world.deps;
      const id = await confirmed(person, { name: '赵六' });
      expect((await decide(id, 'APPROVE')).body.code).toBe('IDENTITY_LOCKED');
      await db('applications').where({ id: loanId }).update({ status: 'DISBURSED' });
      await db('borrowers').where({ id: person.borrowerId }).increment('identity_version', 1);
      expect((await decide(id, 'APPROVE')).body.code).toBe('IDENTITY_NOT_CONFIRMED');
      expect(await known(person)).toMatchObject({ name: person.name });
    });

    it('the source that does not answer decides nothing', async () => {
      const person = await borrower();
      const id = await confirmed(person, { name: '钱七' });
      desk.answer(() => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })));
      expect((await decide(id, 'APPROVE')).status).toBe(503);
      desk.answer();
      expect((await decide(id, 'APPROVE')).body.state).toBe('APPLIED');
    });
  });
});
