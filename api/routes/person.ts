import { z } from 'zod';
import { businessNow } from '../../db/clock';
import { requestErasure, takeErasureBack } from '../../services/party/erasure';
import { exportPerson } from '../../services/party/export';
import { route } from '../route';

const tag = 'Your data';
const erasureSchema = z.object({ dueOn: z.string(), why: z.string() });

const exported = route({
  method: 'get',
  path: '/v1/person/export',
  summary: 'Everything that is kept about you: what you stated, agreed to and signed, what was asked and decided, and who looked',
  tag,
  role: 'borrower',
  responses: { 200: { description: 'Your data', schema: z.record(z.string(), z.unknown()) } },
  handle: async (deps, { caller }) => ({ status: 200, body: await exportPerson(deps, caller.id) }),
});

const erase = route({
  method: 'post',
  path: '/v1/person/erasure',
  summary:
    'Have your data erased: at once where nothing has to be kept, else on the day when the law’s time is over; until then they are locked',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  responses: { 200: { description: 'When they are erased', schema: erasureSchema } },
  handle: async (deps, { caller }) => {
    const { dueOn, why } = await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, caller.id);
      return requestErasure(tx, caller.id, (await businessNow(tx)).now);
    });
    return { status: 200, body: { dueOn, why } };
  },
});

const takeBack = route({
  method: 'delete',
  path: '/v1/person/erasure',
  summary: 'Take that back, as long as the day has not come',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  responses: { 200: { description: 'Taken back', schema: z.object({ isLocked: z.literal(false) }) } },
  handle: async (deps, { caller }) => {
    await deps.db.transaction(async (tx) => takeErasureBack(tx, caller.id, (await businessNow(tx)).now));
    return { status: 200, body: { isLocked: false } };
  },
});

export const personRoutes = [exported, erase, takeBack];
