import { instant } from '../../domain/time/dates';
import { inventPerson } from '../../dev/demo/person';
import { freePort } from '../../dev/stack/ports';
import type { AuthorityLink } from '../../providers/signature/authority-client';
import { expectedOf, type SealRequest, type SignatureProvider } from '../../providers/signature/port';
import { contractPdf } from '../../services/application/contract-pdf';
import { startBanks, type Banks } from '../support/world';

export interface SignerUnderTest {
  create(link: AuthorityLink, rootPem: string): SignatureProvider;
}

export const LENDER = 'Loanloom Example Consumer Finance Ltd';
const signal = new AbortController().signal;
const NOW = instant('2026-11-30T08:00:00Z');

export const document = () =>
  contractPdf(
    [
      { kind: 'title', line: '个人贷款合同 / Consumer loan contract c-1' },
      { kind: 'marked', line: '逾期罚息 / Penalty interest when late' },
    ],
    NOW,
  );

/** The promises of providers/signature/port.ts, against a signing world of its own. Every adapter has to pass. */
export function signatureContract({ create }: SignerUnderTest): void {
  let banks: Banks;
  let prepared: Buffer;
  let serial = 0;
  beforeAll(async () => {
    [banks, prepared] = await Promise.all([startBanks(), document()]);
  });
  afterEach(() => fetch(`${banks.url}/scripts`, { method: 'DELETE' }));
  afterAll(() => banks.close());

  const link = (over: Partial<AuthorityLink> = {}): AuthorityLink => ({
    baseUrl: `${banks.url}/ca`,
    secret: banks.secrets.ca ?? '',
    timeoutMs: 2_000,
    ...over,
  });
  const provider = (over: Partial<AuthorityLink> = {}) => create(link(over), banks.rootPem);
  const request = (): SealRequest => {
    serial += 1;
    const { name, idNumber } = inventPerson(9_000, serial);
    return { documentId: `c-${String(serial)}`, document: prepared, signer: { name, idNumber }, lender: LENDER, asOf: NOW };
  };
  const fails = (service: string, behaviour: string, times = 1) => banks.tell('ca/scripts', { service, behaviour, times });

  it('seals a document so that its own check finds nothing wrong, and what was there stays there', async () => {
    const asked = request();
    const reply = await provider().seal(asked, signal);
    if (reply.kind !== 'SEALED') throw new Error(reply.kind);
    const expected = expectedOf(asked);
    expect(reply.document.subarray(0, prepared.length).equals(prepared)).toBe(true);
    expect(await provider().verify(reply.document, expected)).toMatchObject({ faults: [] });
    expect(reply.verification.signatures.map(({ field, coversWholeFile }) => [field, coversWholeFile])).toEqual([
      ['Borrower', false],
      ['Lender', true],
    ]);
  });

  it('finds each byte that is changed, cut off or appended', async () => {
    const asked = request();
    const reply = await provider().seal(asked, signal);
    if (reply.kind !== 'SEALED') throw new Error(reply.kind);
    const expected = expectedOf(asked);
    const faultsOf = async (bytes: Buffer) => (await provider().verify(bytes, expected)).faults.length;
    for (let share = 1; share < 20; share += 1) {
      const changed = Buffer.from(reply.document);
      const at = Math.floor((changed.length * share) / 20);
      // Padding after a signature's value is the only place that nobody signs, and nobody reads.
      if (/^0+>?$/.test(changed.toString('latin1', at, at + 40))) continue;
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expect([share, await faultsOf(changed)]).not.toEqual([share, 0]);
    }
    expect(await faultsOf(Buffer.concat([reply.document, Buffer.from('\n% more')]))).not.toBe(0);
    expect(await faultsOf(reply.document.subarray(0, -1))).not.toBe(0);
    expect(await faultsOf(prepared)).not.toBe(0);
    expect(await faultsOf(Buffer.from('no document'))).not.toBe(0);
  });

  it('trusts no root but those that it was given', async () => {
    const asked = request();
    const reply = await provider().seal(asked, signal);
    if (reply.kind !== 'SEALED') throw new Error(reply.kind);
    const expected = expectedOf(asked);
    const elsewhere = await startBanks();
    expect((await create(link(), elsewhere.rootPem).verify(reply.document, expected)).faults).not.toEqual([]);
    await elsewhere.close();
  });

  it.each(['no-answer', 'reset', 'error', 'truncated', 'wrong'])(
    'says UNAVAILABLE of every service that answers with %s',
    async (behaviour) => {
      for (const service of ['certificates', 'tsa', 'ocsp', 'crl']) {
        // A list for the other issuer is a list: what it leaves out is in the answers about each certificate.
        if (service === 'crl' && behaviour === 'wrong') continue;
        await fails(service, behaviour);
        expect([service, (await provider({ timeoutMs: 700 }).seal(request(), signal)).kind]).toEqual([service, 'UNAVAILABLE']);
        await fetch(`${banks.url}/scripts`, { method: 'DELETE' });
      }
    },
  );

  it('says REFUSED of a signer who is somebody else by the register', async () => {
    const asked = request();
    await provider().seal(asked, signal);
    expect(await provider().seal({ ...asked, signer: { ...asked.signer, name: '司马青衫' } }, signal)).toMatchObject({ kind: 'REFUSED' });
  });

  it('says what is missing where it could not seal now: nobody there, an outage, roots that cannot be read', async () => {
    expect(await provider().missing(NOW, signal)).toBeNull();
    expect(await provider({ baseUrl: `http://127.0.0.1:${String(await freePort())}` }).missing(NOW, signal)).not.toBeNull();
    await banks.tell('ca/outages', { service: 'tsa', until: '2026-12-01T08:00:00Z' });
    expect(await provider().missing(NOW, signal)).not.toBeNull();
    await fetch(`${banks.url}/scripts`, { method: 'DELETE' });
    expect(await create(link(), 'no certificate').missing(NOW, signal)).not.toBeNull();
  });

  it('is answered with nothing by an authority that does not know its key', async () => {
    expect((await provider({ secret: 'another' }).seal(request(), signal)).kind).toBe('UNAVAILABLE');
  });
}
