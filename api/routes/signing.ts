import { z } from 'zod';
import { readContract, type ApplicationRow, type ContractRow } from '../../db/application/applications';
import { isSigningReady, readSealed } from '../../db/application/sealings';
import { businessNow } from '../../db/clock';
import { epochMs } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { contractContent, contractDocument } from '../../services/application/contract';
import { sealedDocument } from '../../services/application/sealing';
import { ownApplication } from '../access';
import type { ApiDeps } from '../deps';
import { sendCode, storeConfirmed } from '../codes';
import { route } from '../route';
import { commandResponses, deliver } from '../submit';
import { applicationParams } from './applications';

const tag = 'Signing';

const contractSchema = z.object({
  text: z.string(),
  sha256: z.string(),
  mediaType: z.enum(['application/pdf', 'text/plain']),
  seal: z.object({ sha256: z.string(), sealedAt: z.string() }).nullable(),
});

/** NOT_FOUND before it was drawn up. */
async function contractOf({ db }: ApiDeps, { id, status }: Pick<ApplicationRow, 'id' | 'status'>): Promise<ContractRow> {
  const row = await readContract(db, id);
  if (!row) throw new LoanloomError('NOT_FOUND', `there is no contract yet: the application is ${status}`);
  return row;
}

const contract = route({
  method: 'get',
  path: '/v1/applications/{applicationId}/contract',
  summary: 'The contract as words, the SHA-256 of its document, which is what is signed, and its seal',
  tag,
  role: 'borrower',
  params: applicationParams,
  responses: { 200: { description: 'The contract', schema: contractSchema } },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const row = await contractOf(deps, application);
    const person = await deps.borrowers.personVault(deps.db, application.borrower_id);
    const seal = await readSealed(deps.db, application.id);
    return {
      status: 200,
      body: {
        text: contractContent(person, application.id, row).text,
        sha256: row.sha256,
        mediaType: row.media_type,
        seal: seal === undefined ? null : { sha256: seal.sha256, sealedAt: seal.sealed_at.toISOString() },
      },
    };
  },
});

const contractFile = route({
  method: 'get',
  path: '/v1/applications/{applicationId}/contract.pdf',
  summary: 'The contract as a PDF: sealed by both parties’ signatures once it is signed, before that the document to be signed',
  tag,
  role: 'borrower',
  params: applicationParams,
  responses: { 200: { description: 'The document', schema: z.string().meta({ format: 'binary' }), mediaType: 'application/pdf' } },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const row = await contractOf(deps, application);
    if (row.media_type !== 'application/pdf')
      throw new LoanloomError('NOT_FOUND', 'this contract is words only: it was made before contracts were documents');
    const sealed = await sealedDocument(deps, deps.db, application);
    const person = await deps.borrowers.personVault(deps.db, application.borrower_id);
    const headers = { 'Content-Disposition': `attachment; filename="contract-${application.id}.pdf"` };
    return { status: 200, headers, body: sealed?.document ?? contractDocument(person, application.id, row) };
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
  handle: async (deps, { caller, params, idempotencyKey }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    if (application.status !== 'AWAITING_SIGNATURE')
      throw new LoanloomError('ILLEGAL_TRANSITION', `there is nothing to sign: the application is ${application.status}`, {
        from: application.status,
      });
    if (!(await isSigningReady(deps.db)))
      throw new LoanloomError('SIGNING_UNAVAILABLE', 'contracts cannot be sealed at the moment: sign in some minutes');
    const expiresAt = await deps.db.transaction((tx) =>
      sendCode(deps, tx, {
        key: idempotencyKey,
        applicationId: application.id,
        borrowerId: application.borrower_id,
        purpose: 'SIGN',
        template: 'signing-code',
      }),
    );
    return { status: 201, body: { expiresAt: expiresAt.toISOString() } };
  },
});

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
    const { now } = await businessNow(deps.db);
    const known = await deps.db('commands').where({ caller: caller.name, idempotency_key: idempotencyKey }).first<object | undefined>('id');
    if (!known && application.waiting_until !== null && application.waiting_until.getTime() <= epochMs(now))
      throw new LoanloomError('OFFER_EXPIRED', 'the time for signing is over: start a new application');
    const row = await storeConfirmed(deps, caller, {
      operation: 'SIGN',
      applicationId: application.id,
      purpose: 'SIGN',
      entered: body.code,
      rawBody,
      idempotencyKey,
      body: ({ id }) => ({ codeId: id, contractSha256: body.contractSha256 }),
    });
    return deliver(deps, row);
  },
});

export const signingRoutes = [contract, contractFile, requestCode, signature];
