import { readApplication, readDecisions, readOffer } from '../../../db/application/applications';
import { addDays, at, businessDateOf } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import { fakeSources, MATCH } from '../../support/identity-sources';
import type { ActivityDeps } from '../../../services/deps';
import { inventPerson } from '../../../dev/demo/person';
import { readDisclosure, seedApplication } from '../../support/seed';
import { eventually, withDesk } from '../../support/world';
import { IDENTITY_CHECKS } from '../../../domain/party/identity-checks';
import { apply, askSources, decided, give, NOW, save, store } from '../../support/applications';

/** Guarantee: a word about what somebody saw is not taken for what they never saw. */
describe('one round’s word in the next', () => {
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ deps } = desk);
  });

  it('an operator’s approval of round 1 approves nothing that the operator never saw', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 12_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const approval = await store({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'income slip seen, 120,000 is fine' });
    await apply({ deps, id }, 'REOPEN');
    await save({ deps, id }, 'request', 2, { principalFen: 20_000_000, termMonths: 12 });
    await save({ deps, id }, 'income', 2, { monthlyIncomeFen: 300_000 });
    await decided(deps, id);
    const verdict = await give(deps, approval);
    expect([verdict.state, await readOffer(deps.db, id)]).toEqual(['REJECTED', undefined]);
  });

  it('… smaller: the referral of a changed amount is not approved by the word about the first', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 12_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const approval = await store({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'income slip seen, 120,000 is fine' });
    await apply({ deps, id }, 'REOPEN');
    await save({ deps, id }, 'request', 2, { principalFen: 20_000_000, termMonths: 12 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const verdict = await give(deps, approval);
    expect([verdict.state, (await readOffer(deps.db, id))?.principal_fen]).toEqual(['REJECTED', undefined]);
  });

  it('an operator’s decline of round 1 does not vanish because the borrower reopens first', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 12_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const decline = await store({ deps, id }, 'REVIEW', { verdict: 'DECLINE', reason: 'the slip is forged' });
    await apply({ deps, id }, 'REOPEN');
    await save({ deps, id }, 'request', 2, { principalFen: 1_000_000, termMonths: 12 });
    await give(deps, decline);
    expect(await decided(deps, id)).not.toBe('OFFERED');
  });

  it('an acceptance given in round 1 accepts nothing of round 2', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await decided(deps, id);
    await readDisclosure(deps, id);
    const acceptance = await store({ deps, id }, 'ACCEPT_OFFER');
    await apply({ deps, id }, 'REOPEN');
    await save({ deps, id }, 'request', 2, { principalFen: 2_000_000, termMonths: 12 });
    expect(await decided(deps, id)).toBe('OFFERED');
    await readDisclosure(deps, id);
    const verdict = await give(deps, acceptance);
    expect([verdict.state, (await readApplication(deps.db, id)).status]).toEqual(['REJECTED', 'OFFERED']);
  });

  it('an offer that has run out is not revived by changing what was entered', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await decided(deps, id);
    const late = at(addDays(businessDateOf(NOW), 60), '12:00');
    expect(await apply({ deps, id }, 'REOPEN', {}, late)).toMatchObject({ state: 'REJECTED', code: 'OFFER_EXPIRED' });
  });

  it('a referral that has run out is not approved', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 12_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const late = at(addDays(businessDateOf(NOW), 60), '12:00');
    expect(await apply({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'late' }, late)).toMatchObject({ state: 'REJECTED' });
  });

  it('a late answer about the identity of round 1 is no answer about another identity of round 2', async () => {
    const { applicationId: id, person } = await seedApplication(deps);
    const { borrower_id: borrower } = await readApplication(deps.db, id);
    const gates: ((reply: typeof MATCH) => void)[] = [];
    const { sources, asked, answer } = fakeSources();
    answer(() => new Promise((resolve) => gates.push(resolve)));
    const slow: ActivityDeps = { ...deps, identitySources: sources };
    await apply({ deps, id }, 'SUBMIT');
    await advanceApplication(deps, { applicationId: id, at: NOW });
    // The activity's first try: the source is slow, Temporal gives it up after 30 s, the second try is answered.
    const firstTry = askSources(slow, id);
    await eventually('the first questions', () => Promise.resolve(gates.length === IDENTITY_CHECKS.length));
    await askSources(deps, id);
    expect((await advanceApplication(deps, { applicationId: id, at: NOW })).status).toBe('OFFERED');
    await apply({ deps, id }, 'REOPEN');
    const other = inventPerson(987_654, 1);
    await deps.db.transaction((tx) =>
      deps.borrowers.saveIdentity(tx, borrower, { name: other.name, idNumber: other.idNumber, phone: other.phone, email: other.email }),
    );
    await save({ deps, id }, 'identity', 2, other);
    await apply({ deps, id }, 'SUBMIT');
    expect((await advanceApplication(deps, { applicationId: id, at: NOW })).status).toBe('KYC_PENDING');
    for (const gate of gates) gate(MATCH);
    await firstTry;
    expect([...new Set(asked.map(({ idNumber }) => idNumber))]).toEqual([person.idNumber]);
    const kyc = (await readDecisions(deps.db, id)).filter(({ stage, round }) => stage === 'KYC' && round === 2);
    // Nobody has asked anybody about `other`.
    expect([kyc, (await readApplication(deps.db, id)).status]).toEqual([[], 'KYC_PENDING']);
  });
});
