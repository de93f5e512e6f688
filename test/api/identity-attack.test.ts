import { createHash, randomBytes } from 'node:crypto';
import { inventPerson } from '../../dev/demo/person';
import { createActivities } from '../../activities/index';
import { dismissOperator } from '../../db/party/operators';
import { createDb } from '../../db/pool';
import { businessDateOf, instant } from '../../domain/time/dates';
import { loanIdFrom } from '../../domain/ids';
import { base64url } from 'jose';
import { enlist, type Api } from '../support/api';
import { askSources } from '../support/applications';
import { seedActiveLoan, seedApplication, seedBorrower, seedLoan } from '../support/seed';
import { openIdentityDesk, type IdentityDesk } from '../support/identity-changes';
import { eventually, type World } from '../support/world';

/** Guarantee: nobody becomes another borrower, and an operator who is gone decides nothing. */
describe('who a borrower is, under attack', () => {
  let desk: IdentityDesk;
  let world: World;
  let api: Api;

  beforeAll(async () => {
    desk = await openIdentityDesk(500);
    ({ world, api } = desk);
  });
  afterAll(() => desk.close());

  const ask: IdentityDesk['ask'] = (...request) => desk.ask(...request);
  const confirm: IdentityDesk['confirm'] = (...request) => desk.confirm(...request);
  const decide: IdentityDesk['decide'] = (...request) => desk.decide(...request);
  const codeTo: IdentityDesk['codeTo'] = (...request) => desk.codeTo(...request);
  /** Until as many requests as this wait for somebody else's lock. */
  const untilWaiting = (requests: number) =>
    eventually('requests that wait for a lock', async () => {
      const { rows } = await world.deps.db.raw<{ rows: { waiting: number }[] }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return (rows[0]?.waiting ?? 0) >= requests;
    });

  it('B1 a decision is final: a refusal that comes second does not overwrite an approval that was applied', async () => {
    const { person } = await seedBorrower(world.deps);
    const { body } = await ask(person, { name: '欧阳若兰' });
    const id = body.changeId as string;
    expect((await confirm(person.borrowerId, id, { current: await codeTo(person.email, id) })).body.state).toBe('CONFIRMED');
    await enlist(world.deps.db, 'op-a');
    await enlist(world.deps.db, 'op-b');
    const holder = await world.deps.db.transaction();
    await holder('identity_changes').where({ id }).forUpdate().first('id');
    const approving = decide(id, 'APPROVE', 'op-a');
    await untilWaiting(1);
    const refusing = decide(id, 'REFUSE', 'op-b');
    await untilWaiting(2);
    await holder.commit();
    const [a, b] = [await approving, await refusing];
    const row = await world.deps.db('identity_changes').where({ id }).first('state', 'decided_by');
    const { name } = await world.deps.borrowers.identity(world.deps.db, person.borrowerId);
    expect({ a: a.body.state ?? a.body.code, b: b.body.state ?? b.body.code, row, name }).toEqual({
      a: 'APPLIED',
      b: 'ILLEGAL_TRANSITION',
      row: { state: 'APPLIED', decided_by: 'operator:op-a' },
      name: '欧阳若兰',
    });
  });

  it('B2 the row of a change does not tell the new phone to who reads the table', async () => {
    const { person } = await seedBorrower(world.deps);
    const { phone } = inventPerson(7_777, 1);
    const { body } = await ask(person, { phone });
    const row = await world.deps.db('identity_changes').where({ id: body.changeId }).first();
    const prefix = phone.slice(0, -6);
    let guessed: string | undefined;
    for (let n = 0; n < 1_000_000 && guessed === undefined; n += 1) {
      const guess = `${prefix}${String(n).padStart(6, '0')}`;
      if (
        createHash('sha256')
          .update(JSON.stringify({ phone: guess }))
          .digest('hex') === row.body_sha256
      )
        guessed = guess;
    }
    expect(guessed).toBeUndefined();
  });

  it('B3 the old address hears that it is not the address any more', async () => {
    const { person } = await seedBorrower(world.deps);
    const { body } = await ask(person, { email: 'thief@example.org' });
    const id = body.changeId as string;
    const codes = { current: await codeTo(person.email, id), email: await codeTo('thief@example.org', id) };
    expect((await confirm(person.borrowerId, id, codes)).body.state).toBe('APPLIED');
    const told = () => world.mails.filter((m) => m.key.includes(`identity-changed:${id}`)).map((m) => m.to);
    await eventually('two notices', () => Promise.resolve(told().length >= 2));
    expect(told()).toContain(person.email);
  });

  it('B4 who has had a loan cannot become another person with a token alone', async () => {
    const { loanId, person } = await seedActiveLoan(world.deps, { on: businessDateOf(instant(Date.now())) });
    await world.deps
      .db('loans')
      .where({ id: loanId })
      .update({ status: 'CLOSED_WRITTEN_OFF', closed_on: businessDateOf(instant(Date.now())) });
    await world.deps.db.transaction((tx) => world.deps.borrowers.claimIdentity(tx, person.borrowerId));
    const applicationId = loanIdFrom(randomBytes(12));
    await world.deps.db('applications').insert({
      id: applicationId,
      borrower_id: person.borrowerId,
      product_id: 'consumer-installment',
      product_version: 1,
      created_on: '2026-11-24',
    });
    const other = inventPerson(8_888, 1);
    const answer = await api.request('PUT', `/v1/applications/${applicationId}/steps/identity`, {
      as: person.borrowerId,
      body: { name: other.name, idNumber: other.idNumber, phone: other.phone, email: 'thief2@example.org' },
    });
    const now = await world.deps.borrowers.identity(world.deps.db, person.borrowerId);
    // The loan comes back to life, as a returned payment does; its codes now go to the thief.
    await world.deps.db('loans').where({ id: loanId }).update({ status: 'ACTIVE', closed_on: null });
    const card = await api.request('POST', `/v1/loans/${loanId}/card-codes`, {
      as: person.borrowerId,
      body: { cardNumber: other.cardNumber },
    });
    await eventually('the card’s code', () => Promise.resolve(world.mails.some((m) => m.key.includes('card-code'))));
    const mailed = world.mails.filter((m) => m.key.includes('card-code')).map((m) => m.to);
    expect({ status: answer.status, code: answer.body.code, email: now.email, idNumber: now.idNumber, card: card.status, mailed }).toEqual({
      status: 409,
      code: 'IDENTITY_LOCKED',
      card: 201,
      mailed: [person.email],
      email: person.email,
      idNumber: person.idNumber,
    });
  });

  it('B5 a payment source that is unknown at the source: a confirmed change that cannot be checked is no dead end', async () => {
    const { applicationId, person } = await seedApplication(world.deps);
    expect(applicationId).toBeDefined();
    await world.deps.db('identity_changes').where({ borrower_id: person.borrowerId });
    const { body } = await ask(person, { email: 'new-b5@example.org' });
    const id = body.changeId as string;
    const codes = { current: await codeTo(person.email, id), email: await codeTo('new-b5@example.org', id) };
    desk.answer(() => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })));
    expect((await confirm(person.borrowerId, id, codes)).status).toBe(503);
    desk.answer();
    const waiting = await api.request('GET', '/v1/ops/identity-changes', { as: 'op-a', role: 'operator' });
    // The list promises changes of a name or ID number that an operator decides.
    expect(waiting.body.changes.filter((each: { changeId: string }) => each.changeId === id)).toEqual([]);
  });

  it('B6 a token whose subject holds a NUL is refused as any other wrong token', async () => {
    const part = (value: object) => base64url.encode(JSON.stringify(value));
    const token = `${part({ alg: 'EdDSA' })}.${part({ sub: 'a\u0000b' })}.${base64url.encode('x'.repeat(64))}`;
    const answers = [];
    for (const sub of ['a\u0000b', ['a'], { a: 1 }, 5, true]) {
      const t = `${part({ alg: 'EdDSA' })}.${part({ sub })}.${base64url.encode('x'.repeat(64))}`;
      answers.push((await api.request('GET', '/v1/ops/breaks', { token: t })).status);
    }
    expect(token).toBeDefined();
    expect(answers).toEqual([401, 401, 401, 401, 401]);
  });

  it('C1 what a dismissed operator had asked for while Temporal was away is not carried out', async () => {
    const { loanId } = await seedLoan(world.deps);
    await enlist(world.deps.db, 'leaver');
    const asked = await api.request('POST', `/v1/ops/loans/${loanId}/hold`, {
      as: 'leaver',
      role: 'operator',
      body: { until: businessDateOf(instant(Date.now())), reason: 'spite' },
    });
    expect(asked.status).toBe(202);
    const owner = createDb(world.database.ownerUrl, 1);
    await dismissOperator(owner, 'leaver', 'stole').finally(() => owner.destroy());
    const verdict = await createActivities(world.deps).applyLoanCommand({ commandId: asked.body.commandId, at: instant(Date.now()) });
    expect(verdict.state).toBe('REJECTED');
  });

  it('C2 one clerk alone cannot have a loan paid out to a card of their own', async () => {
    const { loanId } = await seedLoan(world.deps);
    const mine = inventPerson(9_999, 1).cardNumber;
    const asked = await api.request('POST', `/v1/ops/loans/${loanId}/card`, {
      as: 'only-clerk-x',
      role: 'operator',
      roles: ['clerk'],
      body: { cardNumber: mine, reason: 'the borrower called' },
    });
    const activities = createActivities(world.deps);
    const verdict =
      asked.status === 202 ? await activities.applyLoanCommand({ commandId: asked.body.commandId, at: instant(Date.now()) }) : undefined;
    const { environment } = { environment: new (await import('@temporalio/testing')).MockActivityEnvironment() };
    const instructionId = `payout-${loanId}-1`;
    const now = instant(Date.now());
    const step = await activities.openPayout({ loanId, instructionId, at: now, businessDate: businessDateOf(now) });
    if (step.next === 'SEND') await environment.run(activities.sendPayment, { instructionId, attempt: step.attempt, at: now });
    const attempt = await world.deps.db('payment_attempts').where({ instruction_id: instructionId }).first();
    const booked = (await world.banks.books()).entries.filter((e) => e.reference === loanId && e.state === 'BOOKED').length;
    const { borrower_id: b } = await world.deps.db('loans').where({ id: loanId }).first('borrower_id');
    const paidTo = attempt ? await world.deps.borrowers.cardNumber(world.deps.db, b, attempt.bank_card_id) : undefined;
    expect({
      status: asked.status,
      verdict: verdict?.state,
      booked,
      paidTo: paidTo === mine ? 'a card of the clerk’s' : 'the card of the contract',
    }).toMatchObject({ paidTo: 'the card of the contract' });
  });
  it('B7 an address that changes while the identity is checked: neither side is answered with a fault', async () => {
    const { applicationId, person } = await seedApplication(world.deps);
    const version = await world.deps.borrowers.identityVersion(world.deps.db, person.borrowerId);
    const card = await world.deps.borrowers.saveCard(world.deps.db, person.borrowerId, person.cardNumber);
    for (const status of ['SUBMITTED', 'KYC_PENDING'])
      await world.deps.db('applications').where({ id: applicationId }).update({ status, identity_version: version, bank_card_id: card });
    const { body } = await ask(person, { email: 'new-b7@example.org' });
    const id = body.changeId as string;
    const codes = { current: await codeTo(person.email, id), email: await codeTo('new-b7@example.org', id) };
    let reached: () => void = () => undefined;
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { borrowers } = world.deps;
    const slow = new Proxy(borrowers, {
      get: (target, name) =>
        name === 'claimIdentity'
          ? async (...args: Parameters<typeof borrowers.claimIdentity>) => {
              reached();
              await gate;
              return target.claimIdentity(...args);
            }
          : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
    });
    await askSources(world.deps, applicationId);
    const verifying = createActivities({ ...world.deps, borrowers: slow })
      .advanceApplication({ applicationId, at: instant(Date.now()) })
      .then(String, (e: unknown) => `throws ${String((e as { code?: string }).code)} ${String(e)}`);
    await isReached;
    const confirming = confirm(person.borrowerId, id, codes);
    await untilWaiting(1);
    open();
    const [v, c] = await Promise.all([verifying, confirming]);
    expect({ v, status: c.status, body: c.body }).toMatchObject({ v: expect.not.stringContaining('throws'), status: 200 });
  });
});
