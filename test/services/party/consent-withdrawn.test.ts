import { randomUUID } from 'node:crypto';
import { readApplication, readContract } from '../../../db/application/applications';
import { businessDate, businessDateOf, instant } from '../../../domain/time/dates';
import { advanceApplication } from '../../../services/application/advance';
import { createLoanCommands } from '../../../services/loan/loan-commands';
import { consentInForce, withdrawConsent } from '../../../services/party/consents';
import { guardAfterRestore } from '../../../services/payment/restore-guard';
import type { ActivityDeps } from '../../../services/deps';
import { startApi, unreachableTemporal, type Api } from '../../support/api';
import { type TestDatabase } from '../../support/database';
import { readDisclosure, seedActiveLoan, seedApplication } from '../../support/seed';
import { withDesk } from '../../support/world';
import { apply, askSources, decided, give, NOW, nowOf, store } from '../../support/applications';

/** What the consent texts promise: "An application that is under way ends." */
describe('a consent that is withdrawn', () => {
  let database: TestDatabase;
  let deps: ActivityDeps;
  let api: Api;
  withDesk(async (desk) => {
    ({ database, deps } = desk);
    api = await startApi(deps, unreachableTemporal(1), 300);
    return () => api.close();
  });

  const borrowerOf = async (id: string) => (await readApplication(deps.db, id)).borrower_id;
  async function withdraw(id: string, kind = 'PRIVACY') {
    const answer = await api.request('DELETE', `/v1/consents/${kind}`, { as: await borrowerOf(id) });
    expect(answer.status).toBe(200);
  }
  const endings = (id: string) =>
    deps
      .db('commands')
      .where({ subject: id })
      .whereIn('operation', ['CANCEL', 'WITHDRAW_LOAN'])
      .select<{ id: string; operation: string; state: string; outcome: object }[]>('id', 'operation', 'state', 'outcome');
  async function toSign(id: string) {
    expect(await decided(deps, id)).toBe('OFFERED');
    await readDisclosure(deps, id);
    expect((await apply({ deps, id }, 'ACCEPT_OFFER', {}, await nowOf(deps))).state).toBe('APPLIED');
    const { waiting_until: until } = await readApplication(deps.db, id);
    const then = instant((until?.getTime() ?? 0) + 60_000);
    expect((await advanceApplication(deps, { applicationId: id, at: then })).status).toBe('AWAITING_SIGNATURE');
    const codeId = randomUUID();
    await deps.db('one_time_codes').insert({
      id: codeId,
      application_id: id,
      purpose: 'SIGN',
      code_hash: Buffer.from('x'),
      expires_at: new Date(Date.now() + 60_000),
    });
    await deps.db('one_time_codes').where({ id: codeId }).update({ used_at: new Date(), attempts: 1 });
    const contract = await readContract(deps.db, id);
    return { then, sign: () => store({ deps, id }, 'SIGN', { codeId, contractSha256: contract?.sha256 ?? '' }) };
  }

  it('while its CANCEL is on its way, the offer cannot be accepted any more', async () => {
    const { applicationId: id } = await seedApplication(deps);
    expect(await decided(deps, id)).toBe('OFFERED');
    await readDisclosure(deps, id);
    await withdraw(id);
    const verdict = await apply({ deps, id }, 'ACCEPT_OFFER', {}, await nowOf(deps));
    expect([verdict.state, verdict.code]).toEqual(['REJECTED', 'ILLEGAL_TRANSITION']);
  });

  it('no operator’s approval makes an offer without it', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 12_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    await withdraw(id);
    const verdict = await apply({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'fine' }, await nowOf(deps));
    expect(verdict.state).toBe('REJECTED');
  });

  it('after a signature that overtakes it, no loan is opened, or the loan is given up before its payout', async () => {
    const { applicationId: id } = await seedApplication(deps);
    const { then, sign } = await toSign(id);
    // Temporal is away: the signature is stored (202), then its borrower thinks again and withdraws.
    const signature = await sign();
    await withdraw(id);
    // It is back, and the relay delivers: the signature, a turn of the loop, what ends it.
    expect((await give(deps, signature, then)).state).toBe('REJECTED');
    await advanceApplication(deps, { applicationId: id, at: then });
    const ended = [];
    for (const each of await endings(id))
      ended.push(
        each.operation === 'CANCEL'
          ? await give(deps, each.id, then)
          : await createLoanCommands(deps).applyLoanCommand({ commandId: each.id, at: then }),
      );
    const loan = await deps.db('loans').where({ id }).first<{ status: string } | undefined>('status');
    expect(await consentInForce(deps.db, await borrowerOf(id), 'PRIVACY')).toBeUndefined();
    expect(loan?.status ?? 'none').not.toBe('APPROVED');
  });

  it('when the application is SIGNED, and the loop turns before its CANCEL is there', async () => {
    const { applicationId: id } = await seedApplication(deps);
    const { then, sign } = await toSign(id);
    await give(deps, await sign(), then);
    expect((await readApplication(deps.db, id)).status).toBe('SIGNED');
    await withdraw(id);
    await advanceApplication(deps, { applicationId: id, at: then });
    for (const each of await endings(id)) await give(deps, each.id, then);
    const loan = await deps.db('loans').where({ id }).first<{ status: string } | undefined>('status');
    expect([loan?.status ?? 'none', (await endings(id)).map(({ operation, state }) => [operation, state])]).not.toEqual([
      'APPROVED',
      [['CANCEL', 'REJECTED']],
    ]);
  });

  it('a loan whose payout came back, and that waits to be paid out again, is given up', async () => {
    const on = businessDate('2026-11-23');
    const { loanId } = await seedActiveLoan(deps, { on });
    await deps.db('loans').where({ id: loanId }).update({ status: 'APPROVED', activated_on: null });
    await withdraw(loanId);
    expect(await deps.db('loans').where({ id: loanId }).first('status')).toEqual({ status: 'REJECTED' });
  });

  it('a restore does not let the application go on whose end was on its way', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 12_000_000, incomeFen: 100_000_000 });
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    await withdraw(id);
    await guardAfterRestore(deps, {
      restoredTo: businessDateOf(await nowOf(deps)),
      now: await nowOf(deps),
      actor: 'operator:x',
      signal: new AbortController().signal,
      knows: () => Promise.resolve(false),
    });
    for (const each of await endings(id)) await give(deps, each.id);
    await apply({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'fine' }, await nowOf(deps));
    expect((await readApplication(deps.db, id)).status).toBe('WITHDRAWN');
  });

  it('an application from before consents were kept does not end as one whose consent was withdrawn', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await apply({ deps, id }, 'SUBMIT');
    expect((await advanceApplication(deps, { applicationId: id, at: NOW })).status).toBe('KYC_PENDING');
    // As the migration leaves them: no rows of consents.
    const borrower = await borrowerOf(id);
    const { createDb } = await import('../../../db/pool');
    const owner = createDb(database.ownerUrl, 1);
    await owner.raw('ALTER TABLE consents DISABLE TRIGGER consents_append_only');
    await owner('consents').where({ borrower_id: borrower }).delete();
    await owner.raw('ALTER TABLE consents ENABLE TRIGGER consents_append_only');
    await owner.destroy();
    await askSources(deps, id);
    expect((await readApplication(deps.db, id)).status).not.toBe('WITHDRAWN');
  });

  it('who refuses the automated decision is not offered what the rules forbid anybody', async () => {
    const { applicationId: id } = await seedApplication(deps, { principalFen: 15_000_000, incomeFen: 100_000 });
    const borrower = await borrowerOf(id);
    await deps.db.transaction((tx) =>
      withdrawConsent(tx, {
        id: randomUUID(),
        borrowerId: borrower,
        kind: 'AUTOMATED_DECISION',
        partnerId: null,
        device: '0123456789abcdef',
        at: NOW,
      }),
    );
    expect(await decided(deps, id)).toBe('FOUR_EYES');
    const verdict = await apply({ deps, id }, 'REVIEW', { verdict: 'APPROVE', reason: 'fine' });
    expect([verdict.state, (await readApplication(deps.db, id)).status]).toEqual(['REJECTED', 'FOUR_EYES']);
  });
});
