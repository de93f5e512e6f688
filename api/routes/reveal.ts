import { z } from 'zod';
import { REVEALED_FIELDS, revealValue } from '../../services/party/reveal';
import { route } from '../route';
import { idSchema } from '../wire';

/** A look is a POST: it writes who looked, and why. */
export const revealRoute = route({
  method: 'post',
  path: '/v1/ops/borrowers/{borrowerId}/reveal',
  summary: 'One value of a person in clear; who looks is written to the audit log first, and the person can see that somebody did',
  tag: 'Operations',
  role: ['approver'],
  idempotencyKey: 'optional',
  params: z.strictObject({ borrowerId: idSchema }),
  body: z.strictObject({ field: z.enum(REVEALED_FIELDS), reason: z.string().trim().min(3).max(500) }),
  responses: { 200: { description: 'The value', schema: z.object({ field: z.enum(REVEALED_FIELDS), value: z.string() }) } },
  handle: async (deps, { caller, params, body }) => {
    const value = await revealValue(deps, { borrowerId: params.borrowerId, ...body, actor: caller.name });
    return { status: 200, body: { field: body.field, value } };
  },
});
