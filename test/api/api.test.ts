import { randomUUID } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { ROUTES } from '../../api/openapi';
import { readLoanFile } from '../../db/loan/loan-file';
import { startRelay } from '../../workers/relay';
import { inventPerson, type Person } from '../../dev/demo/person';
import { freePort } from '../../dev/stack/ports';
import { startApi, TOKEN_SECRET, unreachableTemporal, type Api } from '../support/api';
import { createWorld, eventually, type Fleet, type World } from '../support/world';
import { agree, readDisclosure, seedLoan, startLoan } from '../support/seed';

const money = (fen: number | string) => ({ minor: String(fen), currency: 'CNY' });

describe('the API', () => {
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

  let serial = 700;
  const nextPerson = () => inventPerson((serial += 1), 2);

  async function draft(person: Person): Promise<string> {
    const { body } = await api.request('POST', '/v1/applications', { as: person.borrowerId, body: { productId: 'consumer-installment' } });
    return body.result.applicationId as string;
  }
  const step = (person: Person, id: string, name: string, body: unknown) =>
    api.request('PUT', `/v1/applications/${id}/steps/${name}`, { as: person.borrowerId, body });

  async function offered(person: Person): Promise<string> {
    const id = await draft(person);
    await step(person, id, 'request', { principal: money(1_200_000), termMonths: 12 });
    await step(person, id, 'identity', { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email });
    await step(person, id, 'income', { monthlyIncome: money(5_000_000) });
    await step(person, id, 'card', { cardNumber: person.cardNumber });
    await agree(world.deps, person.borrowerId);
    expect((await api.request('POST', `/v1/applications/${id}/submission`, { as: person.borrowerId })).status).toBe(200);
    await eventually(
      'an offer',
      async () => (await api.request('GET', `/v1/applications/${id}`, { as: person.borrowerId })).body.status === 'OFFERED',
    );
    return id;
  }

  async function activeLoan(): Promise<{ loanId: string; person: Person }> {
    const seeded = await seedLoan(world.deps);
    await startLoan(world.client, seeded.loanId);
    await eventually('the payout', async () => (await readLoanFile(world.deps.db, seeded.loanId)).loan.status === 'ACTIVE');
    return seeded;
  }

  describe('who may ask', () => {
    const path = (route: (typeof ROUTES)[number]) =>
      route.path
        .replace('{applicationId}', 'nothing-here')
        .replace('{loanId}', 'nothing-here')
        .replace('{paymentId}', 'none')
        .replace('{commandId}', randomUUID())
        .replace('{step}', 'income');

    it.each(ROUTES.filter((route) => route.role !== 'anyone').map((route) => [`${route.method} ${route.path}`, route] as const))(
      '401 without a token: %s',
      async (_name, route) => {
        expect((await api.request(route.method.toUpperCase(), path(route))).status).toBe(401);
      },
    );

    it.each(ROUTES.filter((route) => route.role !== 'anyone').map((route) => [`${route.method} ${route.path}`, route] as const))(
      '403 for the other role: %s',
      async (_name, route) => {
        expect(
          (
            await api.request(route.method.toUpperCase(), path(route), {
              as: 'someone',
              role: route.role === 'borrower' ? 'operator' : 'borrower',
            })
          ).status,
        ).toBe(403);
      },
    );

    it('401 for a token with no signature, another algorithm, audience, issuer, secret, or none of our time', async () => {
      const claims = () => new SignJWT({ role: 'operator' }).setProtectedHeader({ alg: 'HS256' }).setSubject('eve');
      const tokens = await Promise.all([
        Promise.resolve(
          new UnsecuredJWT({ role: 'operator' })
            .setSubject('eve')
            .setIssuer('loanloom')
            .setAudience('loanloom-api')
            .setExpirationTime('1h')
            .encode(),
        ),
        new SignJWT({ role: 'operator' })
          .setProtectedHeader({ alg: 'HS512' })
          .setSubject('eve')
          .setIssuer('loanloom')
          .setAudience('loanloom-api')
          .setExpirationTime('1h')
          .sign(TOKEN_SECRET),
        claims().setIssuer('loanloom').setAudience('elsewhere').setExpirationTime('1h').sign(TOKEN_SECRET),
        claims().setIssuer('elsewhere').setAudience('loanloom-api').setExpirationTime('1h').sign(TOKEN_SECRET),
        claims()
          .setIssuer('loanloom')
          .setAudience('loanloom-api')
          .setExpirationTime('1h')
          .sign(new TextEncoder().encode('another secret of at least 32 bytes')),
        claims()
          .setIssuer('loanloom')
          .setAudience('loanloom-api')
          .setExpirationTime(Math.floor(Date.now() / 1_000) - 60)
          .sign(TOKEN_SECRET),
        claims().setIssuer('loanloom').setAudience('loanloom-api').sign(TOKEN_SECRET),
      ]);
      for (const token of tokens) expect((await api.request('GET', '/v1/loans', { token })).status).toBe(401);
    });

    it('404 for everything that belongs to another borrower, the same as for what does not exist', async () => {
      const { loanId } = await activeLoan();
      const others = ['', '/schedule', '/payoff-quote', '/timeline', `/payments/debit-${loanId}-2026-12-01-1`].map(
        (suffix) => ['GET', `/v1/loans/${loanId}${suffix}`, undefined] as const,
      );
      const commands = [
        ['POST', `/v1/loans/${loanId}/payments`, { amount: money(100) }],
        ['POST', `/v1/loans/${loanId}/promises`, { amount: money(100), dueOn: '2026-12-01' }],
      ] as const;
      for (const [method, url, body] of [...others, ...commands]) {
        const answer = await api.request(method, url, { as: 'stranger', ...(body === undefined ? {} : { body }) });
        expect([url, answer.status]).toEqual([url, 404]);
      }
      const missing = await api.request('GET', '/v1/loans/does-not-exist', { as: 'stranger' });
      const foreign = await api.request('GET', `/v1/loans/${loanId}`, { as: 'stranger' });
      expect({ ...foreign.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
    });
  });

  describe('what it refuses', () => {
    const person = nextPerson();

    it.each<[number, string, unknown]>([
      [400, 'VALIDATION', { productId: 'consumer-installment', principal: { minor: '1e5', currency: 'CNY' }, termMonths: 12 }],
      [400, 'VALIDATION', { productId: 'consumer-installment', principal: { minor: '-5', currency: 'CNY' }, termMonths: 12 }],
      [400, 'VALIDATION', { productId: 'consumer-installment', principal: { minor: '100000.5', currency: 'CNY' }, termMonths: 12 }],
      [400, 'VALIDATION', { productId: 'consumer-installment', principal: money(1_200_000), termMonths: 12, rate: '0' }],
      [400, 'VALIDATION', { productId: 'consumer-installment', principal: money(1_200_000), termMonths: 1.5 }],
      [400, 'VALIDATION', '{"productId":'],
      [404, 'PRODUCT_NOT_FOUND', { productId: 'moon-mortgage', principal: money(1_200_000), termMonths: 12 }],
      [422, 'AMOUNT_NOT_OFFERED', { productId: 'consumer-installment', principal: money(1), termMonths: 12 }],
      [422, 'TERM_NOT_OFFERED', { productId: 'consumer-installment', principal: money(1_200_000), termMonths: 61 }],
    ])('%i %s for a quote', async (status, code, body) => {
      const answer = await api.request('POST', '/v1/quotes', { body });
      expect([answer.status, answer.body.code, answer.headers.get('content-type')]).toEqual([
        status,
        code,
        'application/problem+json; charset=utf-8',
      ]);
    });

    it('400 with the place of every fault in a step, repeating none of its values', async () => {
      const id = await draft(person);
      const answer = await step(person, id, 'identity', { name: '王', idNumber: '110101199003074567', phone: '12345', email: 'nobody' });
      expect(answer.status).toBe(400);
      for (const value of ['110101199003074567', '12345', '王']) expect(JSON.stringify(answer.body)).not.toContain(value);
    });

    it('409 for a submission with a step missing, and for steps out of order', async () => {
      const other = nextPerson();
      const id = await draft(other);
      expect((await api.request('POST', `/v1/applications/${id}/submission`, { as: other.borrowerId })).body.code).toBe('STEP_INCOMPLETE');
      for (const suffix of ['acceptance', 'signing-codes'])
        expect((await api.request('POST', `/v1/applications/${id}/${suffix}`, { as: other.borrowerId })).status).toBe(409);
      expect((await api.request('GET', `/v1/applications/${id}/offer`, { as: other.borrowerId })).status).toBe(404);
    });

    it.each([
      [{ amount: { minor: 100, currency: 'CNY' } }, '/amount/minor'],
      [{ amount: { minor: '100', currency: 'EUR' } }, '/amount/currency'],
      [{ payoff: 'yes' }, '/payoff'],
    ])('400 names the field of the form that was meant: %j', async (body, pointer) => {
      const { loanId, person } = await activeLoan();
      const answer = await api.request('POST', `/v1/loans/${loanId}/payments`, { as: person.borrowerId, body });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
    });

    it('413 for a body larger than any request needs, with its code', async () => {
      const answer = await api.request('POST', '/v1/quotes', { body: JSON.stringify({ productId: 'x'.repeat(40_000) }) });
      expect([answer.status, answer.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    });

    it('404 as problem+json for an address that is not there', async () => {
      const answer = await api.request('GET', '/v2/loans');
      expect([answer.status, answer.body.code]).toEqual([404, 'NOT_FOUND']);
    });
  });

  describe('idempotency', () => {
    it('400 without a key on every money POST', async () => {
      const { loanId, person } = await activeLoan();
      expect(
        (await api.request('POST', `/v1/loans/${loanId}/payments`, { as: person.borrowerId, body: { amount: money(100) }, key: null })).body
          .code,
      ).toBe('IDEMPOTENCY_KEY_MISSING');
      expect(
        (await api.request('POST', '/v1/applications', { as: person.borrowerId, body: { productId: 'consumer-installment' }, key: null }))
          .status,
      ).toBe(400);
    });

    it('gives one payment for one key, sent twenty times at once; 422 for the same key with another body', async () => {
      const { loanId, person } = await activeLoan();
      const pay = (amount: number) =>
        api.request('POST', `/v1/loans/${loanId}/payments`, { as: person.borrowerId, body: { amount: money(amount) }, key: 'one-key' });
      const answers = await Promise.all(Array.from({ length: 20 }, () => pay(50_000)));
      expect(new Set(answers.filter((answer) => answer.status !== 429).map((answer) => answer.body.commandId)).size).toBe(1);
      await eventually('the payment', async () =>
        (await readLoanFile(world.deps.db, loanId)).facts.some((fact) => fact.type === 'REPAYMENT'),
      );
      expect((await world.banks.books()).entries.filter((entry) => entry.reference === loanId && entry.kind === 'DEBIT')).toHaveLength(1);
      expect([(await pay(60_000)).status, (await pay(60_000)).body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    });

    it('starts one application for one key', async () => {
      const person = nextPerson();
      const start = () =>
        api.request('POST', '/v1/applications', { as: person.borrowerId, body: { productId: 'consumer-installment' }, key: 'start-once' });
      const [first, second] = [await start(), await start()];
      expect(second.body.result).toEqual(first.body.result);
      expect(await world.deps.db('applications').where({ borrower_id: person.borrowerId })).toHaveLength(1);
    });

    it('keeps the keys of two callers apart', async () => {
      const bodies = await Promise.all(
        ['caller-a', 'caller-b'].map((as) =>
          api.request('POST', '/v1/applications', { as, body: { productId: 'consumer-installment' }, key: 'same-key' }),
        ),
      );
      expect(bodies[0]!.body.result.applicationId).not.toBe(bodies[1]!.body.result.applicationId);
    });
  });

  describe('a loan', () => {
    it('pays an amount and then the quoted payoff; the loan is settled and nothing more can be paid', async () => {
      const { loanId, person } = await activeLoan();
      const as = person.borrowerId;
      const first = await api.request('POST', `/v1/loans/${loanId}/payments`, { as, body: { amount: money(50_000) } });
      expect(first.status).toBe(200);
      const paid = (answer: typeof first) =>
        eventually(
          'the outcome',
          async () =>
            (await api.request('GET', `/v1/loans/${loanId}/payments/${String(answer.body.result.paymentId)}`, { as })).body.state ===
            'SUCCEEDED',
        );
      await paid(first);
      const quote = (await api.request('GET', `/v1/loans/${loanId}/payoff-quote`, { as })).body;
      const tooMuch = await api.request('POST', `/v1/loans/${loanId}/payments`, {
        as,
        body: { amount: money(Number(quote.payoff.total.minor) + 1) },
      });
      expect([tooMuch.status, tooMuch.body.code]).toEqual([400, 'INVALID_AMOUNT']);
      const payoff = await eventually('the payoff’s acceptance', async () => {
        const answer = await api.request('POST', `/v1/loans/${loanId}/payments`, { as, body: { payoff: true } });
        return answer.status === 200 ? answer : undefined;
      });
      expect(String(payoff.body.result.amountFen)).toBe(quote.payoff.total.minor);
      await paid(payoff);
      await eventually(
        'settlement',
        async () => (await api.request('GET', `/v1/loans/${loanId}`, { as })).body.status === 'CLOSED_OBLIGATIONS_MET',
      );
      const again = await api.request('POST', `/v1/loans/${loanId}/payments`, { as, body: { amount: money(100) } });
      expect([again.status, again.body.code]).toEqual([409, 'LOAN_NOT_ACTIVE']);
    });

    it('409 for a promise when nothing is due', async () => {
      const { loanId, person } = await activeLoan();
      const answer = await api.request('POST', `/v1/loans/${loanId}/promises`, {
        as: person.borrowerId,
        body: { amount: money(100), dueOn: '2026-11-25' },
      });
      expect([answer.status, answer.body.code]).toEqual([409, 'NOTHING_OWED']);
    });

    it('tells what happened and what comes next, from Postgres', async () => {
      const { loanId, person } = await activeLoan();
      const timeline = await eventually('the next appointment', async () => {
        const { body } = await api.request('GET', `/v1/loans/${loanId}/timeline`, { as: person.borrowerId });
        return body.next?.kind === 'REMIND' ? body : undefined;
      });
      expect(timeline.happened.at(-1)).toMatchObject({ kind: 'PAYOUT_CONFIRMED' });
      expect(timeline.next.why).toContain('remind of installment 1');
    });
  });

  describe('consents', () => {
    it('are read with their texts, given one by one, and withdrawn; what needs one that is withdrawn ends', async () => {
      const person = nextPerson();
      const as = person.borrowerId;
      const id = await offered(person);
      const { body } = await api.request('GET', '/v1/consents', { as });
      expect(body.standing.filter((each: { isGranted: boolean }) => each.isGranted)).toHaveLength(5);
      expect(body.texts).toHaveLength(8);
      const sharing = { textSha256: body.texts[0].sha256 as string, locale: 'en' };
      expect((await api.request('PUT', '/v1/consents/PARTNER_SHARING', { as, body: sharing })).body.code).toBe('VALIDATION');
      expect((await api.request('PUT', '/v1/consents/MARKETING', { as, body: sharing })).body.code).toBe('CONSENT_TEXT_CHANGED');
      expect((await api.request('DELETE', '/v1/consents/MARKETING', { as })).status).toBe(404);
      expect((await api.request('DELETE', '/v1/consents/FOOD', { as })).status).toBe(400);
      expect((await api.request('DELETE', '/v1/consents/PRIVACY', { as })).body.state).toBe('APPLIED');
      await eventually(
        'the end of the application',
        async () => (await api.request('GET', `/v1/applications/${id}`, { as })).body.status === 'WITHDRAWN',
      );
    });
  });

  describe('the cost table', () => {
    it('B1, B2 is read and confirmed before the offer can be accepted; too early is refused, and so is a partner who is on no list', async () => {
      const person = nextPerson();
      const as = person.borrowerId;
      const id = await offered(person);
      const unread = await api.request('POST', `/v1/applications/${id}/acceptance`, { as });
      expect([unread.status, unread.body.code]).toEqual([409, 'DISCLOSURE_NOT_CONFIRMED']);
      const { body: shown } = await api.request('GET', `/v1/applications/${id}/disclosure`, { as });
      expect(shown.disclosure).toMatchObject({ lender: { en: expect.any(String) }, statement: { en: 'Nothing else is charged.' } });
      const confirm = () =>
        api.request('POST', `/v1/applications/${id}/disclosure/confirmation`, { as, body: { disclosureSha256: shown.sha256 as string } });
      const early = await confirm();
      expect([early.status, early.body.code]).toEqual([409, 'DISCLOSURE_NOT_READ']);
      expect((await api.request('GET', `/v1/applications/${id}/disclosure`, { as: nextPerson().borrowerId })).status).toBe(404);
      await readDisclosure(world.deps, id);
      expect((await confirm()).status).toBe(200);
      expect((await api.request('POST', `/v1/applications/${id}/acceptance`, { as })).body.state).toBe('APPLIED');
      const body = { productId: 'consumer-installment', partnerId: 'nobody' };
      expect((await api.request('POST', '/v1/applications', { as, body })).body.code).toBe('PARTNER_NOT_LISTED');
    });
  });

  describe('signing', () => {
    it('needs the code that was mailed, counts wrong tries, and signs the text that was shown', async () => {
      const person = nextPerson();
      const as = person.borrowerId;
      const id = await offered(person);
      await readDisclosure(world.deps, id);
      await api.request('POST', `/v1/applications/${id}/acceptance`, { as });
      await world.deps
        .db('applications')
        .where({ id })
        .update({ waiting_until: new Date(0) });
      await world.client.workflow.getHandle(`application-${id}`).query('getApplicationStatus');
      // A refused command makes the workflow look again: the reflection period is over by its own record.
      await api.request('POST', `/v1/applications/${id}/submission`, { as });
      await eventually(
        'the contract',
        async () => (await api.request('GET', `/v1/applications/${id}`, { as })).body.status === 'AWAITING_SIGNATURE',
      );
      const contract = (await api.request('GET', `/v1/applications/${id}/contract`, { as })).body;
      expect(contract.text).toContain(person.name);
      const relay = startRelay(world.deps, world.client);
      expect((await api.request('POST', `/v1/applications/${id}/signing-codes`, { as })).status).toBe(201);
      const mail = await eventually('the code', () =>
        Promise.resolve(world.mails.find((each) => each.to === person.email && each.text.includes('code to sign'))),
      );
      await relay.stop();
      const code = /is (\d{6})/.exec(mail.text)![1]!;
      expect(JSON.stringify(await world.deps.db('outbox').select())).not.toContain(code);
      const sign = (entered: string, contractSha256: string) =>
        api.request('POST', `/v1/applications/${id}/signature`, { as, body: { code: entered, contractSha256 } });
      const wrong = code === '000000' ? '000001' : '000000';
      expect((await sign(wrong, contract.sha256)).body.code).toBe('CODE_INVALID');
      expect((await sign(code, contract.sha256)).status).toBe(200);
      const [signature] = await world.deps.db('signatures').where({ application_id: id });
      expect(signature).toMatchObject({ contract_sha256: contract.sha256, method: 'one-time-code' });
      expect((await sign(code, contract.sha256)).status).toBeGreaterThanOrEqual(400);
    });

    it('429 after five wrong tries, whatever is entered then', async () => {
      const { applicationId, borrowerId } = await awaitingSignature();
      await api.request('POST', `/v1/applications/${applicationId}/signing-codes`, { as: borrowerId });
      const statuses = [];
      for (let attempt = 0; attempt < 7; attempt += 1)
        statuses.push(
          (
            await api.request('POST', `/v1/applications/${applicationId}/signature`, {
              as: borrowerId,
              body: { code: '999999', contractSha256: 'a'.repeat(64) },
            })
          ).status,
        );
      expect(statuses.slice(5)).toEqual([429, 429]);
    });

    async function awaitingSignature() {
      const { loanId, person } = await seedLoan(world.deps);
      const applicationId = `sign-${loanId}`;
      await world.deps.db('applications').insert({
        id: applicationId,
        borrower_id: person.borrowerId,
        product_id: 'consumer-installment',
        product_version: 1,
        status: 'AWAITING_SIGNATURE',
        created_on: '2026-11-23',
      });
      return { applicationId, borrowerId: person.borrowerId };
    }
  });

  describe('operators', () => {
    it('hold and release a loan, with a reason and an audit row each', async () => {
      const { loanId } = await activeLoan();
      const post = (suffix: string, body: unknown) =>
        api.request('POST', `/v1/ops/loans/${loanId}/${suffix}`, { as: 'olga', role: 'operator', body });
      expect((await post('hold', { until: '2026-12-01' })).status).toBe(400);
      expect((await post('hold', { until: '2026-12-01', reason: 'complaint 17 is open' })).status).toBe(200);
      expect((await post('hold', { until: '2026-12-01', reason: 'complaint 17 is open' })).body.code).toBe('LOAN_ON_HOLD');
      expect((await post('release', { reason: 'complaint 17 is closed' })).status).toBe(200);
      expect((await post('release', { reason: 'again' })).body.code).toBe('LOAN_NOT_ON_HOLD');
      const rows = await world.deps.db('audit_log').where({ subject: loanId }).orderBy('id').select('actor', 'action', 'reason');
      expect(rows).toEqual([
        { actor: 'operator:olga', action: 'HOLD', reason: 'complaint 17 is open' },
        { actor: 'operator:olga', action: 'RELEASE', reason: 'complaint 17 is closed' },
      ]);
    });

    it('authorise a new payout, over the channel they choose, after every channel refused', async () => {
      const { loanId } = await seedLoan(world.deps);
      await world.banks.script({ kind: 'PAYOUT', reference: loanId, behaviour: 'refused', times: 3 });
      await startLoan(world.client, loanId);
      const needsOperator = () =>
        eventually('the call for an operator', async () => (await readLoanFile(world.deps.db, loanId)).loan.next_kind === 'AWAIT_OPERATOR');
      await needsOperator();
      const retry = await api.request('POST', `/v1/ops/loans/${loanId}/payout-retry`, {
        as: 'olga',
        role: 'operator',
        body: { channel: 'cardnet', reason: 'bank confirmed the account' },
      });
      expect(retry.status).toBe(200);
      await eventually('the payout', async () => (await readLoanFile(world.deps.db, loanId)).loan.status === 'ACTIVE');
      const booked = (await world.banks.books()).entries.filter((entry) => entry.reference === loanId && entry.state === 'BOOKED');
      expect(booked.map((entry) => entry.bank)).toEqual(['cardnet']);
    });

    it('409 for a retry while the payout has not failed; 404 for a loan that does not exist', async () => {
      const { loanId } = await activeLoan();
      const retry = (id: string) =>
        api.request('POST', `/v1/ops/loans/${id}/payout-retry`, { as: 'olga', role: 'operator', body: { reason: 'just in case' } });
      expect((await retry(loanId)).body.code).toBe('PAYOUT_NOT_STUCK');
      expect((await retry('no-such-loan')).status).toBe(404);
    });
  });

  describe('while Temporal is down', () => {
    it('202 with a status resource; the command still arrives, once', async () => {
      const { loanId, person } = await activeLoan();
      const cutOff = await startApi(world.deps, unreachableTemporal(await freePort()), 500);
      const key = randomUUID();
      const answer = await cutOff.request('POST', `/v1/loans/${loanId}/payments`, {
        as: person.borrowerId,
        body: { amount: money(10_000) },
        key,
      });
      expect(answer.status).toBe(202);
      const location = answer.headers.get('location')!;
      expect((await cutOff.request('GET', location, { as: person.borrowerId })).body.state).toBe('RECEIVED');
      expect((await cutOff.request('GET', `/v1/loans/${loanId}`, { as: person.borrowerId })).status).toBe(200);
      await cutOff.close();
      const relay = startRelay(world.deps, world.client);
      await eventually('delivery', async () => (await api.request('GET', location, { as: person.borrowerId })).body.state === 'APPLIED');
      await relay.stop();
      await eventually('the payment', async () =>
        (await readLoanFile(world.deps.db, loanId)).facts.some((fact) => fact.type === 'REPAYMENT'),
      );
      expect((await world.banks.books()).entries.filter((entry) => entry.reference === loanId && entry.kind === 'DEBIT')).toHaveLength(1);
    });
  });

  describe('its own description', () => {
    it('documents every route as OpenAPI 3.1, and its page loads nothing from elsewhere', async () => {
      const { body } = await api.request('GET', '/openapi.json');
      expect(body.openapi).toBe('3.1.0');
      for (const route of ROUTES) expect(body.paths[route.path][route.method].responses).toHaveProperty('401');
      const page = await fetch(`${api.url}/docs`);
      expect(await page.text()).not.toMatch(/https?:\/\//);
      expect((await fetch(`${api.url}/docs/swagger-ui-bundle.js`)).status).toBe(200);
    });

    it('sends security headers, a request id and no-store', async () => {
      const answer = await api.request('GET', '/v1/products');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(answer.headers.get('x-powered-by')).toBeNull();
    });
  });
});
