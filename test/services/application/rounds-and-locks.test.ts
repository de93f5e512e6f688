import { createActivities } from '../../../activities/index';
import { saveStep } from '../../../api/routes/application-steps';
import type { ApiDeps } from '../../../api/deps';
import { lockApplication, lockPersonOf, readApplication } from '../../../db/application/applications';
import { createDb } from '../../../db/pool';
import { businessDate } from '../../../domain/time/dates';
import { down } from '../../../migrations/20261129110000_decide_anew';
import type { ActivityDeps } from '../../../services/deps';
import { startApi, unreachableTemporal } from '../../support/api';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { readDisclosure, seedApplication, seedLoan } from '../../support/seed';
import { createDeps, eventually, startBanks, type Banks } from '../../support/world';
import { apply, decided, give, save, store } from '../../support/applications';

const DAY = businessDate('2026-11-23');

/** Guarantee: no payout without consent, no round taken back, and writers of one person never break each other off. */
describe('rounds, consents and locks', () => {
  let database: TestDatabase;
  let banks: Banks;
  let deps: ActivityDeps;
  beforeEach(async () => {
    [database, banks] = await Promise.all([createTestDatabase(), startBanks()]);
    deps = createDeps(database, banks, []);
  });
  afterEach(async () => {
    await banks.close();
    await database.close();
  });

  it('no payout begins after the required consent was withdrawn, before its WITHDRAW_LOAN is there', async () => {
    const { loanId, person } = await seedLoan(deps);
    const api = await startApi(deps, unreachableTemporal(1), 300);
    expect((await api.request('DELETE', '/v1/consents/PRIVACY', { as: person.borrowerId })).status).toBe(200);
    await api.close();
    const now = new Date().toISOString() as never;
    const step = await createActivities(deps).openPayout({ loanId, instructionId: `payout-${loanId}-1`, at: now, businessDate: DAY });
    expect(step.next).not.toBe('SEND');
  });

  it('what an operator sent back for a look is not offered by the rules alone', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 15_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    await apply({ deps, id }, 'REVIEW', { verdict: 'REFER_BACK', missing: 'income', reason: 'the slip looks forged, ask for another' });
    await save({ deps, id }, 'income', 2, { monthlyIncomeFen: 100_000_000 });
    await save({ deps, id }, 'request', 2, { principalFen: 1_200_000, termMonths: 12 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
  });

  it('a submission that was given in round 1 submits no half-changed draft of round 2', async () => {
    const { applicationId: id } = await seedApplication(deps);
    const twin = await store({ deps, id }, 'SUBMIT');
    expect(await decided(deps, id)).toBe('OFFERED');
    await apply({ deps, id }, 'REOPEN');
    await save({ deps, id }, 'request', 2, { principalFen: 2_000_000, termMonths: 12 });
    expect((await give(deps, twin)).state).toBe('REJECTED');
  });

  it('a wish to change of round 1 does not void the offer of round 2', async () => {
    const { applicationId: id } = await seedApplication(deps);
    expect(await decided(deps, id)).toBe('OFFERED');
    const twin = await store({ deps, id }, 'REOPEN');
    await apply({ deps, id }, 'REOPEN');
    expect(await decided(deps, id)).toBe('OFFERED');
    await give(deps, twin);
    expect((await readApplication(deps.db, id)).status).toBe('OFFERED');
  });

  it('the migration is not taken back while an application is in a later round', async () => {
    const { applicationId: id } = await seedApplication(deps);
    expect(await decided(deps, id)).toBe('OFFERED');
    await readDisclosure(deps, id);
    await apply({ deps, id }, 'REOPEN');
    const owner = createDb(database.ownerUrl, 1);
    const outcome = await down(owner).then(
      () => 'taken back',
      (error: unknown) => `refused: ${String(error)}`,
    );
    const state = await owner('applications').where({ id }).first<{ status: string }>('status');
    const offers = await owner('offers').where({ application_id: id }).pluck('principal_fen');
    await owner.destroy();
    expect([outcome.slice(0, 7), state, offers.length]).toEqual(['refused', { status: 'DRAFT' }, 1]);
  });

  it('locks are taken in one order: a saved identity and a submission at once do not break each other off', async () => {
    const { applicationId: id, person } = await seedApplication(deps);
    const application = await readApplication(deps.db, id);
    const payload = { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email };
    // What applyApplicationCommand does: person, then application.
    const command = await deps.db.transaction();
    await lockPersonOf(command, id);
    const saving = deps.db
      .transaction((tx) => saveStep(deps as unknown as ApiDeps, tx, { application, step: 'identity', payload }))
      .then(
        () => 'saved',
        (error: unknown) => (error as { code?: string }).code,
      );
    // It waits for the person by now.
    await eventually('a waiting writer', async () => {
      const { rows } = await deps.db.raw<{ rows: { n: number }[] }>(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      return (rows[0]?.n ?? 0) > 0;
    });
    const locked = await lockApplication(command, id).then(
      () => 'locked',
      (error: unknown) => (error as { code?: string }).code,
    );
    await command.commit().catch(() => command.rollback());
    expect([await saving, locked]).toEqual(['saved', 'locked']);
  });
});
