import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readApplication, readContract } from '../../../db/application/applications';
import { noteSigningService, readSealed } from '../../../db/application/sealings';
import type { Db } from '../../../db/pool';
import { nextSealingAct } from '../../../domain/application/sealing';
import { addDays, businessDateOf, epochMs, HOUR_MS, instant, type Instant } from '../../../domain/time/dates';
import { createCatalogue } from '../../../domain/product/products';
import { PRODUCT_FILES } from '../../../domain/product/products/index';
import { inventPerson } from '../../../dev/demo/person';
import { checkInvariants } from '../../../ops/audit/invariants';
import { createPadesProvider } from '../../../providers/signature/pades';
import type { SealReply } from '../../../providers/signature/port';
import { advanceApplication } from '../../../services/application/advance';
import { sealContract, sealedDocument } from '../../../services/application/sealing';
import type { ActivityDeps } from '../../../services/deps';
import { withdrawConsent } from '../../../services/party/consents';
import { startApi, unreachableTemporal, type Api } from '../../support/api';
import { apply, awaitingSignature, decided, enteredCode, give, nowOf, sealed, signed, store } from '../../support/applications';
import { fakeSources } from '../../support/identity-sources';
import { seedApplication } from '../../support/seed';
import { startBanks, withDesk, type Banks } from '../../support/world';
import { contract, pyHankoSays } from '../../support/forger';

const signal = new AbortController().signal;
const later = (at: Instant, ms: number): Instant => instant(epochMs(at) + ms);
const DAY_MS = 24 * HOUR_MS;

/** Each is a way in which a contract stood without a signature, a person was told on, or an application stood still; every one was proved once. */
describe('sealing under attack', () => {
  let deps: ActivityDeps;
  let banks: Banks;
  let api: Api;
  const { sources } = fakeSources();
  withDesk(
    async (desk) => {
      ({ deps, banks } = desk);
      api = await startApi(deps, unreachableTemporal(1), 300);
      return () => api.close();
    },
    { identitySources: sources },
  );
  afterEach(async () => {
    await fetch(`${banks.url}/scripts`, { method: 'DELETE' });
    await noteSigningService(deps.db, 'pades', null);
  });
  const next = (id: string, at: Instant, on: ActivityDeps = deps) => advanceApplication(on, { applicationId: id, at });
  const alarms = (id: string) => deps.db('outbox').where({ topic: 'alarm', subject: id }).pluck<object[]>('payload');
  async function signedNow() {
    const { applicationId: id, person } = await seedApplication(deps);
    expect(await decided(deps, id)).toBe('OFFERED');
    const { then, verdict } = await signed({ deps, id });
    expect(verdict.state).toBe('APPLIED');
    return { id, then, person };
  }
  const i14 = async (db: Db) =>
    (await checkInvariants({ db, isBrief: true })).filter(({ invariant }) => invariant === 'I14').flatMap(({ violations }) => violations);

  it('S1 a row of rubbish in sealed_documents opens no loan', async () => {
    const { id, then } = await signedNow();
    const row = await readContract(deps.db, id);
    // As the application's own role.
    const rubbish = { document_id: id, contract_sha256: row?.sha256, sha256: 'a'.repeat(64), provider: 'nobody', sealed_at: new Date(0) };
    const insert = (verification: object) =>
      deps
        .db('sealed_documents')
        .insert({ ...rubbish, document_enc: Buffer.from('no document'), verification: JSON.stringify(verification) });
    await expect(insert({ signatures: [], faults: ['both fields are empty'] })).rejects.toMatchObject({ code: '23514' });
    await insert({ signatures: [{}, {}], faults: [] });
    await expect(next(id, then)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    expect((await readApplication(deps.db, id)).status).toBe('SIGNED');
  });

  it('S2 a provider that answers with somebody else’s sealed contract: the loan is opened on it, and the borrower is given that person’s', async () => {
    const [mine, theirs] = [await signedNow(), await signedNow()];
    await sealed({ deps, id: theirs.id }, theirs.then);
    const other = await api.request('GET', `/v1/applications/${theirs.id}/contract.pdf`, { as: theirs.person.borrowerId });
    expect(other.status).toBe(200);
    let theirSeal: SealReply | undefined;
    const first: ActivityDeps = {
      ...deps,
      signing: {
        ...deps.signing,
        // A mixed-up answer of a gateway: valid, by trusted certificates, of another application.
        seal: async (request, stop) => {
          theirSeal ??= await deps.signing.seal(
            {
              ...request,
              documentId: 'x',
              document: await contract('somebody else'),
              signer: { name: theirs.person.name, idNumber: theirs.person.idNumber },
            },
            stop,
          );
          return theirSeal;
        },
      },
    };
    await next(mine.id, mine.then);
    await sealContract(first, { applicationId: mine.id, at: mine.then }, signal);
    expect(theirSeal?.kind).toBe('SEALED');
    const kept = await sealedDocument(deps, deps.db, await readApplication(deps.db, mine.id));
    // This is what GET /contract.pdf gives to the borrower, and what is mailed to them.
    const isTheirs = theirSeal?.kind === 'SEALED' && kept?.document.equals(theirSeal.document) === true;
    expect({ next: (await next(mine.id, mine.then)).next, isTheirs, i14: await i14(deps.db) }).not.toEqual({
      next: 'OPEN_LOAN',
      isTheirs: true,
      i14: [],
    });
  });

  it('S3 a name with a character that the typeface lacks is taken, checked and offered a loan, and its contract can never be drawn up', async () => {
    const { applicationId: id, person } = await seedApplication(deps);
    const name = '王𤭢';

    const saved = await api.request('PUT', `/v1/applications/${id}/steps/identity`, {
      as: person.borrowerId,
      body: { name, idNumber: person.idNumber, phone: person.phone, email: person.email },
      key: 'k-1',
    });
    // Either the form refuses the name …
    if (saved.status === 422) return;
    expect([saved.status, saved.body]).toMatchObject([expect.any(Number), {}]);
    expect(saved.status).toBeLessThan(300);
    await deps.db.transaction((tx) => deps.borrowers.saveIdentity(tx, person.borrowerId, { ...person, name }));
    expect(await decided(deps, id)).toBe('OFFERED');
    // … or a contract can be drawn up for whoever was offered a loan.
    await expect(awaitingSignature({ deps, id })).resolves.toBeDefined();
  });

  it('S4 the signing service is away for sixty days: applications wait past their deadline, and nobody is ever told', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await decided(deps, id);
    await noteSigningService(deps.db, 'pades', 'HEALTH_HTTP_503');
    const then = await awaitingSignature({ deps, id });
    for (let day = 0; day <= 60; day += 5) await next(id, later(then, day * DAY_MS));
    expect((await readApplication(deps.db, id)).status).toBe('REFLECTION_PERIOD');
    const i4 = (await checkInvariants({ db: deps.db, isBrief: true }))
      .filter(({ invariant }) => invariant === 'I4')
      .flatMap(({ violations }) => violations);
    expect({ alarms: await alarms(id), i4: i4.filter((each) => each.includes(id)) }).not.toEqual({ alarms: [], i4: [] });
  });

  it('S5 name and ID number go to the authority after their owner withdrew every consent', async () => {
    const { id, then, person } = await signedNow();
    for (const kind of ['IDENTITY_QUERY', 'PRIVACY'] as const)
      await deps.db.transaction((tx) =>
        withdrawConsent(tx, {
          id: `${id}-${kind}`,
          borrowerId: person.borrowerId,
          kind,
          partnerId: null,
          device: '0123456789abcdef',
          at: then,
        }),
      );
    const issued = async () => ((await (await fetch(`${banks.url}/ca/issued`)).json()) as object[]).length;
    const before = await issued();
    await next(id, then);
    await sealContract(deps, { applicationId: id, at: then }, signal);
    expect({ certificates: (await issued()) - before, next: (await next(id, then)).next }).toEqual({
      certificates: 0,
      next: expect.not.stringMatching('OPEN_LOAN') as string,
    });
  });

  it('S5b signed, then two hundred days without a seal: consents withdrawn and the cap fallen below the rate, the late seal opens the loan all the same', async () => {
    const { id, then, person } = await signedNow();
    const cap = { from: addDays(businessDateOf(then), 10), annualRate: '0.08', source: 'a notice that comes into force' };
    const its = {
      ...deps,
      catalogue: createCatalogue(
        PRODUCT_FILES.map((file) =>
          (file as { id: string }).id === 'consumer-installment'
            ? { ...(file as object), aprCaps: [...(file as { aprCaps: object[] }).aprCaps, cap] }
            : file,
        ),
      ),
    };
    await banks.tell('ca/scripts', { service: 'tsa', behaviour: 'error', times: 1 });
    await sealContract(its, { applicationId: id, at: then }, signal);
    await next(id, then, its);
    await deps.db.transaction((tx) =>
      withdrawConsent(tx, {
        id: `${id}-w`,
        borrowerId: person.borrowerId,
        kind: 'PRIVACY',
        partnerId: null,
        device: '0123456789abcdef',
        at: then,
      }),
    );
    const late = later(then, 200 * DAY_MS);
    await next(id, late, its);
    await sealContract(its, { applicationId: id, at: late }, signal);
    expect((await next(id, late, its)).next).not.toBe('OPEN_LOAN');
  });

  it('S6 while the signing service is known to be away, the borrower is mailed a code to sign, and the signature is taken', async () => {
    const { applicationId: id, person } = await seedApplication(deps);
    await decided(deps, id);
    const then = await awaitingSignature({ deps, id });
    await noteSigningService(deps.db, 'pades', 'HEALTH_HTTP_503');
    const asked = await api.request('POST', `/v1/applications/${id}/signing-codes`, { as: person.borrowerId });
    const body = { codeId: await enteredCode({ deps, id }), contractSha256: (await readContract(deps.db, id))?.sha256 ?? '' };
    const verdict = await give(deps, await store({ deps, id }, 'SIGN', body), then);
    expect({ code: asked.status, sign: verdict.state }).not.toEqual({ code: 201, sign: 'APPLIED' });
  });

  it('S7 a refusal after a silence is a case nobody hears of', () => {
    const at = instant('2026-11-30T08:00:00Z');
    const tries = [
      { outcome: 'UNAVAILABLE', at },
      { outcome: 'REFUSED', at: later(at, 5 * HOUR_MS) },
    ] as const;
    // The case of silence is open since hour four; the refusal, "which time does not mend", is told "at once".
    expect(nextSealingAct({ isSealed: false, tries, since: at, withinHours: 4, told: ['SILENT'], now: later(at, 5 * HOUR_MS) }).kind).toBe(
      'OPEN_CASE',
    );
  });

  it('S9 a cancellation while the seal is under way: no seal is kept, and no certificate is asked for anew', async () => {
    const { id, then } = await signedNow();
    const slow: ActivityDeps = {
      ...deps,
      signing: {
        ...deps.signing,
        seal: async (request, stop) => {
          const reply = await deps.signing.seal(request, stop);
          expect((await apply({ deps, id }, 'CANCEL', {}, then)).state).toBe('APPLIED');
          return reply;
        },
      },
    };
    await sealContract(slow, { applicationId: id, at: then }, signal);
    expect(await readSealed(deps.db, id)).toBeUndefined();
    expect((await next(id, then)).next).toBe('END');
    expect(await nowOf(deps)).toBeDefined();
  });
});

/** A gateway before the authority that changes single answers. */
describe('an authority whose answers are off', () => {
  let banks: Banks;
  let proxy: Server;
  let change: (path: string, answer: { status: number; body: Buffer }) => { status: number; body: Buffer } = (_, answer) => answer;
  beforeAll(async () => {
    banks = await startBanks();
    proxy = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const headers = Object.fromEntries(
          ['content-type', 'x-signature', 'x-sandbox-as-of'].flatMap((key) =>
            request.headers[key] ? [[key, String(request.headers[key])]] : [],
          ),
        );
        const answer = await fetch(`${banks.url}${request.url ?? ''}`, {
          method: request.method ?? 'GET',
          headers,
          ...(request.method === 'POST' ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}),
        });
        const { status, body } = change(request.url ?? '', { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) });
        response.writeHead(status).end(body);
      })();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    change = (_, answer) => answer;
  });
  afterAll(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await banks.close();
  });
  let serial = 0;
  const seal = async () => {
    serial += 1;
    const provider = createPadesProvider({
      link: {
        baseUrl: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}/ca`,
        secret: banks.secrets.ca ?? '',
        timeoutMs: 5_000,
      },
      trustedRoots: () => Promise.resolve(banks.rootPem),
    });
    const { name, idNumber } = inventPerson(7_000, serial);
    return provider.seal(
      {
        documentId: `p-${String(serial)}`,
        document: await contract('x'),
        signer: { name, idNumber },
        lender: 'Loanloom Example Consumer Finance Ltd',
        asOf: instant('2026-11-30T08:00:00Z'),
      },
      signal,
    );
  };

  it('CONTROL the gateway that changes nothing', async () => {
    expect((await seal()).kind).toBe('SEALED');
  });

  it('P5 certificates whose own signature is broken: sealed, checked by us, and given out as valid', async () => {
    change = (path, answer) => {
      if (!path.endsWith('/certificates')) return answer;
      const parsed = JSON.parse(answer.body.toString()) as { certificate: string };
      const der = Buffer.from(parsed.certificate, 'base64');
      der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 0x01;
      return { ...answer, body: Buffer.from(JSON.stringify({ ...parsed, certificate: der.toString('base64') })) };
    };
    const reply = await seal();
    const isValid = reply.kind === 'SEALED' && (await pyHankoSays(reply.document, banks.rootPem)).isValid;
    expect({ kind: reply.kind, pyHanko: isValid }).toEqual({ kind: 'UNAVAILABLE', pyHanko: false });
  });

  it('P1 revocation lists that are an error page are sealed into the contract for good: nobody can check it offline any more', async () => {
    change = (path, answer) => (path.endsWith('.crl') ? { status: 200, body: Buffer.from('<html>Sign in to the network</html>') } : answer);
    const reply = await seal();
    const offline = reply.kind === 'SEALED' ? (await pyHankoSays(reply.document, banks.rootPem, 'adesverify')).output : '';
    expect({ kind: reply.kind, pyHanko: offline.match(/INTACT:TRUSTED,TIMESTAMP_TOKEN<INTACT:TRUSTED>/g)?.length ?? 0 }).toEqual({
      kind: 'UNAVAILABLE',
      pyHanko: 0,
    });
  });

  it('P2 a certificate that is no certificate is UNAVAILABLE, and not an exception that leaves no try behind', async () => {
    change = (path, answer) =>
      path.endsWith('/certificates')
        ? {
            ...answer,
            body: Buffer.from(JSON.stringify({ ...(JSON.parse(answer.body.toString()) as Record<string, string>), certificate: 'AAAA' })),
          }
        : answer;
    expect((await seal().catch((error: unknown) => ({ kind: `threw ${String(error)}` }))).kind).toBe('UNAVAILABLE');
  });

  it('P3 403 of the time-stamping authority is no word about the signer', async () => {
    change = (path, answer) => (path.endsWith('/tsa') ? { status: 403, body: Buffer.from('quota') } : answer);
    expect((await seal()).kind).toBe('UNAVAILABLE');
  });

  it('P4 a chain and a time stamp of the size that public authorities have (14 kB together) are no exception that repeats for ever', async () => {
    // A real chain: two authorities of 4096 bits and what they say about policies, 2.2 kB each; the signature carries chain and token, the token carries its own.
    change = (path, answer) => {
      if (!path.endsWith('/certificates')) return answer;
      const parsed = JSON.parse(answer.body.toString()) as { chain: string[] };
      return {
        ...answer,
        body: Buffer.from(JSON.stringify({ ...parsed, chain: [...parsed.chain, ...Array.from({ length: 28 }, () => parsed.chain[0])] })),
      };
    };
    expect((await seal().catch((error: unknown) => ({ kind: `threw ${String(error)}` }))).kind).toMatch(/SEALED|UNAVAILABLE/);
  });
});
