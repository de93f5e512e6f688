import { readApplication, readDecisions } from '../../../db/application/applications';
import { createDb } from '../../../db/pool';
import { readIdentityChecks } from '../../../db/party/identity-checks';
import { IDENTITY_CHECKS } from '../../../domain/party/identity-checks';
import { epochMs, instant, type Instant } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import type { ActivityDeps } from '../../../services/deps';
import { inventPerson } from '../../../dev/demo/person';
import { apply, askSources, NOW, save } from '../../support/applications';
import { type TestDatabase } from '../../support/database';
import { fakeSources, MATCH, MISMATCH, UNAVAILABLE } from '../../support/identity-sources';
import { seedApplication } from '../../support/seed';
import { eventually, withDesk } from '../../support/world';

const hours = (count: number): Instant => instant(epochMs(NOW) + count * 3_600_000);

/** Guarantee (B3, design §10): a source that answers late, twice, wrong or never approves nobody and declines nobody; people are told, and the application goes on. */
describe('identity sources', () => {
  let database: TestDatabase;
  let deps: ActivityDeps;
  const { sources, asked, answer } = fakeSources();
  withDesk(
    (desk) => {
      ({ database, deps } = desk);
    },
    { identitySources: sources },
  );
  beforeEach(() => {
    asked.splice(0);
    answer();
  });

  const advance = (applicationId: string, at: Instant = NOW) => advanceApplication(deps, { applicationId, at });
  async function submitted() {
    const seeded = await seedApplication(deps);
    expect((await apply({ deps, id: seeded.applicationId }, 'SUBMIT')).state).toBe('APPLIED');
    await advance(seeded.applicationId);
    return { id: seeded.applicationId, person: seeded.person };
  }
  const alarms = (subject: string) => deps.db('outbox').where({ topic: 'alarm', subject }).pluck('payload');
  const kyc = async (id: string) => (await readDecisions(deps.db, id)).filter(({ stage }) => stage === 'KYC');

  it('B3 never: no approval, no decline, a case after the SLA, and it resumes when the source is back', async () => {
    const { id } = await submitted();
    answer((_, check) => (check === 'CARD_FOUR_ELEMENTS' ? UNAVAILABLE : MATCH));
    await askSources(deps, id);
    for (const hour of [0.5, 5, 23.9]) {
      expect(await advance(id, hours(hour))).toMatchObject({
        status: 'KYC_PENDING',
        next: 'VERIFY_IDENTITY',
        checks: ['CARD_FOUR_ELEMENTS'],
      });
      await askSources(deps, id, hours(hour));
      expect(await advance(id, hours(hour))).toMatchObject({ status: 'KYC_PENDING', next: 'WAIT' });
    }
    expect(await alarms(id)).toEqual([]);
    for (const hour of [24, 25, 200]) await advance(id, hours(hour));
    expect(await alarms(id)).toEqual([{ code: 'IDENTITY_SOURCE_SILENT', checks: 'CARD_FOUR_ELEMENTS', owner: 'operations' }]);
    expect([await kyc(id), (await readApplication(deps.db, id)).status]).toEqual([[], 'KYC_PENDING']);
    answer();
    await askSources(deps, id, hours(201));
    expect((await advance(id, hours(201))).status).toBe('OFFERED');
    // What was answered was asked once.
    expect(asked.filter(({ check }) => check !== 'CARD_FOUR_ELEMENTS')).toHaveLength(2);
  });

  it('B3 late: an answer that nobody waited for any more counts when it comes, once', async () => {
    const { id } = await submitted();
    const gates: ((reply: typeof MATCH) => void)[] = [];
    answer((_, check) => (check === 'ID_NAME' ? new Promise((resolve) => gates.push(resolve)) : MATCH));
    const waiting = askSources(deps, id);
    await eventually(
      'the questions',
      async () => (await readIdentityChecks(deps.db, id)).filter((each) => each.answer === 'MATCH').length === 2,
    );
    await eventually('the slow one', () => Promise.resolve(gates.length === 1));
    expect((await advance(id, hours(3))).status).toBe('KYC_PENDING');
    gates[0]?.(MATCH);
    await waiting;
    expect((await advance(id, hours(3))).status).toBe('OFFERED');
    expect(await kyc(id)).toHaveLength(1);
  });

  it('B3 twice: the first answer stays, and a source that contradicts itself is an alarm', async () => {
    const { id } = await submitted();
    const gates: ((reply: typeof MATCH) => void)[] = [];
    answer((_, check) => (check === 'ID_NAME' ? new Promise((resolve) => gates.push(resolve)) : MATCH));
    const both = [askSources(deps, id), askSources(deps, id)];
    await eventually('two questions', () => Promise.resolve(gates.length === 2));
    gates[0]?.(MISMATCH);
    await eventually('the first answer', async () =>
      (await readIdentityChecks(deps.db, id)).some(({ answer: said }) => said === 'MISMATCH'),
    );
    gates[1]?.(MATCH);
    await Promise.all(both);
    expect((await advance(id)).status).toBe('DRAFT');
    expect(await alarms(id)).toEqual([expect.objectContaining({ code: 'IDENTITY_SOURCE_CONTRADICTS', kept: 'MISMATCH', said: 'MATCH' })]);
  });

  it('a no goes back to the borrower with its own reason and step; with other data it is asked anew, and the rest is not', async () => {
    const { id } = await submitted();
    answer((_, check) => (check === 'CARD_FOUR_ELEMENTS' ? MISMATCH : MATCH));
    await askSources(deps, id);
    expect((await advance(id)).status).toBe('DRAFT');
    expect(await kyc(id)).toMatchObject([{ outcome: 'REFER', reasons: ['the bank card could not be confirmed as the person’s own'] }]);
    const mails = await deps.db('outbox').where({ topic: 'mail' }).whereRaw("payload->>'template' = 'referred-back'").pluck('payload');
    expect(JSON.stringify(mails)).toContain('card');
    answer();
    await save({ deps, id }, 'card', 2, { cardNumber: inventPerson(71, 5).cardNumber });
    expect((await apply({ deps, id }, 'SUBMIT')).state).toBe('APPLIED');
    expect(await advance(id)).toMatchObject({ next: 'VERIFY_IDENTITY', checks: ['CARD_FOUR_ELEMENTS'] });
    await askSources(deps, id);
    expect((await advance(id)).status).toBe('OFFERED');
    expect(asked.map(({ check }) => check).sort()).toEqual([...IDENTITY_CHECKS, 'CARD_FOUR_ELEMENTS'].sort());
  });

  it('the third no is the last', async () => {
    const { id } = await submitted();
    answer((_, check) => (check === 'CARD_FOUR_ELEMENTS' ? MISMATCH : MATCH));
    const statuses = [];
    for (const attempt of [1, 2, 3]) {
      await askSources(deps, id);
      statuses.push((await advance(id)).status);
      if (attempt === 3) break;
      await save({ deps, id }, 'card', attempt + 1, { cardNumber: inventPerson(72, attempt).cardNumber });
      await apply({ deps, id }, 'SUBMIT');
      await advance(id);
    }
    expect(statuses).toEqual(['DRAFT', 'DRAFT', 'DECLINED']);
  });

  it('the same data that were refused are refused again without another question', async () => {
    const { id, person } = await submitted();
    answer((_, check) => (check === 'CARD_FOUR_ELEMENTS' ? MISMATCH : MATCH));
    await askSources(deps, id);
    await advance(id);
    await save({ deps, id }, 'card', 2, { cardNumber: person.cardNumber });
    await apply({ deps, id }, 'SUBMIT');
    answer();
    expect((await advance(id)).status).toBe('DRAFT');
    expect(asked).toHaveLength(IDENTITY_CHECKS.length);
  });

  it('a reply is kept sealed, with its hash, source, price and consent; what was answered is nobody’s to change', async () => {
    const { id } = await submitted();
    await askSources(deps, id);
    const rows = await deps.db('identity_checks').where({ subject: id }).select();
    expect(rows).toHaveLength(IDENTITY_CHECKS.length);
    for (const row of rows) {
      expect(row).toMatchObject({ answer: 'MATCH', price_fen: 30, source: `fake-${String(row.kind).toLowerCase()}` });
      expect(String(row.reply_sha256)).toMatch(/^[0-9a-f]{64}$/);
      expect(String(row.reply_enc)).not.toContain('Result');
      await expect(deps.db('identity_checks').where({ request_id: row.request_id }).update({ answer: 'MISMATCH' })).rejects.toMatchObject({
        code: 'LL001',
      });
    }
    await expect(deps.db('identity_checks').delete()).rejects.toThrow();
  });

  it('I13 the database takes no question without the person’s consent in force, not even from its owner', async () => {
    const { id } = await submitted();
    await askSources(deps, id);
    const { borrower_id: borrower } = await readApplication(deps.db, id);
    const [row] = await deps.db('identity_checks').where({ subject: id }).limit(1).select();
    const owner = createDb(database.ownerUrl, 1);
    const granted = await owner('consents').where({ id: row.consent_id }).first();
    delete granted.seq;
    await owner('consents').insert({ ...granted, id: `${String(granted.id)}-w`, is_granted: false });
    const question = {
      ...row,
      request_id: 'another',
      version: '9',
      answer: null,
      answered_at: null,
      reply_enc: null,
      reply_sha256: null,
      price_fen: null,
    };
    await expect(owner('identity_checks').insert({ ...question, borrower_id: borrower })).rejects.toMatchObject({ code: 'LL005' });
    await owner.destroy();
  });
});
