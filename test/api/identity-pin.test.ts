import { inventPerson, type Person } from '../../dev/demo/person';
import { createCatalogue } from '../../domain/product/products';
import { PRODUCT_FILES } from '../../domain/product/products/index';
import { agree, readDisclosure } from '../support/seed';
import { startApi, type Api } from '../support/api';
import { createWorld, eventually, type Fleet, type World } from '../support/world';

const money = (fen: number | string) => ({ minor: String(fen), currency: 'CNY' });

/** The shipped products, with room for five applications of one person. */
const roomy = createCatalogue(
  (PRODUCT_FILES as readonly { eligibility: object }[]).map((file) => ({
    ...file,
    eligibility: { ...file.eligibility, openApplicationsMax: 5 },
  })),
);

describe('who is checked is who signs', () => {
  let world: World;
  let fleet: Fleet;
  let api: Api;
  beforeAll(async () => {
    world = await createWorld({ server: 'time-skipping', catalogue: roomy });
    fleet = await world.startFleet();
    api = await startApi(world.deps, world.client);
  });
  afterAll(async () => {
    await api.close();
    await fleet.stop();
    await world.close();
  });

  const start = (person: Person) =>
    api.request('POST', '/v1/applications', { as: person.borrowerId, body: { productId: 'consumer-installment' } });
  const draft = async (person: Person) => (await start(person)).body.result.applicationId as string;
  const put = (person: Person, id: string, name: string, body: unknown) =>
    api.request('PUT', `/v1/applications/${id}/steps/${name}`, { as: person.borrowerId, body });
  const identity = (of: Person) => ({ name: of.name, idNumber: of.idNumber, phone: of.phone, email: of.email });
  const statusOf = async (person: Person, id: string) =>
    (await api.request('GET', `/v1/applications/${id}`, { as: person.borrowerId })).body.status as string;

  async function submitted(
    person: Person,
    {
      id,
      who,
      principal,
      termMonths,
      income,
    }: { readonly id: string; readonly who: Person; readonly principal: number; readonly termMonths: number; readonly income: number },
  ): Promise<string> {
    await put(person, id, 'request', { principal: money(principal), termMonths });
    await put(person, id, 'identity', identity(who));
    await put(person, id, 'income', { monthlyIncome: money(income) });
    await put(person, id, 'card', { cardNumber: person.cardNumber });
    await agree(world.deps, person.borrowerId);
    expect((await api.request('POST', `/v1/applications/${id}/submission`, { as: person.borrowerId })).status).toBe(200);
    await eventually('a decision', async () => ['OFFERED', 'DECLINED', 'DRAFT'].includes(await statusOf(person, id)));
    return statusOf(person, id);
  }

  it('another draft cannot change who the borrower is, and the contract names who was checked', async () => {
    const [checked, other] = [inventPerson(901, 2), inventPerson(902, 2)];
    const first = await draft(checked);
    expect(await submitted(checked, { id: first, who: checked, principal: 1_000_000, termMonths: 12, income: 5_000_000 })).toBe('OFFERED');
    const second = await draft(checked);
    const swap = await put(checked, second, 'identity', identity(other));
    expect([swap.status, swap.body.code]).toEqual([409, 'IDENTITY_LOCKED']);
    expect((await put(checked, second, 'identity', identity(checked))).status).toBe(200);
    await readDisclosure(world.deps, first);
    await api.request('POST', `/v1/applications/${first}/acceptance`, { as: checked.borrowerId });
    await world.environment!.sleep('25 hours');
    await eventually('a contract', async () => (await statusOf(checked, first)) === 'AWAITING_SIGNATURE');
    const { body } = await api.request('GET', `/v1/applications/${first}/contract`, { as: checked.borrowerId });
    expect(String(body.text)).toContain(checked.idNumber);
    expect(String(body.text)).not.toContain(other.idNumber);
  });

  it('an identity changed behind the lock is found before anything is decided or signed on it', async () => {
    const person = inventPerson(911, 2);
    const id = await draft(person);
    expect(await submitted(person, { id, who: person, principal: 1_000_000, termMonths: 12, income: 5_000_000 })).toBe('OFFERED');
    await world.deps.db('borrowers').where({ id: person.borrowerId }).increment('identity_version', 1);
    await readDisclosure(world.deps, id);
    await api.request('POST', `/v1/applications/${id}/acceptance`, { as: person.borrowerId });
    await world.environment!.sleep('25 hours');
    expect(await statusOf(person, id)).not.toBe('AWAITING_SIGNATURE');
    await world.deps.db('borrowers').where({ id: person.borrowerId }).decrement('identity_version', 1);
  });

  it('the installments of all offers and loans of a person are judged together', async () => {
    const person = inventPerson(921, 2);
    const outcomes = [];
    for (let round = 0; round < 3; round += 1)
      outcomes.push(
        await submitted(person, { id: await draft(person), who: person, principal: 10_000_000, termMonths: 60, income: 450_000 }),
      );
    expect(outcomes).toEqual(['OFFERED', 'DECLINED', 'DECLINED']);
  });

  it('the sixth open application is refused with the id of one that is under way', async () => {
    const person = inventPerson(931, 2);
    const ids = [];
    for (let round = 0; round < 5; round += 1) ids.push(await draft(person));
    const sixth = await start(person);
    expect([sixth.status, sixth.body.code]).toEqual([409, 'APPLICATION_OPEN']);
    expect(sixth.body.detail).toContain(ids[0]);
  });

  it("nobody learns from an answer whether an ID number is a customer's, and using it makes it nobody's", async () => {
    const [victim, spy, nobody] = [inventPerson(941, 2), inventPerson(942, 2), inventPerson(943, 2)];
    expect(await submitted(victim, { id: await draft(victim), who: victim, principal: 1_000_000, termMonths: 12, income: 5_000_000 })).toBe(
      'OFFERED',
    );
    const id = await draft(spy);
    const known = await put(spy, id, 'identity', { ...identity(spy), idNumber: victim.idNumber });
    const unknown = await put(spy, id, 'identity', { ...identity(spy), idNumber: nobody.idNumber });
    expect([known.status, Object.keys(known.body).sort()]).toEqual([unknown.status, Object.keys(unknown.body).sort()]);
    // Who has all of a customer's data is answered with the words for data that no register knows.
    const [twin, asked] = [
      { ...victim, borrowerId: spy.borrowerId, email: spy.email },
      { principal: 1_000_000, termMonths: 12, income: 5_000_000 },
    ];
    const other = await draft(twin);
    await world.banks.tell('identity/people', { ...nobody, name: '欧阳若兰' });
    const wrong = await draft(nobody);
    const answers = [];
    for (const [who, application] of [
      [twin, other],
      [nobody, wrong],
    ] as const) {
      expect(await submitted(who, { id: application, who, ...asked })).toBe('DRAFT');
      const { body } = await api.request('GET', `/v1/applications/${application}`, { as: who.borrowerId });
      answers.push([body.missing, body.decisions.map((each: { outcome: string; reasons: string[] }) => [each.outcome, each.reasons])]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toEqual(['identity', 'card']);
    expect((await world.deps.borrowers.identity(world.deps.db, victim.borrowerId)).idNumber).toBe(victim.idNumber);
  });

  it.each([
    ['a NUL', '\u0000'],
    ['a control character', '\u0001'],
    ['a noncharacter', '\uFFFE'],
    ['a line break', '\n'],
    ['a bidirectional override', '\u202E'],
    ['half a surrogate', '\uD800'],
  ])('a name with %s is refused with a code and nothing is kept', async (_name, character) => {
    const person = inventPerson(957, 2);
    const id = (await start(person)).body.result?.applicationId as string | undefined;
    const open = id ?? (await world.deps.db('applications').where({ borrower_id: person.borrowerId }).first('id')).id;
    const answer = await put(person, open, 'identity', { ...identity(person), name: `张${character}${person.name}` });
    expect([answer.status, answer.body.code]).toEqual([422, 'TEXT_REFUSED']);
    expect(JSON.stringify(answer.body)).not.toContain(person.name);
  });
});
