import { randomUUID } from 'node:crypto';
import { readApplication, readDecisions } from '../../../db/application/applications';
import { readAudit } from '../../../db/audit';
import { storeCommand } from '../../../db/commands';
import { consentHistory } from '../../../db/party/consents';
import { consentText, CONSENT_KINDS, REQUIRED_CONSENTS, type ConsentKind } from '../../../domain/party/consents';
import { businessDateOf, instant, type Instant } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import { createApplicationCommands } from '../../../services/application/application-commands';
import { assertConsents, consentInForce, consentSha256, grantConsent, withdrawConsent } from '../../../services/party/consents';
import type { ActivityDeps } from '../../../services/deps';
import { IDENTITY_CHECKS } from '../../../domain/party/identity-checks';
import { askSources } from '../../support/applications';
import { fakeSources } from '../../support/identity-sources';
import { seedApplication } from '../../support/seed';
import { withDesk } from '../../support/world';

const NOW = instant(Date.now());

/** Guarantee (B5, I13): nothing about a person is asked of anybody without a consent of theirs in force, and each is given by itself and taken back as easily. */
describe('consents', () => {
  let deps: ActivityDeps;
  const { sources, asked } = fakeSources();
  withDesk(
    (desk) => {
      ({ deps } = desk);
    },
    { identitySources: sources },
  );
  beforeEach(() => asked.splice(0));

  const word = (borrowerId: string, kind: ConsentKind, at: Instant = NOW) => ({
    id: randomUUID(),
    borrowerId,
    kind,
    partnerId: null,
    device: '0123456789abcdef',
    at,
  });
  const grant = (borrowerId: string, kind: ConsentKind, textSha256 = consentSha256(consentText(kind, businessDateOf(NOW)))) =>
    deps.db.transaction((tx) => grantConsent(tx, { ...word(borrowerId, kind), textSha256, locale: 'zh-CN' }));
  const withdraw = (borrowerId: string, kind: ConsentKind) => deps.db.transaction((tx) => withdrawConsent(tx, word(borrowerId, kind)));
  async function submit(applicationId: string) {
    const id = randomUUID();
    const stored = {
      id,
      caller: 'borrower:test',
      idempotencyKey: id,
      operation: 'SUBMIT',
      subject: applicationId,
      bodySha256: id,
      body: {},
    } as const;
    await storeCommand(deps.db, { ...stored, businessDate: businessDateOf(NOW) });
    return createApplicationCommands(deps).applyApplicationCommand({ commandId: id, at: NOW });
  }
  const borrowerOf = async (id: string) => (await readApplication(deps.db, id)).borrower_id;

  it('each is granted by itself to the text that was shown, and its record says which, when and from which device', async () => {
    const { applicationId } = await seedApplication(deps);
    const borrower = await borrowerOf(applicationId);
    expect(await consentInForce(deps.db, borrower, 'MARKETING')).toBeUndefined();
    await expect(grant(borrower, 'MARKETING', 'a'.repeat(64))).rejects.toMatchObject({ code: 'CONSENT_TEXT_CHANGED' });
    const first = await grant(borrower, 'MARKETING');
    expect(await grant(borrower, 'MARKETING')).toMatchObject({ id: first.id });
    await withdraw(borrower, 'MARKETING');
    await withdraw(borrower, 'MARKETING');
    expect(await consentInForce(deps.db, borrower, 'MARKETING')).toBeUndefined();
    const history = (await consentHistory(deps.db, borrower)).filter(({ kind }) => kind === 'MARKETING');
    expect(history.map(({ isGranted, textVersion }) => [isGranted, textVersion])).toEqual([
      [true, 1],
      [false, 1],
    ]);
    const lines = await readAudit(deps.db, { person: borrower, limit: 100 });
    expect(lines.filter(({ reason }) => reason.startsWith('MARKETING')).map(({ action }) => action)).toEqual([
      'CONSENT_WITHDRAWN',
      'CONSENT_GRANTED',
    ]);
    await expect(deps.db('consents').where({ borrower_id: borrower }).delete()).rejects.toThrow();
  });

  it.each(REQUIRED_CONSENTS)('without %s nothing is submitted', async (kind) => {
    const { applicationId } = await seedApplication(deps);
    await withdraw(await borrowerOf(applicationId), kind);
    expect(await submit(applicationId)).toMatchObject({ state: 'REJECTED', code: 'CONSENT_MISSING' });
  });

  it('an optional one blocks nothing: with the required ones alone the application is submitted', async () => {
    const { applicationId } = await seedApplication(deps);
    const borrower = await borrowerOf(applicationId);
    await withdraw(borrower, 'AUTOMATED_DECISION');
    await expect(assertConsents(deps.db, borrower)).resolves.toBeUndefined();
    expect((await submit(applicationId)).state).toBe('APPLIED');
  });

  it('B5 one that is withdrawn after submission stops the next question, and the application ends', async () => {
    const { applicationId } = await seedApplication(deps);
    await submit(applicationId);
    await advanceApplication(deps, { applicationId, at: NOW });
    await withdraw(await borrowerOf(applicationId), 'IDENTITY_QUERY');
    await askSources(deps, applicationId);
    expect(asked).toEqual([]);
    expect((await readApplication(deps.db, applicationId)).status).toBe('WITHDRAWN');
  });

  it('I13 a question names the consent that it rests on', async () => {
    const { applicationId } = await seedApplication(deps);
    await submit(applicationId);
    await advanceApplication(deps, { applicationId, at: NOW });
    await askSources(deps, applicationId);
    const consent = await consentInForce(deps.db, await borrowerOf(applicationId), 'IDENTITY_QUERY');
    expect(asked.map(({ consentId }) => consentId)).toEqual(IDENTITY_CHECKS.map(() => consent?.id));
  });

  it('who does not agree to an automated decision is decided about by a person', async () => {
    const { applicationId } = await seedApplication(deps);
    await withdraw(await borrowerOf(applicationId), 'AUTOMATED_DECISION');
    await submit(applicationId);
    await advanceApplication(deps, { applicationId, at: NOW });
    await askSources(deps, applicationId);
    expect((await advanceApplication(deps, { applicationId, at: NOW })).status).toBe('FOUR_EYES');
    const rules = (await readDecisions(deps.db, applicationId)).find(({ stage }) => stage === 'RULES');
    expect(rules).toMatchObject({ outcome: 'REFER', reasons: ['the borrower did not agree to an automated decision'] });
  });

  it('two words about one consent at once leave one after the other, and one of each', async () => {
    const { applicationId } = await seedApplication(deps);
    const borrower = await borrowerOf(applicationId);
    await Promise.all(Array.from({ length: 6 }, () => grant(borrower, 'FACE')));
    await Promise.all(Array.from({ length: 6 }, () => withdraw(borrower, 'FACE')));
    const face = (await consentHistory(deps.db, borrower)).filter(({ kind }) => kind === 'FACE');
    expect(face.map(({ isGranted }) => isGranted)).toEqual([true, false]);
  });

  it('a changed word of a text is another text, and each kind has its own', () => {
    const texts = CONSENT_KINDS.map((kind) => consentText(kind, businessDateOf(NOW)));
    expect(new Set(texts.map(consentSha256)).size).toBe(CONSENT_KINDS.length);
    for (const text of texts) {
      expect(consentSha256({ ...text, text: { ...text.text, en: `${text.text.en}.` } })).not.toBe(consentSha256(text));
      expect(consentSha256({ ...text, version: 2 })).not.toBe(consentSha256(text));
    }
  });
});
