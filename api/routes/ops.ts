import { stepNameSchema } from './application-steps';
import { z } from 'zod';
import { readCommand } from '../../db/commands';
import { openProposals } from '../../db/loan/proposals';
import type { OperatorRole } from '../../domain/party/operators';
import { ownApplication, ownLoan } from '../access';
import { disbursementOf, nudgeDisbursement } from '../../temporal/nudge';
import { route, TO_LOOK } from '../route';
import { commandResponses, commandSchema, commandView, submit } from '../submit';
import { dateSchema, fenOf, idSchema, moneySchema, type Money } from '../wire';
import { applicationParams } from './applications';
import { loanParams } from './loans';

const tag = 'Operations';
const reason = z.string().trim().min(3).max(500);

/** The round that was looked at: a decision about an earlier one is refused (ROUND_OVER). Without it, the current one is meant. */
const roundSchema = z.int().min(1).optional();

const review = route({
  method: 'post',
  path: '/v1/ops/applications/{applicationId}/review',
  summary: 'Approve a referred application, decline it, or send it back with the steps that are missing',
  tag,
  role: ['approver'],
  idempotencyKey: 'required',
  params: applicationParams,
  body: z.discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.enum(['APPROVE', 'DECLINE']), round: roundSchema, reason }),
    z.strictObject({ verdict: z.literal('REFER_BACK'), missing: z.array(stepNameSchema).min(1), round: roundSchema, reason }),
  ]),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const { missing, ...decided } = { missing: undefined, ...body };
    const stored = { ...decided, round: body.round ?? application.round, ...(missing === undefined ? {} : { missing: missing.join(',') }) };
    return submit(deps, caller, { operation: 'REVIEW', subject: params.applicationId, body: stored, rawBody, idempotencyKey });
  },
});

const hold = route({
  method: 'post',
  path: '/v1/ops/loans/{loanId}/hold',
  summary: 'Stop payouts, debits and contacts until the end of a date; interest runs on',
  tag,
  role: ['clerk', 'approver'],
  idempotencyKey: 'required',
  params: loanParams,
  body: z.strictObject({ until: dateSchema, reason }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    await ownLoan(deps.db, caller, params.loanId);
    return submit(deps, caller, { operation: 'HOLD', subject: params.loanId, body, rawBody, idempotencyKey });
  },
});

const withReason = (suffix: string, operation: 'RELEASE' | 'REJECT_LOAN', roles: readonly OperatorRole[], summary: string) =>
  route({
    method: 'post',
    path: `/v1/ops/loans/{loanId}/${suffix}`,
    summary,
    tag,
    role: roles,
    idempotencyKey: 'required',
    params: loanParams,
    body: z.strictObject({ reason }),
    responses: commandResponses,
    handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
      await ownLoan(deps.db, caller, params.loanId);
      return submit(deps, caller, { operation, subject: params.loanId, body, rawBody, idempotencyKey });
    },
  });

const retry = route({
  method: 'post',
  path: '/v1/ops/loans/{loanId}/payout-retry',
  summary: 'Authorise a new payout after every channel refused, optionally over a given channel first',
  tag,
  role: ['treasurer'],
  idempotencyKey: 'required',
  params: loanParams,
  body: z.strictObject({ channel: z.string().max(40).optional(), reason }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    await ownLoan(deps.db, caller, params.loanId);
    const { channel } = body;
    const command = channel === undefined ? { reason: body.reason } : { reason: body.reason, channel };
    return submit(deps, caller, {
      operation: channel === undefined ? 'RETRY_PAYOUT' : 'SWITCH_CHANNEL',
      subject: params.loanId,
      body: command,
      rawBody,
      idempotencyKey,
    });
  },
});

const adjustment = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('CHARGE'),
    amount: moneySchema,
    component: z.enum(['fee', 'penalty']),
    on: dateSchema.optional(),
    reason,
  }),
  z.strictObject({
    type: z.literal('WAIVER'),
    amount: moneySchema,
    component: z.enum(['penalty', 'fee', 'interest']),
    on: dateSchema.optional(),
    reason,
  }),
  z.strictObject({ type: z.literal('SETTLEMENT_DISCOUNT'), amount: moneySchema, on: dateSchema.optional(), reason }),
  z.strictObject({ type: z.literal('RATE_CHANGE'), annualRate: z.string().regex(/^0\.\d{1,8}$/), on: dateSchema.optional(), reason }),
  z.strictObject({ type: z.literal('REAGE'), count: z.int().min(1).max(120), firstDueOn: dateSchema, reason }),
  z.strictObject({ type: z.literal('REAMORTIZE'), reason }),
  z.strictObject({ type: z.literal('TERM_EXTENSION'), periods: z.int().min(1).max(120), reason }),
  z.strictObject({ type: z.literal('HARDSHIP_PAUSE'), until: dateSchema, interest: z.enum(['accrues', 'none']), reason }),
  z.strictObject({ type: z.literal('WRITEOFF'), reason }),
  z.strictObject({ type: z.literal('REVERSAL'), of: z.string().max(80), on: dateSchema.optional(), reason }),
]);

const adjust = route({
  method: 'post',
  path: '/v1/ops/loans/{loanId}/adjustments',
  summary: 'Charge, waive, change the rate, restructure, discount, write off, or reverse an adjustment',
  tag,
  role: ['clerk', 'approver'],
  idempotencyKey: 'required',
  params: loanParams,
  body: adjustment,
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    await ownLoan(deps.db, caller, params.loanId);
    const { type, ...rest } = body;
    const plain: Record<string, string | number> = {};
    for (const [name, value] of Object.entries<string | number | Money | undefined>({ ...rest })) {
      if (typeof value === 'object') plain.amountFen = fenOf(value);
      else if (value !== undefined) plain[name] = value;
    }
    return submit(deps, caller, { operation: 'ADJUST', subject: params.loanId, body: { ...plain, type }, rawBody, idempotencyKey });
  },
});

const decideAdjustment = route({
  method: 'post',
  path: '/v1/ops/loans/{loanId}/adjustments/{proposalId}/decision',
  summary: 'Approve or refuse, as a second person, what another operator proposed',
  tag,
  role: ['approver'],
  idempotencyKey: 'required',
  params: z.strictObject({ loanId: idSchema, proposalId: z.uuid() }),
  body: z.strictObject({ verdict: z.enum(['APPROVE', 'REFUSE']), reason }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey }) => {
    await ownLoan(deps.db, caller, params.loanId);
    return submit(deps, caller, {
      operation: 'DECIDE_ADJUSTMENT',
      subject: params.loanId,
      body: { approve: body.verdict === 'APPROVE', reason: body.reason, proposalId: params.proposalId },
      rawBody: [params.proposalId, rawBody],
      idempotencyKey,
    });
  },
});

const proposals = route({
  method: 'get',
  path: '/v1/ops/adjustment-proposals',
  summary: 'Adjustments that wait for a second person, oldest first',
  tag,
  role: TO_LOOK,
  responses: {
    200: {
      description: 'The proposals',
      schema: z.object({
        proposals: z.array(
          z.object({
            proposalId: z.string(),
            loanId: z.string(),
            adjustment: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
            why: z.string(),
            proposedBy: z.string(),
            proposedAt: z.string(),
          }),
        ),
      }),
    },
  },
  handle: async (deps) => ({
    status: 200,
    body: {
      proposals: (await openProposals(deps.db)).map((each) => ({
        proposalId: each.id,
        loanId: each.loan_id,
        adjustment: each.body,
        why: each.why,
        proposedBy: each.proposed_by,
        proposedAt: each.proposed_at.toISOString(),
      })),
    },
  }),
});

const query = route({
  method: 'post',
  path: '/v1/ops/loans/{loanId}/payout-query',
  summary: 'Ask the channel about an open payout now instead of at the next interval',
  tag,
  role: ['clerk', 'treasurer'],
  idempotencyKey: 'optional',
  params: loanParams,
  body: z.strictObject({ reason }),
  responses: { 202: { description: 'The channel is asked', schema: z.object({ workflowId: z.string() }) } },
  handle: async (deps, { caller, params, body }) => {
    const workflowId = await disbursementOf(deps, params.loanId);
    await nudgeDisbursement(deps, { workflowId, actor: caller.name, loanId: params.loanId, reason: body.reason });
    return { status: 202, body: { workflowId } };
  },
});

const status = route({
  method: 'get',
  path: '/v1/ops/commands/{commandId}',
  summary: 'What became of any command',
  tag,
  role: TO_LOOK,
  params: z.strictObject({ commandId: z.uuid() }),
  responses: { 200: { description: 'The command', schema: commandSchema } },
  handle: async (deps, { params }) => ({ status: 200, body: commandView(await readCommand(deps.db, params.commandId)) }),
});

export const opsRoutes = [
  review,
  hold,
  withReason('release', 'RELEASE', ['clerk', 'approver'], 'End a hold early'),
  retry,
  withReason('rejection', 'REJECT_LOAN', ['approver', 'treasurer'], 'Give up a loan whose payout failed'),
  adjust,
  decideAdjustment,
  proposals,
  query,
  status,
];
