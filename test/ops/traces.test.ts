import { randomUUID } from 'node:crypto';
import { mintToken } from '../../api/auth';
import { businessNow } from '../../db/clock';
import { epochMs, instant } from '../../domain/time/dates';
import { advanceClock } from '../../dev/clock';
import { ApiProblem, BorrowerClient } from '../../dev/demo/borrower-client';
import { inventPerson, type Person } from '../../dev/demo/person';
import { command } from '../../dev/sim/operators';
import { SimWorld } from '../../dev/sim/world';
import { filesOf, findTraces, tablesOf, workflowsOf, type Place } from '../support/traces';
import { eventually } from '../support/world';

jest.setTimeout(400_000);

const cny = (minor: number) => ({ minor: String(minor), currency: 'CNY' });
const RESIDENCE = '朝阳区光华路甲八号院';
const OCCUPATION = '琴弦调音师傅';

/**
 * Guarantee: who a borrower is stands nowhere in clear. Two people whose data are known go through everything that the
 * system does with people, faults and refusals too; then every store and every file of ours is searched for them.
 */
describe('what is left of a person', () => {
  let world: SimWorld;
  const people: Person[] = [
    { ...inventPerson(61_001, 1), name: '欧阳若兰', email: 'ruolan.canary@example.org' },
    { ...inventPerson(61_002, 1), name: '司马青衫', email: 'qingshan.canary@example.org' },
  ];
  const newPhone = inventPerson(61_003, 1).phone;
  const otherCard = inventPerson(61_004, 1).cardNumber;
  const secrets = [
    ...people.flatMap(({ name, idNumber, phone, email, cardNumber }) => [name, idNumber, phone, email, cardNumber]),
    newPhone,
    otherCard,
    RESIDENCE,
    OCCUPATION,
  ];
  let places: Place[];
  let applicationId: string;

  const refused = (work: Promise<unknown>) =>
    work.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ApiProblem ? error.code : String(error)),
    );
  async function clientOf(person: Person): Promise<BorrowerClient> {
    const token = await mintToken(world.attached.tokenSecret, person.borrowerId, 24);
    return new BorrowerClient({ apiUrl: world.apiUrl, mailUrl: world.mailUrl, token, person });
  }
  async function passHours(hours: number): Promise<void> {
    const { db, client, env, restoreEpoch } = world.attached;
    const target = instant(epochMs((await businessNow(db)).now) + hours * 3_600_000);
    await advanceClock({ db, client, isSandbox: env.LOANLOOM_SANDBOX, restoreEpoch, progress: () => undefined }, target);
  }

  /** Applies with everything that can be said, meets each refusal on the way, and ends with a loan that pays. */
  async function live(person: Person, owner: Person): Promise<string> {
    const client = await clientOf(person);
    const { result } = await client.call<{ result: { applicationId: string } }>('POST', '/v1/applications', {
      productId: 'consumer-installment',
    });
    const id = result.applicationId;
    const put = (step: string, body: unknown) => client.call('PUT', `/v1/applications/${id}/steps/${step}`, body);
    const identity = { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email };
    await refused(put('identity', { ...identity, idNumber: `${person.idNumber}9` }));
    await refused(put('identity', { ...identity, name: `${person.name}\u202e` }));
    await refused(put('identity', { ...identity, idValidUntil: '2020-01-01' }));
    await refused(put('card', { cardNumber: `${person.cardNumber}${person.idNumber}` }));
    await refused(client.call('POST', `/v1/applications/${person.idNumber}/submission`));
    await put('request', { principal: cny(18_000_000), termMonths: 12, loanPurpose: 'EDUCATION' });
    await put('identity', { ...identity, idValidUntil: 'LONG_TERM', residence: RESIDENCE });
    await put('income', {
      monthlyIncome: cny(90_000_000),
      employmentStatus: 'EMPLOYED',
      employmentDurationMonths: 30,
      occupation: OCCUPATION,
      existingLoanObligations: cny(1_000),
    });
    // Another's card first: the source's no, and the way back.
    await put('card', { cardNumber: owner.cardNumber });
    await client.agree();
    await client.call('POST', `/v1/applications/${id}/submission`);
    await client.untilStatus(id, ['KYC_PENDING']);
    await passHours(1);
    await client.untilRound(id, 2);
    await put('card', { cardNumber: person.cardNumber });
    await client.call('POST', `/v1/applications/${id}/submission`);
    await client.untilStatus(id, ['FOUR_EYES']);
    for (const name of ['li', 'wang']) {
      await command(world, name, { method: 'POST', path: `/v1/ops/applications/${id}/file`, body: { reason: 'to decide it' } });
      await command(world, name, {
        method: 'POST',
        path: `/v1/ops/applications/${id}/review`,
        body: { verdict: 'APPROVE', reason: 'documents seen' },
      });
    }
    await client.untilStatus(id, ['OFFERED']);
    await client.accept(id);
    await passHours(25);
    await client.untilStatus(id, ['AWAITING_SIGNATURE']);
    await refused(client.call('POST', `/v1/applications/${id}/signature`, { code: '000000', contractSha256: 'a'.repeat(64) }));
    await client.sign(id);
    await client.until('the payout', async () => {
      const view = await client.loan(id).catch(() => undefined);
      return view?.status === 'ACTIVE' ? view : undefined;
    });
    await client.pay(id, 100_000);
    return id;
  }

  beforeAll(async () => {
    world = await SimWorld.start();
    const [one, two] = people as [Person, Person];
    for (const person of people) await world.tell('identity/people', person);
    await world.tell('identity/scripts', { source: 'tencent', behaviour: 'truncated', times: 1 });
    await world.tell('identity/scripts', { source: 'alibaba', behaviour: 'busy', times: 1 });
    await world.tell('scripts', { behaviour: 'wrong-payee', kind: 'PAYOUT', times: 1 });
    applicationId = await live(one, two);
    const client = await clientOf(one);
    await client.call('POST', '/v1/identity-changes', { phone: newPhone }, randomUUID());
    await command(world, 'li', {
      method: 'POST',
      path: `/v1/ops/loans/${applicationId}/card`,
      body: { cardNumber: otherCard, reason: 'the borrower showed it' },
    });
    await world.kill('worker');
    await world.kill('api');
    await refused(client.call('GET', `/v1/loans/${one.idNumber}`));
    await passHours(24 * 40);
    const { DATABASE_OWNER_URL: ownerUrl = '' } = world.attached.env;
    const metrics = await (await fetch(`${world.apiUrl}/metrics`)).text();
    const mails = (await (await fetch(`${world.mailUrl}/messages`)).json()) as { subject: string; messageId: string }[];
    places = [
      ...(await tablesOf(ownerUrl)),
      ...(await workflowsOf(world.attached.client)),
      // The tables were read row by row; the simulator's files and delivered mail are not ours.
      ...(await filesOf(world.dataDir, (path) => path.startsWith('postgres/') || path.startsWith('simulator-') || path.startsWith('mail'))),
      { name: 'metrics', content: metrics },
      { name: 'mail metadata', content: mails.map(({ subject, messageId }) => `${subject} ${messageId}`).join('\n') },
    ];
  });
  afterAll(() => world.stop());

  it('the search sees every kind of store', () => {
    const kinds = places.map(({ name }) => name.split(' ')[0]);
    expect(new Set(kinds)).toEqual(new Set(['table', 'history', 'file', 'metrics', 'mail']));
    const where = findTraces(applicationId, places);
    for (const kind of ['table', 'history', 'file', 'mail']) expect(where.some((name) => name.startsWith(kind))).toBe(true);
    expect(places.find(({ name }) => name === 'metrics')?.content).toContain('loanloom');
    // It would see a person's name in each disguise.
    const name = people[0]?.name ?? '';
    const bytes = Buffer.from(name, 'utf8');
    const disguised = [name, bytes.toString('hex'), Buffer.concat([Buffer.from('x'), bytes]).toString('base64'), JSON.stringify({ name })];
    for (const content of disguised) expect(findTraces(name, [{ name: 'planted', content }])).toEqual(['planted']);
  });

  it.each(secrets.map((secret, index) => [index, secret] as const))('nothing of number %i stands in clear anywhere', (_index, secret) => {
    expect(findTraces(secret, places)).toEqual([]);
  });

  it('the loan went the whole way', async () => {
    await eventually('an installment', async () => (await world.attached.db('loan_transactions').where({ type: 'REPAYMENT' })).length > 0);
  });
});
