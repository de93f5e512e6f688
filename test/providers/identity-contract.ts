import { inventPerson } from '../../dev/demo/person';
import type { IdentitySource, SourceQuestion } from '../../providers/identity/port';
import type { SourceLink } from '../../providers/identity/wire';
import { instant } from '../../domain/time/dates';
import { freePort } from '../../dev/stack/ports';
import type { NotedQuestion, SourceBehaviour, SourceName } from '../../simulator/identity/sources';
import { startBanks, type Banks } from '../support/world';

export interface SourceUnderTest {
  /** Whose wire format it speaks. */
  readonly source: SourceName;
  create(link: SourceLink): IdentitySource;
}

const signal = new AbortController().signal;
const NOW = instant('2026-11-30T08:00:00Z');

/** The promises of providers/identity/port.ts, against a source with a register and books of its own. Every adapter has to pass. */
export function sourceContract({ source, create }: SourceUnderTest): void {
  let banks: Banks;
  let serial = 0;
  beforeAll(async () => {
    banks = await startBanks();
    await banks.tell('identity/register', { isOpen: false });
  });
  afterEach(() => fetch(`${banks.url}/scripts`, { method: 'DELETE' }));
  afterAll(() => banks.close());

  const link = (over: Partial<SourceLink> = {}): SourceLink => ({
    baseUrl: `${banks.url}/identity/${source}`,
    keyId: 'loanloom',
    secret: banks.secrets[source] ?? '',
    timeoutMs: 300,
    ...over,
  });
  const question = (): SourceQuestion => {
    serial += 1;
    const { name, idNumber, phone, cardNumber } = inventPerson(8_000, serial);
    return { requestId: `request-${String(serial)}`, name, idNumber, phone, cardNumber, consentId: `consent-${String(serial)}`, asOf: NOW };
  };
  async function known(): Promise<SourceQuestion> {
    const asked = question();
    await banks.tell('identity/people', asked);
    return asked;
  }
  const noted = async () => (await (await fetch(`${banks.url}/identity/questions`)).json()) as NotedQuestion[];

  it('says MATCH of a person who is as they say', async () => {
    expect(await create(link()).ask(await known(), signal)).toMatchObject({ answer: 'MATCH' });
  });

  it('says MISMATCH of somebody else’s data', async () => {
    const [asked, other] = [await known(), await known()];
    const name = asked.name === '王小明' ? '李静' : '王小明';
    expect(await create(link()).ask({ ...asked, name }, signal)).toMatchObject({ answer: 'MISMATCH' });
    const { check } = create(link());
    if (check === 'CARD_FOUR_ELEMENTS')
      expect(await create(link()).ask({ ...asked, cardNumber: other.cardNumber }, signal)).toMatchObject({ answer: 'MISMATCH' });
    if (check === 'PHONE_THREE_ELEMENTS')
      expect(await create(link()).ask({ ...asked, phone: other.phone }, signal)).toMatchObject({ answer: 'MISMATCH' });
  });

  it('says NOT_FOUND of somebody of whom the register knows nothing', async () => {
    expect(await create(link()).ask(question(), signal)).toMatchObject({ answer: 'NOT_FOUND' });
  });

  it.each<SourceBehaviour>(['no-answer', 'reset', 'error', 'truncated', 'late', 'busy', 'wrong'])(
    'a source that is %s has said nothing: UNAVAILABLE, whatever it knows, and a later question is answered',
    async (behaviour) => {
      const asked = await known();
      await banks.tell('identity/scripts', { source, behaviour });
      const reply = await create(link()).ask(asked, signal);
      expect(reply).toMatchObject({ answer: 'UNAVAILABLE' });
      expect(reply.detail).toMatch(/^[\w.-]{1,80}$/);
      expect(await create(link()).ask(asked, signal)).toMatchObject({ answer: 'MATCH' });
    },
  );

  it('a source that is down until a moment is UNAVAILABLE until then', async () => {
    const asked = await known();
    await banks.tell('identity/outages', { source, until: '2026-12-01T08:00:00.000Z' });
    expect(await create(link()).ask(asked, signal)).toMatchObject({ answer: 'UNAVAILABLE', detail: 'HTTP_503' });
    expect(await create(link()).ask({ ...asked, asOf: instant('2026-12-01T08:00:00Z') }, signal)).toMatchObject({ answer: 'MATCH' });
  });

  it('nothing listens, or the key is wrong, or nobody waits any more: UNAVAILABLE', async () => {
    const asked = await known();
    const ended = new AbortController();
    ended.abort();
    const replies = [
      await create(link({ baseUrl: `http://127.0.0.1:${String(await freePort())}` })).ask(asked, signal),
      await create(link({ secret: 'not the secret' })).ask(asked, signal),
      await create(link()).ask(asked, ended.signal),
    ];
    expect(replies.map(({ answer, detail }) => [answer, detail])).toEqual([
      ['UNAVAILABLE', 'ECONNREFUSED'],
      ['UNAVAILABLE', 'HTTP_401'],
      ['UNAVAILABLE', 'TIMEOUT'],
    ]);
  });

  it('a question leaves with its id and its consent, and the source’s own books say so', async () => {
    const asked = await known();
    await create(link()).ask(asked, signal);
    expect((await noted()).at(-1)).toMatchObject({ source, requestId: asked.requestId, consentId: asked.consentId });
  });

  it('what it says of a person in its code is no person’s data', async () => {
    for (const asked of [await known(), question()]) {
      const { detail } = await create(link()).ask(asked, signal);
      for (const secret of [asked.name, asked.idNumber, asked.phone, asked.cardNumber]) expect(detail).not.toContain(secret);
    }
  });
}
