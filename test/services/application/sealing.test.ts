import { createHash } from 'node:crypto';
import { readApplication, readApplicationEvents, readContract } from '../../../db/application/applications';
import { noteSigningService, readSealed } from '../../../db/application/sealings';
import { withClient } from '../../../db/owner';
import type { Db } from '../../../db/pool';
import { epochMs, HOUR_MS, instant, type Instant } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import { sealContract, sealedDocument } from '../../../services/application/sealing';
import type { ActivityDeps } from '../../../services/deps';
import { startApi, unreachableTemporal, type Api } from '../../support/api';
import { apply, awaitingSignature, decided, enteredCode, give, nowOf, sealed, signed, store } from '../../support/applications';
import type { TestDatabase } from '../../support/database';
import { readDisclosure, seedApplication } from '../../support/seed';
import { withDesk, type Banks } from '../../support/world';

const signal = new AbortController().signal;
const later = (at: Instant, ms: number): Instant => instant(epochMs(at) + ms);

/** Guarantee: no loan is opened but on a contract that both parties' signatures seal, whatever becomes of the signing world. */
describe('sealing a signed contract', () => {
  let deps: ActivityDeps;
  let banks: Banks;
  let database: TestDatabase;
  let api: Api;
  withDesk(async (desk) => {
    ({ deps, banks, database } = desk);
    api = await startApi(deps, unreachableTemporal(1), 300);
    return () => api.close();
  });
  afterEach(() => fetch(`${banks.url}/scripts`, { method: 'DELETE' }));

  const status = async (id: string) => (await readApplication(deps.db, id)).status;
  async function signedNow(): Promise<{ id: string; then: Instant; borrowerId: string }> {
    const { applicationId: id, person } = await seedApplication(deps);
    expect(await decided(deps, id)).toBe('OFFERED');
    const { then, verdict } = await signed({ deps, id });
    expect(verdict.state).toBe('APPLIED');
    return { id, then, borrowerId: person.borrowerId };
  }
  const next = (id: string, at: Instant) => advanceApplication(deps, { applicationId: id, at });
  const seal = (id: string, at: Instant) => sealContract(deps, { applicationId: id, at }, signal);
  const fails = (service: string, behaviour: string, times = 1) => banks.tell('ca/scripts', { service, behaviour, times });

  it('a signed contract becomes one sealed document, and then the loan is opened', async () => {
    const { id, then } = await signedNow();
    expect(await status(id)).toBe('SIGNED');
    expect((await next(id, then)).next).toBe('SEAL_CONTRACT');
    await seal(id, then);
    expect((await next(id, then)).next).toBe('OPEN_LOAN');
    const kept = await sealedDocument(deps, deps.db, await readApplication(deps.db, id));
    expect(kept?.document.length).toBeGreaterThan(50_000);
    expect((await readApplicationEvents(deps.db, id)).map(({ kind }) => kind)).toContain('SEALED');
  });

  it('the document that was confirmed by hash is the beginning of the sealed one, byte for byte', async () => {
    const { id, then, borrowerId } = await signedNow();
    const before = await api.request('GET', `/v1/applications/${id}/contract.pdf`, { as: borrowerId });
    await sealed({ deps, id }, then);
    const contract = await readContract(deps.db, id);
    const kept = await sealedDocument(deps, deps.db, await readApplication(deps.db, id));
    const whole = kept?.document ?? Buffer.alloc(0);
    const prepared = whole.subarray(0, whole.indexOf('%%EOF') + '%%EOF\n'.length);
    expect(createHash('sha256').update(prepared).digest('hex')).toBe(contract?.sha256);
    expect(before.status).toBe(200);
    const words = await api.request('GET', `/v1/applications/${id}/contract`, { as: borrowerId });
    expect(words.body).toMatchObject({ sha256: contract?.sha256, mediaType: 'application/pdf', seal: { sha256: kept?.sha256 } });
    expect((await api.request('GET', `/v1/applications/${id}/contract.pdf`, { as: 'somebody-else' })).status).toBe(404);
  });

  it.each([
    ['the certificate authority is away', 'certificates', 'error'],
    ['the certificate authority certifies somebody else', 'certificates', 'wrong'],
    ['the certificate authority breaks off', 'certificates', 'truncated'],
    ['the time-stamping authority is away', 'tsa', 'reset'],
    ['the time-stamping authority stamps something else', 'tsa', 'wrong'],
    ['the revocation service is away', 'ocsp', 'error'],
    ['the revocation lists are away', 'crl', 'error'],
  ])('TSA or CA down at signing: %s, no loan is opened, and a later try seals', async (_, service, behaviour) => {
    const { id, then } = await signedNow();
    await fails(service, behaviour);
    await seal(id, then);
    expect(await readSealed(deps.db, id)).toBeUndefined();
    expect(await next(id, then)).toMatchObject({ next: 'WAIT', status: 'SIGNED', at: later(then, 60_000) });
    expect(await sealed({ deps, id }, later(then, 60_000))).toBe('OPEN_LOAN');
  });

  it('a certificate that was revoked when it signed seals nothing', async () => {
    const { id, then } = await signedNow();
    await fails('ocsp', 'wrong');
    await seal(id, then);
    expect(await readSealed(deps.db, id)).toBeUndefined();
  });

  it('a signer whom the authority does not certify is a case at once; the borrower may still cancel', async () => {
    const { id, then } = await signedNow();
    await fails('certificates', 'refuse');
    await seal(id, then);
    expect((await next(id, then)).next).toBe('WAIT');
    const alarms = await deps.db('outbox').where({ topic: 'alarm', subject: id }).pluck<{ code: string; why: string }[]>('payload');
    expect(alarms).toMatchObject([{ code: 'CONTRACT_NOT_SEALED', why: 'REFUSED' }]);
    expect((await apply({ deps, id }, 'CANCEL', {}, then)).state).toBe('APPLIED');
    expect(await status(id)).toBe('WITHDRAWN');
    await seal(id, later(then, 60_000));
    expect(await readSealed(deps.db, id)).toBeUndefined();
  });

  it('silence is a case after the hours that the product says, once, and the wait goes on', async () => {
    const { id, then } = await signedNow();
    await fails('tsa', 'error', 99);
    let at = then;
    for (let tries = 0; tries < 8; tries += 1) {
      await seal(id, at);
      at = (await next(id, at)).at ?? at;
    }
    await next(id, later(then, 4 * HOUR_MS));
    await next(id, later(then, 5 * HOUR_MS));
    const alarms = await deps.db('outbox').where({ topic: 'alarm', subject: id }).pluck<{ code: string; why: string }[]>('payload');
    expect(alarms).toMatchObject([{ code: 'CONTRACT_NOT_SEALED', why: 'SILENT' }]);
    await fetch(`${banks.url}/scripts`, { method: 'DELETE' });
    expect(await sealed({ deps, id }, later(then, 6 * HOUR_MS))).toBe('OPEN_LOAN');
  });

  it('signed twice in parallel: one seal is kept, and one copy is mailed', async () => {
    const { id, then } = await signedNow();
    await Promise.all([seal(id, then), seal(id, then), seal(id, then)]);
    expect(await deps.db('sealed_documents').where({ document_id: id })).toHaveLength(1);
    expect((await readApplicationEvents(deps.db, id)).filter(({ kind }) => kind === 'SEALED')).toHaveLength(1);
    expect(
      await deps
        .db('outbox')
        .where({ topic: 'mail' })
        .whereRaw(`payload->>'applicationId' = ? AND payload->>'template' = 'contract-copy'`, [id]),
    ).toHaveLength(1);
  });

  it('a document that is not the one that was signed is not sealed', async () => {
    const { id, then } = await signedNow();
    const row = await readContract(deps.db, id);
    const person = await deps.borrowers.personVault(deps.db, (await readApplication(deps.db, id)).borrower_id);
    const other = person.encrypt({ table: 'contracts', column: 'document_enc', row: id }, Buffer.from('%PDF another').toString('base64'));
    await withClient(database.ownerUrl, async (client) => {
      await client.query('ALTER TABLE contracts DISABLE TRIGGER USER');
      await client.query('UPDATE contracts SET document_enc = $1 WHERE application_id = $2', [other, id]);
    });
    await expect(seal(id, then)).rejects.toMatchObject({ code: 'INTERNAL' });
    await withClient(database.ownerUrl, async (client) => {
      await client.query('UPDATE contracts SET document_enc = $1 WHERE application_id = $2', [row?.document_enc, id]);
      await client.query('ALTER TABLE contracts ENABLE TRIGGER USER');
    });
    expect(await sealed({ deps, id }, then)).toBe('OPEN_LOAN');
  });

  describe('nobody is asked to sign what could not be sealed', () => {
    afterEach(() => noteSigningService(deps.db, 'pades', null));

    it('no contract is drawn up while the signing service is away, and it is when it is back', async () => {
      const { applicationId: id } = await seedApplication(deps);
      await decided(deps, id);
      await noteSigningService(deps.db, 'pades', 'HEALTH_HTTP_503');
      const then = await awaitingSignature({ deps, id });
      expect([await status(id), await readContract(deps.db, id)]).toEqual(['REFLECTION_PERIOD', undefined]);
      await noteSigningService(deps.db, 'pades', null);
      expect((await next(id, then)).status).toBe('AWAITING_SIGNATURE');
    });

    it('a look that is older than five minutes counts for nothing: a service that nobody looks at is away', async () => {
      const { applicationId: id } = await seedApplication(deps);
      await decided(deps, id);
      await deps.db('signing_services').update({ fresh_until: deps.db.raw('clock_timestamp()') });
      await awaitingSignature({ deps, id });
      expect(await status(id)).toBe('REFLECTION_PERIOD');
    });

    it('an offer whose contract would follow at once is not accepted meanwhile, and stays', async () => {
      const { applicationId: id } = await seedApplication(deps);
      await decided(deps, id);
      await readDisclosure(deps, id);
      await noteSigningService(deps.db, 'pades', 'HEALTH_HTTP_503');
      const without = { ...deps, catalogue: { ...deps.catalogue, version: withoutReflection(deps) } };
      const accept = async () => give(without, await store({ deps, id }, 'ACCEPT_OFFER'), await nowOf(deps));
      expect(await accept()).toMatchObject({ state: 'REJECTED', code: 'SIGNING_UNAVAILABLE' });
      expect(await status(id)).toBe('OFFERED');
      await noteSigningService(deps.db, 'pades', null);
      expect((await accept()).state).toBe('APPLIED');
      expect(await status(id)).toBe('AWAITING_SIGNATURE');
    });
  });

  describe('the database itself', () => {
    const owner = <T>(use: (db: Db) => Promise<T>) => use(deps.db);

    it('LL008 opens no loan, and moves no application on, whose contract has no seal', async () => {
      const { id } = await signedNow();
      const { borrower_id, bank_card_id } = await readApplication(deps.db, id);
      const loan = { id, borrower_id, bank_card_id, product_id: 'consumer-installment', product_version: 1, currency: 'CNY' };
      const terms = { principal_fen: 1_200_000, annual_rate: '0.12', term_months: 12, opened_on: '2026-11-30' };
      await expect(owner((db) => db('loans').insert({ ...loan, ...terms }))).rejects.toMatchObject({ code: 'LL008' });
      await expect(owner((db) => db('applications').where({ id }).update({ status: 'READY_TO_DISBURSE' }))).rejects.toMatchObject({
        code: 'LL008',
      });
    });

    it('LL008 takes no seal of another document than the one that was signed', async () => {
      const { id } = await signedNow();
      const row = { document_id: id, sha256: 'a'.repeat(64), document_enc: Buffer.from('x'), provider: 'x', verification: '{}' };
      const insert = (contract_sha256: string) => deps.db('sealed_documents').insert({ ...row, contract_sha256, sealed_at: new Date() });
      await expect(insert('b'.repeat(64))).rejects.toMatchObject({ code: 'LL008' });
    });

    it('keeps what was signed: no try and no seal is changed or deleted by the application', async () => {
      for (const table of ['sealing_tries', 'sealed_documents'])
        await expect(deps.db(table).delete()).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('SIGN of one code twice at once: one applies', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await decided(deps, id);
    const then = await awaitingSignature({ deps, id });
    const body = { codeId: await enteredCode({ deps, id }), contractSha256: (await readContract(deps.db, id))?.sha256 ?? '' };
    const commands = [await store({ deps, id }, 'SIGN', body), await store({ deps, id }, 'SIGN', body)];
    const verdicts = await Promise.all(commands.map((command) => give(deps, command, then)));
    expect(verdicts.map(({ state }) => state).sort()).toEqual(['APPLIED', 'REJECTED']);
  });
});

/** The catalogue's products, with no reflection period. */
function withoutReflection({ catalogue }: ActivityDeps): ActivityDeps['catalogue']['version'] {
  return (id, version) => ({ ...catalogue.version(id, version), reflection: { hours: 0, after: 'acceptance' } });
}
