import { randomBytes, randomUUID } from 'node:crypto';
import { readApplication, readDecisions } from '../../../db/application/applications';
import { readAudit } from '../../../db/audit';
import { dismissOperator } from '../../../db/party/operators';
import { createDb, type Db } from '../../../db/pool';
import { inventPerson, type Person } from '../../../dev/demo/person';
import { loanIdFrom } from '../../../domain/ids';
import { createCatalogue, parseProduct } from '../../../domain/product/products';
import { PRODUCT_FILES } from '../../../domain/product/products/index';
import { addDays, businessDateOf, epochMs, instant, type Instant } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import { draftAddress } from '../../../services/application/application-steps';
import { replayDecisions } from '../../../services/application/decisions';
import { openReviewFile } from '../../../services/application/review-file';
import { createLoanCommands } from '../../../services/loan/loan-commands';
import { withdrawConsent } from '../../../services/party/consents';
import { confirmIdentityChange, requestIdentityChange } from '../../../services/party/identity-change';
import type { ActivityDeps } from '../../../services/deps';
import { enlist, startApi, unreachableTemporal, type Api } from '../../support/api';
import { apply, askSources, decided, give, NOW, save, store, sealed, signed } from '../../support/applications';
import { fakeSources, MATCH, MISMATCH, UNAVAILABLE } from '../../support/identity-sources';
import { agreeTo, seedActiveLoan, seedApplication } from '../../support/seed';
import { withDesk } from '../../support/world';

const TODAY = businessDateOf(NOW);
const later = (days: number): Instant => instant(epochMs(NOW) + days * 86_400_000);
const CONSUMER = PRODUCT_FILES.find((file) => (file as { id: string }).id === 'consumer-installment') as {
  aprCaps: object[];
  eligibility: object;
};

/** Each is a way in which somebody was confirmed, offered or paid who must not be, or an application stood still; every one was proved once. */
describe('origination under attack', () => {
  let deps: ActivityDeps;
  let api: Api;
  let owner: Db;
  const { sources, asked, answer } = fakeSources();
  withDesk(
    async ({ database, ...desk }) => {
      ({ deps } = desk);
      api = await startApi(deps, unreachableTemporal(1), 300);
      owner = createDb(database.ownerUrl, 1);
      return async () => {
        await owner.destroy();
        await api.close();
      };
    },
    { identitySources: sources },
  );
  beforeEach(() => {
    asked.splice(0);
    answer();
  });

  /** Another application of a person, under any account. */
  async function another(person: Person, over: { principalFen?: number; cardNumber?: string; termMonths?: number } = {}): Promise<string> {
    const id = loanIdFrom(randomBytes(12));
    const { name, idNumber, phone, email, borrowerId } = person;
    await deps.db.transaction(async (tx) => {
      await tx('applications').insert({
        id,
        borrower_id: borrowerId,
        product_id: 'consumer-installment',
        product_version: 1,
        created_on: TODAY,
      });
      const vault = await deps.borrowers.personVault(tx, borrowerId);
      const steps = {
        request: { principalFen: over.principalFen ?? 1_200_000, termMonths: over.termMonths ?? 12 },
        identity: { name, idNumber, phone, email },
        income: { monthlyIncomeFen: 100_000_000 },
        card: { cardNumber: over.cardNumber ?? person.cardNumber },
      };
      for (const [step, payload] of Object.entries(steps)) {
        const payload_enc = vault.encrypt(draftAddress(id, step, 1), JSON.stringify(payload));
        await tx('application_drafts').insert({ application_id: id, step, version: 1, payload_enc });
      }
    });
    return id;
  }
  async function withId(principalFen: number, validDays: number): Promise<string> {
    const { applicationId: id, person } = await seedApplication(deps, { principalFen, incomeFen: 100_000_000 });
    const { name, idNumber, phone, email } = person;
    await save({ deps, id }, 'identity', 2, { name, idNumber, phone, email, idValidUntil: addDays(TODAY, validDays) });
    return id;
  }
  const sign = (id: string) => signed({ deps, id });
  const status = async (id: string) => (await readApplication(deps.db, id)).status;

  it('nobody is lent more in all than the law allows one person', async () => {
    const { person } = await seedActiveLoan(deps, { on: addDays(TODAY, -40), principalFen: 20_000_000, termMonths: 60 });
    expect(await decided(deps, await another(person, { principalFen: 10_000_000, termMonths: 60 }))).toBe('DECLINED');
  });

  it('a card that was refused three times is not asked about again in the next application', async () => {
    const { applicationId: first, person } = await seedApplication(deps);
    answer((_, check) => (check === 'CARD_FOUR_ELEMENTS' ? MISMATCH : MATCH));
    await decided(deps, first);
    for (const attempt of [2, 3]) {
      await save({ deps, id: first }, 'card', attempt, { cardNumber: person.cardNumber });
      await decided(deps, first);
    }
    expect(await status(first)).toBe('DECLINED');
    answer();
    expect(await decided(deps, await another(person))).toBe('DECLINED');
    expect(asked.filter(({ check }) => check === 'CARD_FOUR_ELEMENTS')).toHaveLength(1);
  });

  it('an answer counts for thirty days, and is asked for anew after that', async () => {
    const { person } = await seedApplication(deps);
    expect(await decided(deps, await another(person))).toBe('OFFERED');
    const decidedAt = async (id: string, at: Instant) => {
      await apply({ deps, id }, 'SUBMIT', {}, at);
      await advanceApplication(deps, { applicationId: id, at });
      await askSources(deps, id, at);
      return (await advanceApplication(deps, { applicationId: id, at })).status;
    };
    expect(await decidedAt(await another(person), later(29))).toBe('OFFERED');
    expect(asked).toHaveLength(3);
    answer((_, check) => (check === 'PHONE_THREE_ELEMENTS' ? MISMATCH : MATCH));
    expect(await decidedAt(await another(person), later(30))).toBe('DRAFT');
    expect(asked).toHaveLength(6);
  });

  it('an ID that ran out is not approved by a person, and signs nothing', async () => {
    await enlist(deps.db, 'wang');
    const referred = await withId(12_000_000, 1);
    expect(await decided(deps, referred)).toBe('FOUR_EYES');
    const approval = await store({ deps, id: referred }, 'REVIEW', { verdict: 'APPROVE', reason: 'looks good' }, 'operator:wang');
    expect(await give(deps, approval, later(10))).toMatchObject({ state: 'REJECTED', code: 'ID_EXPIRED' });
    const offered = await withId(1_200_000, 0);
    expect(await decided(deps, offered)).toBe('OFFERED');
    expect((await sign(offered)).verdict).toMatchObject({ state: 'REJECTED', code: 'ID_EXPIRED' });
  });

  it('an ID number that is none of this century’s is refused when it is entered', async () => {
    const { applicationId: id, person } = await seedApplication(deps);
    for (const idNumber of ['110101900101001', '110101189001011234']) {
      const body = { name: person.name, idNumber, phone: person.phone, email: person.email };
      expect((await api.request('PUT', `/v1/applications/${id}/steps/identity`, { as: person.borrowerId, body })).status).toBe(400);
    }
  });

  it('who was confirmed keeps their ID number while they correct their mail address', async () => {
    const { applicationId: first, person } = await seedApplication(deps);
    expect(await decided(deps, first)).toBe('OFFERED');
    await apply({ deps, id: first }, 'REOPEN');
    const body = { name: person.name, idNumber: person.idNumber, phone: person.phone, email: 'new@example.com' };
    expect((await api.request('PUT', `/v1/applications/${first}/steps/identity`, { as: person.borrowerId, body })).status).toBe(200);
    const thief = { ...person, borrowerId: `thief-${randomBytes(4).toString('hex')}`, email: 'thief@example.com' };
    await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, thief.borrowerId);
      await deps.borrowers.saveIdentity(tx, thief.borrowerId, thief);
      await agreeTo(tx, thief.borrowerId);
    });
    expect(await decided(deps, await another(thief))).toBe('DRAFT');
    expect(await decided(deps, first)).toBe('OFFERED');
  });

  describe('the law changes while an application waits', () => {
    const falling = (from: number): ActivityDeps => {
      const cap = { from: addDays(TODAY, from), annualRate: '0.08', source: 'a notice that comes into force' };
      const files = PRODUCT_FILES.map((file) => (file === CONSUMER ? { ...CONSUMER, aprCaps: [...CONSUMER.aprCaps, cap] } : file));
      return { ...deps, catalogue: createCatalogue(files) };
    };

    it('for a source: it ends with the reason', async () => {
      const its = falling(1);
      const { applicationId: id } = await seedApplication(its);
      answer((_, check) => (check === 'ID_NAME' ? UNAVAILABLE : MATCH));
      await apply({ deps: its, id }, 'SUBMIT');
      await advanceApplication(its, { applicationId: id, at: NOW });
      await askSources(its, id);
      answer();
      await askSources(its, id, later(2));
      expect((await advanceApplication(its, { applicationId: id, at: later(2) })).status).toBe('DECLINED');
      const rules = (await readDecisions(deps.db, id)).find(({ stage }) => stage === 'RULES');
      expect(rules?.reasons).toEqual(['these terms may not be offered any more']);
    });
  });

  it('a product that takes two people above an amount sends such an amount to people', () => {
    const eligibility = { ...CONSUMER.eligibility, referAbove: '200000.00' };
    expect(() => parseProduct({ ...CONSUMER, eligibility, review: { validDays: 14, twoAbove: '150000.00' } })).toThrow('review.twoAbove');
  });

  it('the word of somebody who was dismissed since is not one of two', async () => {
    await enlist(deps.db, 'qian', ['approver']);
    await enlist(deps.db, 'sun', ['approver']);
    await enlist(deps.db, 'zhou', ['approver']);
    const { applicationId: id } = await seedApplication(deps, { principalFen: 18_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const approve = async (who: string) =>
      give(deps, await store({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'documents seen' }, `operator:${who}`));
    expect((await approve('qian')).result).toMatchObject({ needsSecond: true });
    await dismissOperator(owner, 'qian', 'bribed');
    expect((await approve('sun')).result).toMatchObject({ needsSecond: true });
    expect(await status(id)).toBe('FOUR_EYES');
    await approve('zhou');
    expect(await status(id)).toBe('OFFERED');
  });

  it('the file of an application that ended half filled in can be opened, and the look is audited; a draft is its borrower’s own', async () => {
    const { person } = await seedApplication(deps);
    const id = loanIdFrom(randomBytes(12));
    const pinned = { borrower_id: person.borrowerId, product_id: 'consumer-installment', product_version: 1, created_on: TODAY };
    await deps.db('applications').insert({ id, ...pinned });
    const look = () => openReviewFile(deps, { applicationId: id, actor: 'operator:zhao', reason: 'a complaint', at: NOW });
    await expect(look()).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await apply({ deps, id }, 'CANCEL');
    expect((await look()).asked).toBeNull();
    expect((await readAudit(deps.db, { subject: id, limit: 50 })).filter(({ action }) => action === 'LOOK_AT_APPLICATION')).toHaveLength(1);
  });

  it('I15 a decision that went to a person because they asked for one runs again to what was recorded', async () => {
    const { applicationId: id, person } = await seedApplication(deps);
    const word = {
      id: randomUUID(),
      borrowerId: person.borrowerId,
      kind: 'AUTOMATED_DECISION',
      partnerId: null,
      device: '0123456789abcdef',
      at: NOW,
    } as const;
    await deps.db.transaction((tx) => withdrawConsent(tx, word));
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    expect(await replayDecisions(deps, await readApplication(deps.db, id))).toMatchObject([{ recorded: 'REFER', replayed: 'REFER' }]);
  });

  describe('the card that money goes to', () => {
    const foreign = inventPerson(99, 7).cardNumber;
    const sayNoTo = (card: string, phone?: string) => {
      answer((question, check) =>
        check === 'CARD_FOUR_ELEMENTS' && question.cardNumber === card && (phone === undefined || question.phone === phone)
          ? MISMATCH
          : MATCH,
      );
    };

    it('is not swapped for one that the network does not confirm: by nobody, between signature and payout', async () => {
      sayNoTo(foreign);
      const { applicationId: id, person } = await seedApplication(deps);
      await decided(deps, id);
      const { then, verdict } = await sign(id);
      expect([verdict.state, await sealed({ deps, id }, then)]).toEqual(['APPLIED', 'OPEN_LOAN']);
      const named = await api.request('POST', `/v1/loans/${id}/card-codes`, { as: person.borrowerId, body: { cardNumber: foreign } });
      expect([named.status, named.body.code]).toEqual([422, 'CARD_NOT_CONFIRMED']);
      const byOperator = { as: 'li-na', role: 'operator', body: { cardNumber: foreign, reason: 'the borrower says so' } } as const;
      expect((await api.request('POST', `/v1/ops/loans/${id}/card`, byOperator)).body.code).toBe('CARD_NOT_CONFIRMED');
      // And where a command comes by another way: the card is looked up before it is used.
      const bankCardId = await deps.borrowers.saveCard(deps.db, person.borrowerId, foreign);
      const commandId = await store({ deps, id }, 'CHANGE_CARD', { bankCardId });
      expect(await createLoanCommands(deps).applyLoanCommand({ commandId, at: then })).toMatchObject({ code: 'CARD_NOT_CONFIRMED' });
    });

    it('is taken when the network confirms it, and a network that is silent decides nothing', async () => {
      const { loanId, person } = await seedActiveLoan(deps, { on: TODAY });
      const other = inventPerson(98, 7).cardNumber;
      answer(() => UNAVAILABLE);
      const name = () => api.request('POST', `/v1/loans/${loanId}/card-codes`, { as: person.borrowerId, body: { cardNumber: other } });
      expect((await name()).status).toBe(503);
      answer();
      expect((await name()).status).toBe(201);
    });

    it('a phone is changed with every card that something rests on', async () => {
      const { person } = await seedActiveLoan(deps, { on: addDays(TODAY, -40), principalFen: 200_000 });
      const card = inventPerson(97, 3).cardNumber;
      const id = await another(person, { cardNumber: card });
      expect(await decided(deps, id)).toBe('OFFERED');
      const phone = '13911112222';
      sayNoTo(card, phone);
      const change = await requestIdentityChange(deps, { borrowerId: person.borrowerId, key: 'k1', change: { phone } });
      const own = await deps.borrowers.personVault(deps.db, person.borrowerId);
      const hash = (place: string) => own.hash('111111', `${change.id}:${place}`).toString('hex');
      await owner('identity_changes')
        .where({ id: change.id })
        .update({ code_hashes: JSON.stringify({ current: hash('current'), phone: hash('phone') }) });
      const codes = { current: '111111', phone: '111111' };
      await expect(confirmIdentityChange(deps, { id: change.id, borrowerId: person.borrowerId, codes })).rejects.toMatchObject({
        code: 'IDENTITY_NOT_CONFIRMED',
      });
    });
  });
});
