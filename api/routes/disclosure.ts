import { z } from 'zod';
import { businessNow } from '../../db/clock';
import type { Disclosure } from '../../domain/product/disclosure';
import { confirmDisclosure, showDisclosure } from '../../services/application/disclosure';
import { deviceOf, ownApplication } from '../access';
import { route } from '../route';
import { commandResponses, settleAtOnce } from '../submit';
import { applicationParams } from './applications';
import { money, moneySchema, textSchema } from '../wire';

const tag = 'Signing';
const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** What a loan costs and who is paid, in the normal and in the contingent case, in two languages. */
export const disclosureSchema = z
  .object({
    lender: textSchema,
    partners: z.array(z.object({ name: textSchema, role: z.enum(['marketing', 'guarantee']) })),
    complaints: textSchema,
    principal: moneySchema,
    termMonths: z.int(),
    method: textSchema,
    contractRate: z.string(),
    annualisedCost: z.string(),
    cap: z.object({ annualRate: z.string(), source: z.string() }),
    costs: z.array(
      z.object({
        name: textSchema,
        amount: moneySchema.nullable(),
        basis: textSchema,
        collector: textSchema,
        kind: z.enum(['normal', 'contingent']),
      }),
    ),
    totalNormalCost: moneySchema,
    statement: textSchema,
  })
  .meta({ id: 'CostDisclosure' });

export function disclosureView({ effectiveCost: _, ...disclosure }: Disclosure): z.output<typeof disclosureSchema> {
  return {
    ...disclosure,
    partners: [...disclosure.partners],
    principal: money(disclosure.principal),
    costs: disclosure.costs.map((cost) => ({ ...cost, amount: cost.amount === null ? null : money(cost.amount) })),
    totalNormalCost: money(disclosure.totalNormalCost),
  };
}

const show = route({
  method: 'get',
  path: '/v1/applications/{applicationId}/disclosure',
  summary: 'The offer’s cost table; its reading time begins when it is first asked for',
  tag,
  role: 'borrower',
  params: applicationParams,
  responses: {
    200: {
      description: 'The cost table, and from when on it can be confirmed',
      schema: z.object({
        disclosure: disclosureSchema,
        sha256: sha256Schema,
        shownAt: z.string(),
        confirmableAt: z.string(),
        confirmedAt: z.string().nullable(),
      }),
    },
  },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const product = deps.catalogue.version(application.product_id, application.product_version);
    const { now } = await businessNow(deps.db);
    const { disclosure, ...shown } = await deps.db.transaction((tx) => showDisclosure(tx, { application, product, now }));
    return { status: 200, body: { disclosure: disclosureView(disclosure), ...shown } };
  },
});

const confirm = route({
  method: 'post',
  path: '/v1/applications/{applicationId}/disclosure/confirmation',
  summary: 'Confirm the cost table that was shown, by its SHA-256, after its reading time',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  params: applicationParams,
  body: z.strictObject({ disclosureSha256: sha256Schema }),
  responses: commandResponses,
  handle: async (deps, { caller, params, body, rawBody, idempotencyKey, userAgent }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const { now } = await businessNow(deps.db);
    const asked = { operation: 'CONFIRM_DISCLOSURE', subject: application.id, body, rawBody, idempotencyKey } as const;
    return settleAtOnce(deps, caller, asked, async (tx) => {
      const sha256 = body.disclosureSha256;
      const device = await deviceOf(deps, tx, caller.id, userAgent);
      const confirmedAt = await confirmDisclosure(tx, { application, sha256, now, device });
      return { disclosureSha256: sha256, confirmedAt };
    });
  },
});

export const disclosureRoutes = [show, confirm];
