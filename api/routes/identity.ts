import { z } from 'zod';
import {
  confirmIdentityChange,
  decideIdentityChange,
  requestIdentityChange,
  revealIdentityChange,
} from '../../services/party/identity-change';
import { waitingIdentityChanges } from '../../db/party/identity-changes';
import { isNameable } from './application-steps';
import { LoanloomError } from '../../domain/errors';
import { route, TO_LOOK } from '../route';
import { identityStep } from './application-steps';

const tag = 'Identity';
const changeId = z.string().regex(/^[0-9a-f]{32}$/);
const code = z.string().regex(/^\d{6}$/);

const changeSchema = z.object({ changeId: z.string(), state: z.string() }).meta({ id: 'IdentityChange' });

const request = route({
  method: 'post',
  path: '/v1/identity-changes',
  summary: 'Change your e-mail, phone, name or ID number: codes go to the old address and to each new one',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  body: identityStep.partial(),
  responses: {
    201: {
      description: 'The codes are on their way',
      schema: z.object({ changeId: z.string(), expiresAt: z.string(), codes: z.array(z.string()), needsOperator: z.boolean() }),
    },
  },
  handle: async (deps, { caller, body, idempotencyKey }) => {
    if (body.name !== undefined && !isNameable(body.name))
      throw new LoanloomError('TEXT_REFUSED', 'the name holds characters that cannot be printed', { path: 'name' });
    const change = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const { id, expiresAt, ...asked } = await requestIdentityChange(deps, { borrowerId: caller.id, key: idempotencyKey, change });
    return { status: 201, body: { changeId: id, expiresAt: expiresAt.toISOString(), ...asked } };
  },
});

const confirm = route({
  method: 'post',
  path: '/v1/identity-changes/{changeId}/confirmation',
  summary: 'Confirm a change with the code of the old address and of each new one',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  params: z.strictObject({ changeId }),
  body: z.strictObject({ current: code, email: code.optional(), phone: code.optional() }),
  responses: { 200: { description: 'APPLIED, or CONFIRMED and waiting for an operator', schema: changeSchema } },
  handle: async (deps, { caller, params, body }) => {
    const codes = { current: body.current, ...(body.email && { email: body.email }), ...(body.phone && { phone: body.phone }) };
    const row = await confirmIdentityChange(deps, { id: params.changeId, borrowerId: caller.id, codes });
    return { status: 200, body: { changeId: row.id, state: row.state } };
  },
});

const waiting = route({
  method: 'get',
  path: '/v1/ops/identity-changes',
  summary: 'Confirmed changes of a name or ID number that wait for an operator, oldest first',
  tag,
  role: TO_LOOK,
  responses: {
    200: {
      description: 'The changes; never what they say',
      schema: z.object({
        changes: z.array(z.object({ changeId: z.string(), borrowerId: z.string(), fields: z.array(z.string()), askedAt: z.string() })),
      }),
    },
  },
  handle: async (deps) => ({
    status: 200,
    body: {
      changes: (await waitingIdentityChanges(deps.db)).map((row) => ({
        changeId: row.id,
        borrowerId: row.borrower_id,
        fields: row.fields,
        askedAt: row.created_at.toISOString(),
      })),
    },
  }),
});

const reveal = route({
  method: 'get',
  path: '/v1/ops/identity-changes/{changeId}',
  summary: 'What a waiting change says, before and after; who looks is written to the audit log',
  tag,
  role: ['approver'],
  params: z.strictObject({ changeId }),
  responses: {
    200: {
      description: 'The fields that change',
      schema: z.object({ fields: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })) }),
    },
  },
  handle: async (deps, { caller, params }) => ({
    status: 200,
    body: { fields: await revealIdentityChange(deps, { id: params.changeId, actor: caller.name }) },
  }),
});

const decide = route({
  method: 'post',
  path: '/v1/ops/identity-changes/{changeId}/decision',
  summary: 'Approve or refuse a new name or ID number that the borrower confirmed; it is checked again',
  tag,
  role: ['approver'],
  idempotencyKey: 'optional',
  params: z.strictObject({ changeId }),
  body: z.strictObject({ verdict: z.enum(['APPROVE', 'REFUSE']), reason: z.string().trim().min(3).max(500) }),
  responses: { 200: { description: 'Decided', schema: changeSchema } },
  handle: async (deps, { caller, params, body }) => {
    const decision = { id: params.changeId, actor: caller.name, approve: body.verdict === 'APPROVE', reason: body.reason };
    const row = await decideIdentityChange(deps, decision);
    return { status: 200, body: { changeId: row.id, state: row.state } };
  },
});

export const identityRoutes = [request, confirm, waiting, reveal, decide];
