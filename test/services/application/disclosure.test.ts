import { randomUUID } from 'node:crypto';
import { lockApplication, readApplication, readContract, readOffer } from '../../../db/application/applications';
import { insertConfirmation } from '../../../db/application/disclosures';
import { storeCommand, type Operation } from '../../../db/commands';
import { businessDateOf, DAY_MS, epochMs, instant, type Instant } from '../../../domain/time/dates';
import { advanceApplication, offer } from '../../../services/application/advance';
import { createApplicationCommands } from '../../../services/application/application-commands';
import { confirmDisclosure, sealDisclosure, showDisclosure } from '../../../services/application/disclosure';
import { disclosureFrom } from '../../../domain/product/disclosure';
import type { ActivityDeps } from '../../../services/deps';
import { seedApplication } from '../../support/seed';
import { withDesk } from '../../support/world';

const NOW = instant(Date.now());
const later = (seconds: number): Instant => instant(epochMs(NOW) + seconds * 1_000);
const DEVICE = '0123456789abcdef';

/** Guarantee (B1, B2): nobody is bound to a loan whose cost table was not before them for its reading time and confirmed, by its hash. */
describe('the cost table before acceptance and signature', () => {
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ deps } = desk);
  });

  async function offered(): Promise<{ id: string; sha256: string; seconds: number }> {
    const { applicationId: id } = await seedApplication(deps);
    for (const status of ['SUBMITTED', 'KYC_PENDING', 'DECISION_PENDING']) await deps.db('applications').where({ id }).update({ status });
    await deps.db.transaction(async (tx) => offer(deps, tx, await lockApplication(tx, id), NOW));
    const { disclosure_sha256: sha256 } = (await readOffer(deps.db, id)) ?? {};
    return { id, sha256: sha256 ?? '', seconds: deps.catalogue.version('consumer-installment', 1).disclosure.readingSeconds };
  }
  const show = (id: string, now: Instant) =>
    deps.db.transaction(async (tx) => {
      const application = await readApplication(tx, id);
      return showDisclosure(tx, { application, product: deps.catalogue.version('consumer-installment', 1), now });
    });
  const confirm = (id: string, sha256: string, now: Instant) =>
    deps.db.transaction(async (tx) => confirmDisclosure(tx, { application: await readApplication(tx, id), sha256, now, device: DEVICE }));
  async function apply(id: string, operation: Operation, at: Instant) {
    const commandId = randomUUID();
    const stored = { caller: 'borrower:test', idempotencyKey: commandId, operation, subject: id, bodySha256: commandId, body: {} };
    await storeCommand(deps.db, { ...stored, id: commandId, businessDate: businessDateOf(at) });
    return createApplicationCommands(deps).applyApplicationCommand({ commandId, at });
  }

  it('shown, read for its seconds, confirmed: the offer is accepted, and the contract carries the same table a day later', async () => {
    const { id, sha256, seconds } = await offered();
    const shown = await show(id, NOW);
    expect(sealDisclosure(shown.disclosure).sha256).toBe(sha256);
    await confirm(id, sha256, later(seconds));
    expect((await apply(id, 'ACCEPT_OFFER', later(seconds))).state).toBe('APPLIED');
    await advanceApplication(deps, { applicationId: id, at: instant(epochMs(NOW) + 2 * DAY_MS) });
    expect((await readApplication(deps.db, id)).status).toBe('AWAITING_SIGNATURE');
    expect((await readContract(deps.db, id))?.disclosure_sha256).toBe(sha256);
  });

  it('B1 an offer whose table was not confirmed is not accepted, by the command and by the database', async () => {
    const { id, sha256 } = await offered();
    await show(id, NOW);
    expect(await apply(id, 'ACCEPT_OFFER', later(60))).toMatchObject({ state: 'REJECTED', code: 'DISCLOSURE_NOT_CONFIRMED' });
    for (const status of ['REFLECTION_PERIOD', 'AWAITING_SIGNATURE'])
      await expect(deps.db('applications').where({ id }).update({ status })).rejects.toMatchObject({ code: 'LL004' });
    await confirm(id, sha256, later(60));
    await deps.db('applications').where({ id }).update({ status: 'REFLECTION_PERIOD' });
  });

  it('B1 a contract that carries another table than the confirmed one is not signed, whoever writes the signature', async () => {
    const { id, sha256, seconds } = await offered();
    await show(id, NOW);
    await confirm(id, sha256, later(seconds));
    await apply(id, 'ACCEPT_OFFER', later(seconds));
    const contract = (disclosure_sha256: string | null) =>
      deps.db('contracts').insert({
        application_id: id,
        media_type: 'text/plain',
        sha256: 'c'.repeat(64),
        document_enc: Buffer.from('x'),
        disclosure_sha256,
        drawn_up_at: NOW,
      });
    await contract('d'.repeat(64));
    const codeId = randomUUID();
    await deps.db('one_time_codes').insert({
      id: codeId,
      application_id: id,
      purpose: 'SIGN',
      code_hash: Buffer.from('x'),
      expires_at: NOW,
    });
    const signature = { application_id: id, contract_sha256: 'c'.repeat(64), method: 'one-time-code', code_id: codeId, verified: '{}' };
    await expect(deps.db('signatures').insert({ ...signature, signed_at: NOW })).rejects.toMatchObject({ code: 'LL004' });
  });

  it('B2 an early confirmation is refused to the second, by the service and by the database; the moment of its end is enough', async () => {
    const { id, sha256, seconds } = await offered();
    await expect(confirm(id, sha256, NOW)).rejects.toMatchObject({ code: 'DISCLOSURE_NOT_READ' });
    await show(id, NOW);
    // Loading it again begins nothing anew.
    await show(id, later(seconds - 1));
    const early = instant(epochMs(later(seconds)) - 1);
    await expect(confirm(id, sha256, early)).rejects.toMatchObject({ code: 'DISCLOSURE_NOT_READ' });
    await expect(
      deps.db.transaction((tx) => insertConfirmation(tx, { applicationId: id, sha256, confirmedAt: early, device: DEVICE })),
    ).rejects.toMatchObject({ code: 'LL004' });
    expect(await confirm(id, sha256, later(seconds))).toBe(later(seconds));
    expect(await confirm(id, sha256, later(seconds + 100))).toBe(later(seconds));
  });

  it('a confirmation names the table: of another one it is refused, and neither it nor its showing is ever changed', async () => {
    const { id, sha256, seconds } = await offered();
    await show(id, NOW);
    await expect(confirm(id, 'e'.repeat(64), later(seconds))).rejects.toMatchObject({ code: 'DISCLOSURE_NOT_CONFIRMED' });
    await confirm(id, sha256, later(seconds));
    const of = { application_id: id };
    await expect(deps.db('disclosures_shown').where(of).update({ reading_seconds: 0 })).rejects.toThrow();
    await expect(deps.db('disclosure_confirmations').where(of).delete()).rejects.toThrow();
  });

  it('one changed figure makes another table', async () => {
    const { id, sha256 } = await offered();
    const table = disclosureFrom((await readOffer(deps.db, id))?.disclosure ?? '');
    for (const key of Object.keys(table) as (keyof typeof table)[])
      expect(sealDisclosure({ ...table, [key]: 'another' }).sha256).not.toBe(sha256);
    await expect(deps.db('offers').where({ application_id: id }).update({ disclosure: 'x' })).rejects.toThrow();
  });
});
