import { readApplication, readDecisions, readOffer } from '../../../db/application/applications';
import type { Operation } from '../../../db/commands';
import { addDays, at, businessDateOf, instant, type Instant } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import { missingSteps } from '../../../services/application/application-steps';
import { keys } from '../../../domain/keys';
import type { ActivityDeps } from '../../../services/deps';
import { readDisclosure, seedApplication } from '../../support/seed';
import { apply as applyTo, decided as decidedOf, NOW, save as saveOf } from '../../support/applications';
import { withDesk } from '../../support/world';

/** Guarantee (B6): a changed answer makes a new decision, and what was decided and offered before is void. */
describe('an application that goes back to its borrower', () => {
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ deps } = desk);
  });

  const apply = (id: string, operation: Operation, body: Record<string, string> = {}, now: Instant = NOW) =>
    applyTo({ deps, id }, operation, body, now);
  const decided = (id: string) => decidedOf(deps, id);
  const save = (id: string, step: string, version: number, payload: object) => saveOf({ deps, id }, step, version, payload);
  const outcomes = async (id: string) =>
    (await readDecisions(deps.db, id)).map(({ round, stage, outcome }) => `${String(round)} ${stage} ${outcome}`).sort();

  it('a lower income after an approval: the offer is void at once, and the next decision declines; both decisions stay', async () => {
    const { applicationId: id } = await seedApplication(deps);
    expect(await decided(id)).toBe('OFFERED');
    await readDisclosure(deps, id);
    expect(await apply(id, 'REOPEN')).toMatchObject({ state: 'APPLIED', result: { round: 2 } });
    expect(await readOffer(deps.db, id)).toBeUndefined();
    expect(await apply(id, 'ACCEPT_OFFER')).toMatchObject({ state: 'REJECTED', code: 'ILLEGAL_TRANSITION' });
    await save(id, 'income', 2, { monthlyIncomeFen: 60_000 });
    expect(await decided(id)).toBe('DECLINED');
    expect(await outcomes(id)).toEqual(['1 KYC APPROVE', '1 RULES APPROVE', '2 KYC APPROVE', '2 RULES DECLINE']);
  });

  it('another amount makes another offer with a cost table of its own, which has to be read and confirmed anew', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await decided(id);
    const first = await readOffer(deps.db, id);
    await readDisclosure(deps, id);
    await apply(id, 'REOPEN');
    await save(id, 'request', 2, { principalFen: 1_000_000, termMonths: 12 });
    expect(await decided(id)).toBe('OFFERED');
    const second = await readOffer(deps.db, id);
    expect([second?.principal_fen, second?.disclosure_sha256 === first?.disclosure_sha256]).toEqual([1_000_000, false]);
    expect(await apply(id, 'ACCEPT_OFFER')).toMatchObject({ state: 'REJECTED', code: 'DISCLOSURE_NOT_CONFIRMED' });
    await readDisclosure(deps, id);
    expect((await apply(id, 'ACCEPT_OFFER', {}, at(addDays(businessDateOf(NOW), 1), '00:00'))).state).toBe('APPLIED');
  });

  it('an operator names what is missing; it is not decided anew before just that was saved again, and the borrower is told', async () => {
    const { applicationId: id, person } = await seedApplication(deps, { principalFen: 15_000_000, incomeFen: 100_000_000 });
    expect(await decided(id)).toBe('FOUR_EYES');
    for (const missing of ['', 'salary'])
      expect(await apply(id, 'REVIEW', { verdict: 'REFER_BACK', missing, reason: 'r' })).toMatchObject({ code: 'VALIDATION' });
    await apply(id, 'REVIEW', { verdict: 'REFER_BACK', missing: 'income,card', reason: 'the slip is of last year' });
    expect(await missingSteps(deps.db, await readApplication(deps.db, id))).toEqual(['income', 'card']);
    expect(
      await deps
        .db('outbox')
        .where({ key: keys.mail(keys.referredBackMail(id, 2)) })
        .pluck('topic'),
    ).toEqual(['mail']);
    await save(id, 'income', 2, { monthlyIncomeFen: 90_000_000 });
    expect(await apply(id, 'SUBMIT')).toMatchObject({ state: 'REJECTED', code: 'STEP_INCOMPLETE' });
    await save(id, 'card', 2, { cardNumber: person.cardNumber });
    expect(await decided(id)).toBe('FOUR_EYES');
    expect(await outcomes(id)).toContain('1 REVIEW REFER');
  });

  it('after acceptance nothing goes back, and a round is neither skipped nor repeated, whoever writes it', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await decided(id);
    await readDisclosure(deps, id);
    await apply(id, 'ACCEPT_OFFER');
    expect(await apply(id, 'REOPEN')).toMatchObject({ state: 'REJECTED', code: 'ILLEGAL_TRANSITION' });
    const { applicationId: other } = await seedApplication(deps);
    await decided(other);
    for (const change of [{ round: 2 }, { status: 'DRAFT' }, { status: 'DRAFT', round: 3 }])
      await expect(deps.db('applications').where({ id: other }).update(change)).rejects.toMatchObject({ code: 'LL001' });
  });

  it('its borrower is reminded half-way to the deadline of an offer, once in each round', async () => {
    const { applicationId: id } = await seedApplication(deps);
    const reminders = async () =>
      (await deps.db('outbox').whereLike('key', `mail:half-time:${id}%`).orderBy('id').pluck<string[]>('key')).length;
    const product = deps.catalogue.version('consumer-installment', 1);
    await decided(id);
    const begun = ((await readApplication(deps.db, id)).waiting_until?.getTime() ?? 0) - product.offer.validHours * 3_600_000;
    const after = (share: number) => instant(begun + share * product.offer.validHours * 3_600_000);
    const waits = await advanceApplication(deps, { applicationId: id, at: NOW });
    expect([waits.next, waits.at]).toEqual(['WAIT', after(0.5)]);
    for (const share of [0.49, 0.5, 0.6]) await advanceApplication(deps, { applicationId: id, at: after(share) });
    expect(await reminders()).toBe(1);
    await apply(id, 'REOPEN', {}, after(0.6));
    await save(id, 'request', 2, { principalFen: 1_000_000, termMonths: 12 });
    await decided(id);
    for (const share of [0.6, 1.4]) await advanceApplication(deps, { applicationId: id, at: after(share) });
    expect(await reminders()).toBe(2);
  });
});
