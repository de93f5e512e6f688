import { z } from 'zod';
import { decideClearing, proposeClearing, PROPOSALS } from '../../services/reconciliation/clear-breaks';
import { openBreaks, readBreak, type BreakRow } from '../../db/reconciliation/breaks';
import { decideChannel } from '../../db/payment/channels';
import { businessNow } from '../../db/clock';
import { writeAudit } from '../../db/audit';
import { BREAK_CODES } from '../../domain/reconciliation/breaks';
import { instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { route, TO_LOOK } from '../route';
import { loanParams } from './loans';

const tag = 'Reconciliation';
const reason = z.string().trim().min(3).max(500);
const breakParams = z.strictObject({ breakId: z.string().regex(/^[0-9a-f]{16}$/) });

const breakSchema = z
  .object({
    breakId: z.string(),
    channel: z.string(),
    businessDate: z.string(),
    code: z.string(),
    meaning: z.string(),
    number: z.string().nullable(),
    loanId: z.string().nullable(),
    theirsFen: z.int().meta({ description: 'what the channel says, in fen; positive = came in to us' }),
    oursFen: z.int(),
    suspenseFen: z.int(),
    owner: z.string(),
    urgent: z.boolean(),
    state: z.string(),
    dueOn: z.string(),
    proposal: z.string().nullable(),
    appliesTo: z.string().nullable().meta({ description: 'APPLY: the loan that the money is for' }),
    proposedBy: z.string().nullable(),
  })
  .meta({ id: 'Break' });

const view = (row: BreakRow): z.output<typeof breakSchema> => ({
  breakId: row.id,
  channel: row.channel,
  businessDate: row.business_date,
  code: row.code,
  meaning: BREAK_CODES[row.code].meaning,
  number: row.number,
  loanId: row.loan_id,
  theirsFen: row.amount_fen,
  oursFen: row.expected_fen,
  suspenseFen: row.suspense_fen,
  owner: row.owner,
  urgent: row.is_urgent,
  state: row.state,
  dueOn: row.due_on,
  proposal: row.proposal,
  appliesTo: row.applies_to,
  proposedBy: row.proposed_by,
});

const list = route({
  method: 'get',
  path: '/v1/ops/breaks',
  summary: 'Open reconciliation breaks, the urgent ones first',
  tag,
  role: TO_LOOK,
  responses: { 200: { description: 'Open breaks', schema: z.object({ breaks: z.array(breakSchema) }) } },
  handle: async (deps) => ({ status: 200, body: { breaks: (await openBreaks(deps.db)).map(view) } }),
});

const read = route({
  method: 'get',
  path: '/v1/ops/breaks/{breakId}',
  summary: 'One break, open or closed',
  tag,
  role: TO_LOOK,
  params: breakParams,
  responses: { 200: { description: 'The break', schema: breakSchema } },
  handle: async (deps, { params }) => ({ status: 200, body: view(await readBreak(deps.db, params.breakId)) }),
});

const propose = route({
  method: 'post',
  path: '/v1/ops/breaks/{breakId}/proposal',
  summary: 'Propose how to clear a break by hand; another operator approves',
  tag,
  role: ['clerk', 'treasurer'],
  idempotencyKey: 'optional',
  params: breakParams,
  body: z.strictObject({ proposal: z.enum(PROPOSALS), loanId: loanParams.shape.loanId.optional(), reason }),
  responses: { 200: { description: 'Proposed', schema: breakSchema } },
  handle: async (deps, { caller, params, body }) => {
    const { now } = await businessNow(deps.db);
    const { loanId, ...proposal } = body;
    const input = { breakId: params.breakId, actor: caller.name, at: now, ...proposal, ...(loanId === undefined ? {} : { loanId }) };
    const row = await proposeClearing(deps.db, input);
    return { status: 200, body: view(row) };
  },
});

const decide = route({
  method: 'post',
  path: '/v1/ops/breaks/{breakId}/decision',
  summary: 'Approve or refuse a proposed clearing; never by who proposed it',
  tag,
  role: ['approver', 'treasurer'],
  idempotencyKey: 'optional',
  params: breakParams,
  body: z.strictObject({ approve: z.boolean(), reason }),
  responses: { 200: { description: 'Decided', schema: breakSchema } },
  handle: async (deps, { caller, params, body }) => {
    const { now } = await businessNow(deps.db);
    const row = await decideClearing(deps, { breakId: params.breakId, actor: caller.name, at: now, ...body });
    return { status: 200, body: view(row) };
  },
});

const channel = route({
  method: 'post',
  path: '/v1/ops/channels/{channel}/decision',
  summary: 'Take a channel out of routing, or back into it; open payments go on being asked about',
  tag,
  role: ['treasurer'],
  idempotencyKey: 'optional',
  params: z.strictObject({ channel: z.string().regex(/^[a-z]{2,20}$/) }),
  body: z.strictObject({ enabled: z.boolean(), until: z.iso.datetime().optional(), reason }),
  responses: { 200: { description: 'Decided', schema: z.object({ channel: z.string(), enabled: z.boolean() }) } },
  handle: async (deps, { caller, params, body }) => {
    const known = await deps
      .db('ledger_accounts')
      .whereNotNull('channel')
      .distinct('channel')
      .orderBy('channel')
      .pluck<string[]>('channel');
    if (!known.includes(params.channel))
      throw new LoanloomError('CHANNEL_UNKNOWN', `the channels are ${known.join(', ')}`, { path: 'channel' });
    const { now } = await businessNow(deps.db);
    const until = body.until === undefined ? null : instant(body.until);
    await deps.db.transaction(async (tx) => {
      await decideChannel(tx, { channel: params.channel, enabled: body.enabled, until, actor: caller.name, reason: body.reason, at: now });
      await writeAudit(tx, {
        actor: caller.name,
        action: 'DECIDE_CHANNEL',
        subject: params.channel,
        reason: body.reason,
        data: { enabled: body.enabled },
      });
    });
    return { status: 200, body: { channel: params.channel, enabled: body.enabled } };
  },
});

export const reconciliationRoutes = [list, read, propose, decide, channel];
