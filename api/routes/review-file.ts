import { z } from 'zod';
import { businessNow } from '../../db/clock';
import { openReviewFile } from '../../services/application/review-file';
import { route } from '../route';
import { money, moneySchema } from '../wire';
import { applicationParams } from './applications';

const nullable = <T extends z.ZodType>(schema: T) => schema.nullable();

const fileSchema = z
  .object({
    applicationId: z.string(),
    status: z.string(),
    round: z.int(),
    waitingUntil: nullable(z.string()),
    product: z.object({ id: z.string(), version: z.int() }),
    partnerId: nullable(z.string()),
    asked: nullable(
      z.object({
        principal: moneySchema,
        termMonths: z.int(),
        monthlyIncome: moneySchema,
        existingLoanObligations: nullable(moneySchema),
        loanPurpose: nullable(z.string()),
        employmentStatus: nullable(z.string()),
        employmentDurationMonths: nullable(z.int()),
        occupation: nullable(z.string()),
        residence: nullable(z.string()),
        idValidUntil: nullable(z.string()),
      }),
    ),
    age: nullable(z.int()),
    otherInstallments: moneySchema,
    firstInstallment: nullable(moneySchema),
    checks: z.array(z.object({ check: z.string(), source: z.string(), answer: z.string(), at: z.string(), tries: z.int() })),
    decisions: z.array(
      z.object({
        round: z.int(),
        stage: z.string(),
        outcome: z.string(),
        by: z.string(),
        at: z.string(),
        reasons: z.array(z.string()),
        notChecked: z.array(z.string()),
      }),
    ),
    replays: z.array(z.object({ round: z.int(), policy: z.string(), recorded: z.string(), replayed: nullable(z.string()) })),
    consents: z.array(z.object({ kind: z.string(), isGranted: z.boolean(), at: z.string() })),
    missing: z.array(z.string()),
    approvals: z.array(z.object({ approvedBy: z.string(), reason: z.string(), at: z.string() })),
    takesTwo: z.boolean(),
    history: z.array(z.object({ kind: z.string(), at: z.string() })),
  })
  .meta({ id: 'ReviewFile' });

/** A look is a POST: it writes who looked, and why. */
export const reviewFileRoute = route({
  method: 'post',
  path: '/v1/ops/applications/{applicationId}/file',
  summary: 'Everything that is known about an application, each check with its source and time; who looks is written to the audit log',
  tag: 'Operations',
  role: ['approver', 'clerk'],
  idempotencyKey: 'optional',
  params: applicationParams,
  body: z.strictObject({ reason: z.string().trim().min(3).max(500) }),
  responses: { 200: { description: 'The file', schema: fileSchema } },
  handle: async (deps, { caller, params, body }) => {
    const { now } = await businessNow(deps.db);
    const file = await openReviewFile(deps, { applicationId: params.applicationId, actor: caller.name, reason: body.reason, at: now });
    const { asked } = file;
    const stated = asked && {
      ...asked.stated,
      existingLoanObligations: asked.stated.existingLoanObligations === null ? null : money(asked.stated.existingLoanObligations),
    };
    return {
      status: 200,
      body: {
        ...file,
        asked: asked && {
          ...stated,
          principal: money(asked.principal),
          termMonths: asked.termMonths,
          monthlyIncome: money(asked.monthlyIncome),
        },
        otherInstallments: money(file.otherInstallments),
        firstInstallment: file.firstInstallment === null ? null : money(file.firstInstallment),
      },
    };
  },
});
