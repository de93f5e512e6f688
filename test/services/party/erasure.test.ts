import fc from 'fast-check';
import { readAudit } from '../../../db/audit';
import { createDb, type Db } from '../../../db/pool';
import { setClockOffset } from '../../../db/clock';
import { erasePerson, insertErasure } from '../../../db/party/erasures';
import { planErasure } from '../../../domain/party/erasure';
import { APPLICATION_TRANSITIONS, LOAN_TRANSITIONS, type ApplicationStatus, type LoanStatus } from '../../../domain/states';
import { addDays, businessDate, businessDateOf, instant } from '../../../domain/time/dates';
import { eraseAgain, eraseDue, requestErasure, takeErasureBack } from '../../../services/party/erasure';
import type { ActivityDeps } from '../../../services/deps';
import { startApi, unreachableTemporal, type Api } from '../../support/api';
import { apply, decided, NOW } from '../../support/applications';
import { type TestDatabase } from '../../support/database';
import { seedActiveLoan, seedApplication, seedBorrower } from '../../support/seed';
import { tablesOf, findTraces } from '../../support/traces';
import { withDesk } from '../../support/world';

const TODAY = businessDateOf(NOW);
const statuses = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as T[];

describe('when a person may be forgotten', () => {
  it('never while something goes on; ten years after the last loan; at once where there was none', () => {
    const applications = fc.array(fc.constantFrom(...statuses(APPLICATION_TRANSITIONS)), { maxLength: 3 });
    const loans = fc.array(fc.tuple(fc.constantFrom(...statuses(LOAN_TRANSITIONS)), fc.integer({ min: -4_000, max: 0 })), { maxLength: 3 });
    const OPEN_A: ApplicationStatus[] = [
      'DRAFT',
      'SUBMITTED',
      'KYC_PENDING',
      'DECISION_PENDING',
      'FOUR_EYES',
      'OFFERED',
      'REFLECTION_PERIOD',
      'AWAITING_SIGNATURE',
      'SIGNED',
      'READY_TO_DISBURSE',
    ];
    const OPEN_L: LoanStatus[] = ['APPROVED', 'ACTIVE', 'OVERPAID'];
    fc.assert(
      fc.property(applications, loans, (some, lent) => {
        const plan = planErasure({
          applications: some.map((status, index) => ({ id: `a${String(index)}`, status })),
          loans: lent.map(([status, days], index) => ({ id: `l${String(index)}`, status, endedOn: addDays(TODAY, days) })),
          today: TODAY,
        });
        const isOpen = some.some((status) => OPEN_A.includes(status)) || lent.some(([status]) => OPEN_L.includes(status));
        expect(plan.kind).toBe(isOpen ? 'NOT_YET' : 'ERASE');
        if (plan.kind !== 'ERASE') return;
        const last = Math.max(...lent.map(([, days]) => days));
        if (lent.length === 0) expect(plan.on).toBe(TODAY);
        else expect(plan.on.slice(0, 4)).toBe(String(Number(addDays(TODAY, last).slice(0, 4)) + 10));
      }),
    );
  });
});

/** Guarantee (PIPL 45, 47): a person gets everything that is kept about them, and is forgotten on the day that the law allows, for good. */
describe('a person’s data', () => {
  let database: TestDatabase;
  let deps: ActivityDeps;
  let api: Api;
  let owner: Db;
  withDesk(async (desk) => {
    ({ database, deps } = desk);
    api = await startApi(deps, unreachableTemporal(1), 300);
    owner = createDb(database.ownerUrl, 1);
    return async () => {
      await owner.destroy();
      await api.close();
    };
  });

  const ask = (borrowerId: string) => deps.db.transaction((tx) => requestErasure(tx, borrowerId, NOW));
  const start = async (as: string) =>
    (await api.request('POST', '/v1/applications', { as, body: { productId: 'consumer-installment' } })).body.code as string | undefined;
  /** Somebody who applied, was checked and decided about, and gave up. */
  async function gaveUp() {
    const { applicationId, person } = await seedApplication(deps);
    await decided(deps, applicationId);
    await apply({ deps, id: applicationId }, 'CANCEL');
    return { applicationId, person };
  }

  it('are exported whole to the person, and to nobody else', async () => {
    const { applicationId, person } = await gaveUp();
    const { status, body } = await api.request('GET', '/v1/person/export', { as: person.borrowerId });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      identity: { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email },
      cards: [person.cardNumber],
      applications: [{ applicationId, status: 'WITHDRAWN', stated: { card: { cardNumber: person.cardNumber } } }],
      erasure: null,
    });
    expect(body.applications[0].askedOfSources).toHaveLength(3);
    expect(body.consents.length).toBeGreaterThan(3);
    const { person: other } = await seedBorrower(deps);
    expect(JSON.stringify((await api.request('GET', '/v1/person/export', { as: other.borrowerId })).body)).not.toContain(person.idNumber);
    expect((await api.request('GET', '/v1/person/export')).status).toBe(401);
  });

  it('are not erased while an application or a loan goes on, which is named', async () => {
    const { applicationId, person } = await seedApplication(deps);
    const answer = await api.request('POST', '/v1/person/erasure', { as: person.borrowerId });
    expect([answer.status, answer.body.code]).toEqual([409, 'ERASURE_NOT_YET']);
    expect(String(answer.body.detail)).toContain(applicationId);
    const { person: debtor } = await seedActiveLoan(deps, { on: TODAY });
    await expect(ask(debtor.borrowerId)).rejects.toMatchObject({ code: 'ERASURE_NOT_YET' });
  });

  it('are erased at once where nothing has to be kept: nothing of them is readable, and the same ID number may come again', async () => {
    const { applicationId, person } = await gaveUp();
    expect((await api.request('POST', '/v1/person/erasure', { as: person.borrowerId })).body).toMatchObject({ dueOn: TODAY });
    expect(await eraseDue(deps)).toBeGreaterThanOrEqual(1);
    expect(await eraseDue(deps)).toBe(0);
    expect((await api.request('GET', '/v1/person/export', { as: person.borrowerId })).body.code).toBe('PERSON_ERASED');
    await expect(deps.borrowers.personVault(deps.db, person.borrowerId)).rejects.toMatchObject({ code: 'PERSON_ERASED' });
    const [row] = await deps.db('borrowers').where({ id: person.borrowerId });
    expect(row).toMatchObject({
      name_enc: null,
      id_number_enc: null,
      phone_enc: null,
      email_enc: null,
    });
    expect(row.wrapped_key).toHaveLength(0);
    // What is kept sealed cannot be opened: not even by the key that everything else is wrapped with.
    const draft = await deps.db('application_drafts').where({ application_id: applicationId, step: 'card' }).first();
    expect(draft.payload_enc.length).toBeGreaterThan(0);
    await expect(deps.vault.person(person.borrowerId, row.wrapped_key)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    const index = await deps.vault.blindIndex('index-card', 1, person.cardNumber);
    expect(findTraces(index.toString('hex'), await tablesOf(database.ownerUrl))).toEqual([]);
    expect(await deps.db('blind_indexes').where({ borrower_id: person.borrowerId })).toEqual([]);
    expect(await start(person.borrowerId)).toBe('PERSON_ERASED');
    const again = `${person.borrowerId}-again`;
    await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, again);
      await deps.borrowers.saveIdentity(tx, again, person);
      expect(await deps.borrowers.claimIdentity(tx, again)).toBe(true);
    });
    expect((await readAudit(deps.db, { subject: person.borrowerId, limit: 20 })).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['ERASURE_ASKED', 'PERSON_ERASED']),
    );
  });

  it('of who had a loan are locked, and erased ten years after its end, not a day before; meanwhile the wish can be taken back', async () => {
    const { loanId, person } = await seedActiveLoan(deps, { on: businessDate('2026-01-15') });
    await deps.db('loans').where({ id: loanId }).update({ status: 'CLOSED_OBLIGATIONS_MET', closed_on: '2026-11-20' });
    const { dueOn } = await ask(person.borrowerId);
    expect(dueOn).toBe('2036-11-20');
    expect(await start(person.borrowerId)).toBe('PERSON_LOCKED');
    expect((await ask(person.borrowerId)).dueOn).toBe(dueOn);
    expect((await api.request('DELETE', '/v1/person/erasure', { as: person.borrowerId })).status).toBe(200);
    expect((await api.request('DELETE', '/v1/person/erasure', { as: person.borrowerId })).body.code).toBe('NOT_FOUND');
    await ask(person.borrowerId);
    const isErased = async () => (await deps.db('borrowers').where({ id: person.borrowerId }).first('erased_at')).erased_at !== null;
    const goTo = (day: string) => setClockOffset(deps.db, Date.parse(`${day}T04:00:00Z`) - Date.now());
    await goTo('2036-11-19');
    await eraseDue(deps);
    expect(await isErased()).toBe(false);
    await expect(erasePerson(deps.db, person.borrowerId, businessDate('2036-11-19'), NOW)).rejects.toMatchObject({ code: 'LL006' });
    await goTo('2036-11-20');
    await eraseDue(deps);
    expect(await isErased()).toBe(true);
    // The books keep their numbers.
    expect(await deps.db('loan_transactions').where({ loan_id: loanId })).not.toHaveLength(0);
    await setClockOffset(deps.db, 0);
  });

  it('are forgotten again after a restore, by the tombstone that lies outside the database', async () => {
    const { person } = await gaveUp();
    const [backup] = await owner('borrowers').where({ id: person.borrowerId });
    await ask(person.borrowerId);
    await eraseDue(deps);
    expect((await deps.tombstones.all()).map(({ borrowerId }) => borrowerId)).toContain(person.borrowerId);
    // The backup knows the person and no wish.
    const { id, ...columns } = backup;
    await owner('borrowers').where({ id }).update(columns);
    await owner.raw('ALTER TABLE erasures DISABLE TRIGGER erasures_kept');
    await owner('erasures').where({ borrower_id: id }).delete();
    await owner.raw('ALTER TABLE erasures ENABLE TRIGGER erasures_kept');
    expect(await deps.borrowers.identity(deps.db, id)).toMatchObject({ name: person.name });
    expect(await eraseAgain(deps)).toEqual([id]);
    expect(await eraseAgain(deps)).toEqual([]);
    await expect(deps.borrowers.identity(deps.db, id)).rejects.toMatchObject({ code: 'PERSON_ERASED' });
  });

  it('are not erased where the tombstone cannot be written: the day comes again', async () => {
    const { person } = await gaveUp();
    await ask(person.borrowerId);
    const failing = { ...deps, tombstones: { ...deps.tombstones, add: () => Promise.reject(new Error('disk full')) } };
    await expect(eraseDue(failing)).rejects.toThrow('disk full');
    expect(await deps.borrowers.identity(deps.db, person.borrowerId)).toMatchObject({ name: person.name });
    expect(await eraseDue(deps)).toBe(1);
  });

  it('a wish and a new application at once: one of them is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { person } = await gaveUp();
      const [begun, wish] = await Promise.all([
        start(person.borrowerId),
        ask(person.borrowerId).then(
          () => 'locked',
          (error: unknown) => (error as { code: string }).code,
        ),
      ]);
      expect([begun, wish]).toEqual(wish === 'locked' ? [expect.stringMatching(/PERSON_/), 'locked'] : [undefined, 'ERASURE_NOT_YET']);
    }
  });

  it('nobody’s go who did not ask, and a wish that was taken back is none, whoever calls', async () => {
    const { person } = await gaveUp();
    await expect(erasePerson(deps.db, person.borrowerId, TODAY, NOW)).rejects.toMatchObject({ code: 'LL006' });
    await ask(person.borrowerId);
    await deps.db.transaction((tx) => takeErasureBack(tx, person.borrowerId, NOW));
    await expect(erasePerson(deps.db, person.borrowerId, TODAY, NOW)).rejects.toMatchObject({ code: 'LL006' });
    const { person: debtor } = await seedActiveLoan(deps, { on: TODAY });
    await insertErasure(deps.db, {
      id: 'forged',
      borrowerId: debtor.borrowerId,
      askedAt: instant(NOW),
      dueOn: TODAY,
      why: 'a forged wish',
    });
    await expect(erasePerson(deps.db, debtor.borrowerId, TODAY, NOW)).rejects.toMatchObject({ code: 'LL006' });
  });
});
