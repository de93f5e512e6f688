import { randomInt, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readContract } from '../../db/applications';
import { businessNow } from '../../db/clock';
import { addMail } from '../../db/outbox';
import { epochMs } from '../../domain/dates';
import { LoanloomError } from '../../domain/errors';
import { ownApplication } from '../access';
import type { ApiDeps } from '../deps';
import { route } from '../route';
import { bodyHash, commandResponses, submit } from '../submit';
import { applicationParams } from './applications';

const tag = 'Signing';
const CODE_MINUTES = 10;
const CODES_PER_WINDOW = 5;
const TRIES_PER_CODE = 5;

const contract = route({
  method: 'get',
  path: '/v1/applications/{applicationId}/contract',
  summary: 'The contract text and the SHA-256 of its UTF-8 bytes, which is what is signed',
  tag,
  role: 'borrower',
  params: applicationParams,
  responses: { 200: { description: 'The contract', schema: z.object({ text: z.string(), sha256: z.string() }) } },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const row = await readContract(deps.db, application.id);
    if (!row) throw new LoanloomError('NOT_FOUND', `there is no contract yet: the application is ${application.status}`);
    const person = await deps.borrowers.personVault(deps.db, application.borrower_id);
    return {
      status: 200,
      body: {
        text: person.decrypt({ table: 'contracts', column: 'document_enc', row: application.id }, row.document_enc),
        sha256: row.sha256,
      },
    };
  },
});

const requestCode = route({
  method: 'post',
  path: '/v1/applications/{applicationId}/signing-codes',
  summary: 'Mail a one-time code for signing; it is valid for ten minutes and five tries',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  params: applicationParams,
  responses: { 201: { description: 'The code is on its way', schema: z.object({ expiresAt: z.string() }) } },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    if (application.status !== 'AWAITING_SIGNATURE')
      throw new LoanloomError('ILLEGAL_TRANSITION', `there is nothing to sign: the application is ${application.status}`, {
        from: application.status,
      });
    const expiresAt = new Date(Date.now() + CODE_MINUTES * 60_000);
    await deps.db.transaction(async (tx) => {
      await tx('applications').where({ id: application.id }).forUpdate().first('id');
      const recent = await tx('one_time_codes')
        .where({ application_id: application.id })
        .andWhere('created_at', '>', tx.raw(`now() - interval '10 minutes'`))
        .first<{ count: number }>(tx.raw('count(*)::int AS count'));
      if (recent.count >= CODES_PER_WINDOW) throw new LoanloomError('CODE_EXHAUSTED', 'too many codes were asked for: wait ten minutes');
      const id = randomUUID();
      const code = String(randomInt(0, 1_000_000)).padStart(6, '0');
      await tx('one_time_codes').insert({
        id,
        application_id: application.id,
        purpose: 'SIGN',
        code_hash: deps.vault.hashCode(code, id),
        expires_at: expiresAt,
      });
      const key = `mail:signing-code:${id}`;
      const person = await deps.borrowers.personVault(tx, application.borrower_id);
      await addMail(tx, {
        key: `signing-code:${id}`,
        borrowerId: application.borrower_id,
        template: 'signing-code',
        params: { loanId: application.id },
        secret: person.encrypt({ table: 'outbox', column: 'secret_enc', row: key }, code),
      });
    });
    return { status: 201, body: { expiresAt: expiresAt.toISOString() } };
  },
});

/** Uses up one try of the newest code; CODE_INVALID or CODE_EXHAUSTED unless it matches. Returns the code's id. */
async function useCode(deps: ApiDeps, applicationId: string, entered: string): Promise<string> {
  const outcome = await deps.db.transaction(async (tx) => {
    const row = await tx('one_time_codes')
      .where({ application_id: applicationId })
      .whereNull('used_at')
      .orderBy('created_at', 'desc')
      .forUpdate()
      .first<{ id: string; code_hash: Buffer; expires_at: Date; attempts: number } | undefined>();
    if (!row || row.expires_at.getTime() < Date.now()) return 'CODE_INVALID' as const;
    if (row.attempts >= TRIES_PER_CODE) return 'CODE_EXHAUSTED' as const;
    const matches = deps.vault.codeMatches(entered, row.id, row.code_hash);
    await tx('one_time_codes')
      .where({ id: row.id })
      .update({ attempts: row.attempts + 1, ...(matches ? { used_at: tx.fn.now() } : {}) });
    return matches ? { id: row.id } : ('CODE_INVALID' as const);
  });
  if (outcome === 'CODE_EXHAUSTED') throw new LoanloomError('CODE_EXHAUSTED', 'this code was tried too often: ask for a new one');
  if (outcome === 'CODE_INVALID') throw new LoanloomError('CODE_INVALID', 'the code is wrong or has expired');
  return outcome.id;
}

const signature = route({
  method: 'post',
  path: '/v1/applications/{applicationId}/signature',
  summary: 'Sign the contract that was shown, with the mailed code',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  params: applicationParams,
  body: z.strictObject({ code: z.string().regex(/^\d{6}$/), contractSha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, idempotencyKey, rawBody }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const known = await deps
      .db('commands')
      .where({ caller: caller.name, idempotency_key: idempotencyKey })
      .first<{ body: { codeId: string }; body_sha256: string } | undefined>('body', 'body_sha256');
    const isRepeated = known?.body_sha256 === bodyHash('SIGN', application.id, rawBody);
    const { now } = await businessNow(deps.db);
    if (known === undefined && application.waiting_until !== null && application.waiting_until.getTime() <= epochMs(now))
      throw new LoanloomError('OFFER_EXPIRED', 'the time for signing is over: start a new application');
    const codeId = isRepeated ? known.body.codeId : known === undefined ? await useCode(deps, application.id, body.code) : '';
    return submit(deps, caller, {
      operation: 'SIGN',
      subject: application.id,
      body: { codeId, contractSha256: body.contractSha256 },
      rawBody,
      idempotencyKey,
    });
  },
});

export const signingRoutes = [contract, requestCode, signature];
