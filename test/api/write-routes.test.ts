import { randomUUID } from 'node:crypto';
import { ROUTES } from '../../api/openapi';
import { addDays, businessDateOf, instant } from '../../domain/time/dates';
import { inventPerson, type Person } from '../../dev/demo/person';
import { freePort } from '../../dev/stack/ports';
import { startApi, unreachableTemporal, type Api } from '../support/api';
import { agree, passReadingTime, readDisclosure, seedActiveLoan, seedBorrower, startLoan } from '../support/seed';
import { createWorld, eventually, type Fleet, type World } from '../support/world';

const money = (fen: number | string) => ({ minor: String(fen), currency: 'CNY' });
const today = businessDateOf(instant(Date.now()));

interface Ready {
  readonly path: string;
  readonly as: string;
  readonly role?: 'operator';
  readonly body?: unknown;
  /** Another request of the same kind, for the same key. */
  readonly other?: unknown;
}

/** Guarantee: a request that is repeated, sent twice at once, or cut off after it was stored, is accepted once. */
describe('every route that writes', () => {
  let world: World;
  let fleet: Fleet;
  let api: Api;
  let dark: Api;
  let serial = 3_000;

  beforeAll(async () => {
    world = await createWorld({ server: 'time-skipping' });
    fleet = await world.startFleet();
    api = await startApi(world.deps, world.client);
    // It stores, and dies for the caller before a verdict.
    dark = await startApi(world.deps, unreachableTemporal(await freePort()), 200);
  });
  afterAll(async () => {
    await dark.close();
    await api.close();
    await fleet.stop();
    await world.close();
  });

  const nextPerson = () => inventPerson((serial += 1), 2);
  const statusOf = async (as: string, id: string) => (await api.request('GET', `/v1/applications/${id}`, { as })).body.status as string;
  const post = (path: string, as: string, body?: unknown) => api.request('POST', path, { as, body });

  async function filled(person: Person): Promise<string> {
    const as = person.borrowerId;
    const { body } = await post('/v1/applications', as, { productId: 'consumer-installment' });
    const id = body.result.applicationId as string;
    const steps = {
      request: { principal: money(1_200_000), termMonths: 12 },
      identity: { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email },
      income: { monthlyIncome: money(5_000_000) },
      card: { cardNumber: person.cardNumber },
    };
    for (const [name, step] of Object.entries(steps)) await api.request('PUT', `/v1/applications/${id}/steps/${name}`, { as, body: step });
    await agree(world.deps, as);
    return id;
  }

  async function offered(person: Person): Promise<string> {
    const id = await filled(person);
    await post(`/v1/applications/${id}/submission`, person.borrowerId);
    await eventually('an offer', async () => (await statusOf(person.borrowerId, id)) === 'OFFERED');
    return id;
  }

  async function toSign(person: Person): Promise<string> {
    const id = await offered(person);
    await readDisclosure(world.deps, id);
    await post(`/v1/applications/${id}/acceptance`, person.borrowerId);
    await world.environment!.sleep('25 hours');
    await eventually('a contract', async () => (await statusOf(person.borrowerId, id)) === 'AWAITING_SIGNATURE');
    return id;
  }

  async function loan(on = addDays(today, -40), productId = 'consumer-installment') {
    const seeded = await seedActiveLoan(world.deps, { on, productId });
    await startLoan(world.client, seeded.loanId);
    return { loanId: seeded.loanId, as: seeded.person.borrowerId, borrowerId: seeded.person.borrowerId };
  }

  /** The code of the newest mail that waits for its delivery. */
  async function mailedCode(borrowerId: string): Promise<string> {
    const row = await world.deps
      .db('outbox')
      .whereNotNull('secret_enc')
      .where({ subject: borrowerId })
      .orderBy('id', 'desc')
      .first<{ key: string; secret_enc: Buffer }>();
    const person = await world.deps.borrowers.personVault(world.deps.db, borrowerId);
    return person.decrypt({ table: 'outbox', column: 'secret_enc', row: row.key }, row.secret_enc);
  }

  const wrong = (code: string) => (code === '000000' ? '000001' : '000000');
  const ops = async (suffix: string, body: object, other: object): Promise<Ready> => {
    const { loanId } = await loan();
    return { path: `/v1/ops/loans/${loanId}/${suffix}`, as: 'li-na', role: 'operator', body, other };
  };
  const reason = 'for the test';

  const CASES: Readonly<Record<string, () => Promise<Ready>>> = {
    'post /v1/applications': () =>
      Promise.resolve({
        path: '/v1/applications',
        as: nextPerson().borrowerId,
        body: { productId: 'consumer-installment' },
        other: { productId: 'consumer-balloon' },
      }),
    'put /v1/consents/{kind}': async () => {
      const as = nextPerson().borrowerId;
      const { body } = await api.request('GET', '/v1/consents', { as });
      const { sha256 } = (body.texts as { kind: string; sha256: string }[]).find(({ kind }) => kind === 'MARKETING') ?? {};
      const agreed = { textSha256: sha256, locale: 'zh-CN' };
      return { path: '/v1/consents/MARKETING', as, body: agreed, other: { ...agreed, locale: 'en' } };
    },
    'delete /v1/consents/{kind}': async () => {
      const { person } = await seedBorrower(world.deps);
      return { path: '/v1/consents/AUTOMATED_DECISION', as: person.borrowerId };
    },
    'put /v1/applications/{applicationId}/steps/{step}': async () => {
      const as = nextPerson().borrowerId;
      const { body } = await post('/v1/applications', as, { productId: 'consumer-installment' });
      return {
        path: `/v1/applications/${body.result.applicationId as string}/steps/income`,
        as,
        body: { monthlyIncome: money(1_000_000) },
        other: { monthlyIncome: money(2_000_000) },
      };
    },
    'post /v1/applications/{applicationId}/submission': async () => {
      const person = nextPerson();
      return { path: `/v1/applications/${await filled(person)}/submission`, as: person.borrowerId };
    },
    'post /v1/applications/{applicationId}/acceptance': async () => {
      const person = nextPerson();
      const id = await offered(person);
      await readDisclosure(world.deps, id);
      return { path: `/v1/applications/${id}/acceptance`, as: person.borrowerId };
    },
    'post /v1/applications/{applicationId}/disclosure/confirmation': async () => {
      const person = nextPerson();
      const as = person.borrowerId;
      const id = await offered(person);
      const { body } = await api.request('GET', `/v1/applications/${id}/disclosure`, { as });
      await passReadingTime(world.deps, id);
      return {
        path: `/v1/applications/${id}/disclosure/confirmation`,
        as,
        body: { disclosureSha256: body.sha256 as string },
        other: { disclosureSha256: '0'.repeat(64) },
      };
    },
    'post /v1/applications/{applicationId}/reopening': async () => {
      const person = nextPerson();
      return { path: `/v1/applications/${await offered(person)}/reopening`, as: person.borrowerId };
    },
    'post /v1/applications/{applicationId}/cancellation': async () => {
      const person = nextPerson();
      return { path: `/v1/applications/${await filled(person)}/cancellation`, as: person.borrowerId };
    },
    'post /v1/applications/{applicationId}/signing-codes': async () => {
      const person = nextPerson();
      return { path: `/v1/applications/${await toSign(person)}/signing-codes`, as: person.borrowerId };
    },
    'post /v1/applications/{applicationId}/signature': async () => {
      const person = nextPerson();
      const as = person.borrowerId;
      const id = await toSign(person);
      const { body } = await api.request('GET', `/v1/applications/${id}/contract`, { as });
      await post(`/v1/applications/${id}/signing-codes`, as);
      const [code, contractSha256] = [await mailedCode(as), body.sha256 as string];
      return { path: `/v1/applications/${id}/signature`, as, body: { code, contractSha256 }, other: { code: wrong(code), contractSha256 } };
    },
    'post /v1/loans/{loanId}/payments': async () => {
      const { loanId, as } = await loan();
      return { path: `/v1/loans/${loanId}/payments`, as, body: { amount: money(10_000) }, other: { amount: money(20_000) } };
    },
    'post /v1/loans/{loanId}/withdrawal': async () => {
      const { loanId, as } = await loan(addDays(today, -3), 'consumer-withdrawable');
      return { path: `/v1/loans/${loanId}/withdrawal`, as };
    },
    'post /v1/loans/{loanId}/promises': async () => {
      const { loanId, as } = await loan();
      const [dueOn, later] = [addDays(today, 3), addDays(today, 4)];
      return {
        path: `/v1/loans/${loanId}/promises`,
        as,
        body: { amount: money(100_000), dueOn },
        other: { amount: money(100_000), dueOn: later },
      };
    },
    'post /v1/loans/{loanId}/card-codes': async () => {
      const { loanId, as } = await loan();
      return { path: `/v1/loans/${loanId}/card-codes`, as, body: { cardNumber: nextPerson().cardNumber } };
    },
    'post /v1/loans/{loanId}/card': async () => {
      const { loanId, as } = await loan();
      await post(`/v1/loans/${loanId}/card-codes`, as, { cardNumber: nextPerson().cardNumber });
      const code = await mailedCode(as);
      return { path: `/v1/loans/${loanId}/card`, as, body: { code }, other: { code: wrong(code) } };
    },
    'post /v1/ops/loans/{loanId}/card': () =>
      ops('card', { cardNumber: nextPerson().cardNumber, reason }, { cardNumber: nextPerson().cardNumber, reason }),
    'post /v1/ops/applications/{applicationId}/review': async () => {
      const path = `/v1/ops/applications/${await filled(nextPerson())}/review`;
      return { path, as: 'li-na', role: 'operator', body: { verdict: 'APPROVE', reason }, other: { verdict: 'DECLINE', reason } };
    },
    'post /v1/ops/loans/{loanId}/hold': () => ops('hold', { until: addDays(today, 3), reason }, { until: addDays(today, 4), reason }),
    'post /v1/ops/loans/{loanId}/release': () => ops('release', { reason }, { reason: 'another reason' }),
    'post /v1/ops/loans/{loanId}/payout-retry': () => ops('payout-retry', { reason }, { reason, channel: 'wallet' }),
    'post /v1/ops/loans/{loanId}/rejection': () => ops('rejection', { reason }, { reason: 'another reason' }),
    'post /v1/ops/loans/{loanId}/adjustments': () =>
      ops('adjustments', { type: 'REAMORTIZE', reason }, { type: 'REAMORTIZE', reason: 'another reason' }),
    'post /v1/identity-changes': async () => {
      const { person } = await seedBorrower(world.deps);
      return { path: '/v1/identity-changes', as: person.borrowerId, body: { email: 'a@example.org' }, other: { email: 'b@example.org' } };
    },
    'post /v1/ops/loans/{loanId}/adjustments/{proposalId}/decision': () =>
      ops(`adjustments/${randomUUID()}/decision`, { verdict: 'APPROVE', reason }, { verdict: 'REFUSE', reason }),
  };

  /** What has a state machine of its own, where a repetition is refused by the state, or stores nothing. */
  const OTHERS = [
    '/v1/quotes',
    '/v1/person/erasure',
    // A look: each is a line of the audit log, and nothing else.
    '/v1/ops/applications/{applicationId}/file',
    '/v1/ops/borrowers/{borrowerId}/reveal',
    '/v1/ops/loans/{loanId}/payout-query',
    '/v1/ops/breaks/',
    '/v1/ops/channels/',
    '/v1/identity-changes/',
    '/v1/ops/identity-changes/',
  ];

  it('is in this table', () => {
    const writes = ROUTES.filter((route) => route.method !== 'get' && !OTHERS.some((other) => route.path.startsWith(other)));
    expect(writes.map((route) => `${route.method} ${route.path}`).sort()).toEqual(Object.keys(CASES).sort());
  });

  const methodOf = (name: string) => name.slice(0, name.indexOf(' ')).toUpperCase();
  const stored = (as: string, role: string, key: string) =>
    world.deps
      .db('commands')
      .where({ caller: `${role}:${as}`, idempotency_key: key })
      .select<{ state: string }[]>('state');

  it.each(Object.keys(CASES))('accepts once what is repeated, or sent twice at once: %s', async (name) => {
    const { path, as, role, body, other } = await CASES[name]!();
    const method = methodOf(name);
    const key = randomUUID();
    const send = (with_: unknown) => api.request(method, path, { as, ...(role ? { role } : {}), body: with_, key });
    const [first, twin] = await Promise.all([send(body), send(body)]);
    expect(first.status).toBeLessThan(500);
    const again = await send(body);
    for (const answer of [twin, again]) {
      expect([answer.status, answer.body.code]).toEqual([first.status, first.body.code]);
      expect([answer.body.commandId, answer.body.expiresAt]).toEqual([first.body.commandId, first.body.expiresAt]);
    }
    expect((await stored(as, role ?? 'borrower', key)).length).toBeLessThanOrEqual(1);
    if (other === undefined) return;
    const reused = await send(other);
    expect([reused.status, reused.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it.each(Object.keys(CASES).filter((name) => !name.endsWith('-codes') && !name.endsWith('identity-changes')))(
    'goes on with what was stored when its caller heard nothing: %s',
    async (name) => {
      const { path, as, role, body } = await CASES[name]!();
      const method = methodOf(name);
      const key = randomUUID();
      const send = (to: Api) => to.request(method, path, { as, ...(role ? { role } : {}), body, key });
      const unheard = await send(dark);
      expect([200, 202]).toContain(unheard.status);
      const answer = await send(api);
      if (answer.status < 300) expect(answer.body.commandId).toBe(unheard.body.commandId);
      const [row] = await stored(as, role ?? 'borrower', key);
      expect(row?.state).toBe(answer.status < 300 ? 'APPLIED' : 'REJECTED');
    },
  );
});
