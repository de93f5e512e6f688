import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IdentitySource, SourceQuestion } from '../../providers/identity/port';
import { ALIBABA_CARD_CODES, createAlibabaCardSource } from '../../providers/identity/alibaba';
import { withSourceBreaker } from '../../providers/identity/index';
import { createTencentSource, TENCENT_CODES } from '../../providers/identity/tencent';
import { epochMs, instant } from '../../domain/time/dates';
import { MATCH, UNAVAILABLE } from '../support/identity-sources';
import { startBanks } from '../support/world';
import { inventPerson } from '../../dev/demo/person';
import { sourceContract } from './identity-contract';

const signal = new AbortController().signal;

describe('name and ID number, in the shape of Tencent', () => {
  sourceContract({ source: 'tencent', create: (link) => createTencentSource(link, { check: 'ID_NAME', priceFen: 30 }) });
});

describe('phone, in the shape of Tencent', () => {
  sourceContract({ source: 'tencent', create: (link) => createTencentSource(link, { check: 'PHONE_THREE_ELEMENTS', priceFen: 25 }) });
});

// B7: the card's check, by two sources with two code tables.
describe('B7 bank card, in the shape of Alibaba', () => {
  sourceContract({ source: 'alibaba', create: (link) => createAlibabaCardSource(link, { priceFen: 45 }) });
});

describe('B7 bank card, in the shape of Tencent', () => {
  sourceContract({ source: 'tencent', create: (link) => createTencentSource(link, { check: 'CARD_FOUR_ELEMENTS', priceFen: 40 }) });
});

describe('B7 the same adapter, another address and another code table', () => {
  it('reads the codes by its own table: what is not in it says nothing', async () => {
    const [here, there] = await Promise.all([startBanks(), startBanks()]);
    const question: SourceQuestion = { ...inventPerson(8_100, 1), requestId: 'r', consentId: 'c', asOf: instant('2026-11-30T08:00:00Z') };
    const link = (banks: typeof here) => ({
      baseUrl: `${banks.url}/identity/alibaba`,
      keyId: 'k',
      secret: banks.secrets.alibaba ?? '',
      timeoutMs: 1_000,
    });
    const asks = async (banks: typeof here, codes: Parameters<typeof createAlibabaCardSource>[1]['codes']) =>
      (await createAlibabaCardSource(link(banks), { ...(codes && { codes }), priceFen: 45 }).ask(question, signal)).answer;
    expect(await asks(here, ALIBABA_CARD_CODES)).toBe('MATCH');
    expect(await asks(there, { '1': 'MISMATCH' })).toBe('MISMATCH');
    expect(await asks(there, { '9': 'MATCH' })).toBe('UNAVAILABLE');
    expect(await asks(there, {})).toBe('UNAVAILABLE');
    // A name of every object's is no code.
    expect(Object.hasOwn(TENCENT_CODES.ID_NAME, 'constructor')).toBe(false);
    await Promise.all([here.close(), there.close()]);
  });
});

describe('a question that is asked again', () => {
  it('is signed when it leaves: with a nonce of its own and the time of the moment, whatever the time of the activity’s input', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      request.resume().on('end', () => response.writeHead(503).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const link = { baseUrl, keyId: 'k', secret: 's', timeoutMs: 2_000 };
    const old: SourceQuestion = { ...inventPerson(8_300, 1), requestId: 'r', consentId: 'c', asOf: instant(Date.now() - 3_600_000) };
    for (let times = 0; times < 2; times += 1) await createAlibabaCardSource(link, { priceFen: 45 }).ask(old, signal);
    await createTencentSource(link, { check: 'ID_NAME', priceFen: 30 }).ask(old, signal);
    server.close();
    const [first, second, third] = seen;
    expect(first?.['x-acs-signature-nonce']).not.toBe(second?.['x-acs-signature-nonce']);
    expect(Math.abs(Date.parse(String(first?.['x-acs-date'])) - Date.now())).toBeLessThan(60_000);
    expect(Math.abs(Number(third?.['x-tc-timestamp']) * 1_000 - Date.now())).toBeLessThan(60_000);
  });
});

describe('a source that does not answer', () => {
  it('is left in peace after five silences, and asked again later', async () => {
    let isBack = false;
    let asked = 0;
    const source: IdentitySource = {
      name: 'silent',
      check: 'ID_NAME',
      priceFen: 1,
      ask: () => {
        asked += 1;
        return Promise.resolve(isBack ? MATCH : UNAVAILABLE);
      },
    };
    const guarded = withSourceBreaker(source);
    const START = epochMs(instant('2026-11-30T08:00:00Z'));
    const askAfter = async (seconds: number) =>
      guarded.ask({ ...inventPerson(8_200, 1), requestId: 'r', consentId: 'c', asOf: instant(START + seconds * 1_000) }, signal);
    const details = [];
    for (let times = 0; times < 8; times += 1) details.push((await askAfter(times)).detail);
    expect(details).toEqual([...Array<string>(5).fill('HTTP_503'), ...Array<string>(3).fill('BREAKER_OPEN')]);
    expect(asked).toBe(5);
    expect((await askAfter(18.9)).detail).toBe('BREAKER_OPEN');
    // It rests again after one more silence, and no longer when it has spoken.
    expect([(await askAfter(19)).detail, (await askAfter(20)).detail]).toEqual(['HTTP_503', 'BREAKER_OPEN']);
    isBack = true;
    const { answer } = await askAfter(34);
    expect(answer).toBe('MATCH');
  });
});
