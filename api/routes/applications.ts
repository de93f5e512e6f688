import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readApplicationEvents, readDecisions, readOffer, savedSteps } from '../../db/application/applications';
import { businessNow } from '../../db/clock';
import { storeCommand } from '../../db/commands';
import { LoanloomError } from '../../domain/errors';
import { loanIdFrom } from '../../domain/ids';
import type { Product } from '../../domain/product/products';
import { ENDED_APPLICATIONS } from '../../domain/states';
import type { Tx } from '../../db/pool';
import { ownApplication } from '../access';
import type { ApiDeps } from '../deps';
import { route } from '../route';
import { bodyHash, commandResponses, settleAtOnce, deliver, submit } from '../submit';
import { apr, aprSchema, idSchema, money, moneySchema, scheduleRow, scheduleRowSchema } from '../wire';
import { missingSteps } from '../../services/application/application-steps';
import { assertNotLocked } from '../../services/party/erasure';
import { readStep, saveStep, stepBodySchema, stepNameSchema } from './application-steps';

export const applicationParams = z.strictObject({ applicationId: idSchema });
const tag = 'Applications';

const applicationSchema = z
  .object({
    applicationId: z.string(),
    productId: z.string(),
    productVersion: z.int(),
    status: z.string(),
    waitingUntil: z.string().nullable(),
    /** How often it was with its borrower: what was decided in an earlier round is void. */
    round: z.int(),
    /** Steps that a draft still needs. */
    missing: z.array(z.string()),
    stepsSaved: z.record(z.string(), z.int()),
    /** When each step was last saved. */
    savedAt: z.record(z.string(), z.string()),
    decisions: z.array(
      z.object({ round: z.int(), stage: z.string(), outcome: z.string(), policy: z.string(), reasons: z.array(z.string()) }),
    ),
  })
  .meta({ id: 'Application' });

/** When each step was last saved, in business time. */
async function savedAtOf(db: ApiDeps['db'], applicationId: string): Promise<Record<string, string>> {
  const events = await readApplicationEvents(db, applicationId);
  return Object.fromEntries(events.flatMap((event) => (event.kind === 'STEP_SAVED' ? [[event.data.step, event.at]] : [])));
}

/** APPLICATION_OPEN, with its id, where the person has as many applications under way as the product allows. */
async function assertRoomForAnother(tx: Tx, borrowerId: string, product: Product): Promise<void> {
  await assertNotLocked(tx, borrowerId);
  const open = await tx('applications')
    .where({ borrower_id: borrowerId })
    .whereNotIn('status', ENDED_APPLICATIONS)
    .orderBy('created_at')
    .select<{ id: string }[]>('id');
  const [first] = open;
  if (first && open.length >= product.eligibility.openApplicationsMax)
    throw new LoanloomError('APPLICATION_OPEN', `application ${first.id} is under way: go on with it, or cancel it first`, {
      applicationId: first.id,
    });
}

const start = route({
  method: 'post',
  path: '/v1/applications',
  summary: 'Start an application; it can be resumed from any device until it expires',
  tag,
  role: 'borrower',
  idempotencyKey: 'required',
  body: z.strictObject({ productId: z.string().max(40), partnerId: z.string().max(40).optional() }),
  responses: { ...commandResponses, 200: { description: 'Started: result.applicationId names it', schema: commandResponses[200].schema } },
  handle: async (deps, { caller, body, idempotencyKey, rawBody }) => {
    const { today } = await businessNow(deps.db);
    const product = deps.catalogue.current(body.productId, today);
    // The lender answers for who brings it borrowers: the list is published (rules on internet loans, 2025, no. 9).
    if (body.partnerId !== undefined && !product.partners.some(({ id }) => id === body.partnerId))
      throw new LoanloomError('PARTNER_NOT_LISTED', 'the partner is not on the published list of this product', { path: 'partnerId' });
    const applicationId = loanIdFrom(randomBytes(12));
    const row = await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, caller.id);
      const stored = await storeCommand(tx, {
        id: randomUUID(),
        caller: caller.name,
        idempotencyKey,
        operation: 'START_APPLICATION',
        subject: applicationId,
        bodySha256: bodyHash('START_APPLICATION', '', rawBody),
        body: { productId: product.id, productVersion: product.version },
        businessDate: today,
      });
      if (stored.isNew) await assertRoomForAnother(tx, caller.id, product);
      if (stored.isNew)
        await tx('applications').insert({
          id: applicationId,
          borrower_id: caller.id,
          product_id: product.id,
          product_version: product.version,
          partner_id: body.partnerId ?? null,
          created_on: today,
        });
      return stored.row;
    });
    const answer = await deliver(deps, row);
    return { ...answer, body: { ...(answer.body as object), result: { applicationId: row.subject } } };
  },
});

const read = route({
  method: 'get',
  path: '/v1/applications/{applicationId}',
  summary: 'Where an application stands',
  tag,
  role: 'borrower',
  params: applicationParams,
  responses: { 200: { description: 'The application', schema: applicationSchema } },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const decisions = await readDecisions(deps.db, application.id);
    return {
      status: 200,
      body: {
        applicationId: application.id,
        productId: application.product_id,
        productVersion: application.product_version,
        status: application.status,
        waitingUntil: application.waiting_until?.toISOString() ?? null,
        round: application.round,
        missing: await missingSteps(deps.db, application),
        stepsSaved: Object.fromEntries(await savedSteps(deps.db, application.id)),
        savedAt: await savedAtOf(deps.db, application.id),
        // An operator's reasons are the house's own.
        decisions: decisions.map((each) => ({
          round: each.round,
          stage: each.stage,
          outcome: each.outcome,
          policy: each.policy,
          reasons: each.stage === 'REVIEW' ? [] : each.reasons,
        })),
      },
    };
  },
});

const putStep = route({
  method: 'put',
  path: '/v1/applications/{applicationId}/steps/{step}',
  summary: 'Save one step; saving it again makes a new version',
  tag,
  role: 'borrower',
  params: z.strictObject({ applicationId: idSchema, step: stepNameSchema }),
  body: stepBodySchema,
  // The step decides by which form: its own problems are named then, not those of every form.
  isBodyRead: true,
  responses: commandResponses,
  handle: async (deps, { caller, params, rawBody, idempotencyKey }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const { today } = await businessNow(deps.db);
    const payload = readStep({ catalogue: deps.catalogue, today }, application, params.step, rawBody);
    const { step } = params;
    const person = await deps.borrowers.personVault(deps.db, application.borrower_id);
    const asked = {
      operation: 'SAVE_STEP',
      subject: application.id,
      body: { step },
      rawBody,
      idempotencyKey,
      // Personal data: its hash is keyed, so that it cannot be guessed from the row.
      bodySha256: person.hash(JSON.stringify([application.id, step, rawBody]), 'body').toString('hex'),
    } as const;
    return settleAtOnce(deps, caller, asked, async (tx) => ({ step, version: await saveStep(deps, tx, { application, step, payload }) }));
  },
});

const command = (
  suffix: string,
  operation: 'SUBMIT' | 'ACCEPT_OFFER' | 'CANCEL' | 'REOPEN',
  summary: string,
  idempotencyKey: 'required' | 'optional',
) =>
  route({
    method: 'post',
    path: `/v1/applications/{applicationId}/${suffix}`,
    summary,
    tag,
    role: 'borrower',
    idempotencyKey,
    params: applicationParams,
    responses: commandResponses,
    handle: async (deps, input) => {
      const application = await ownApplication(deps.db, input.caller, input.params.applicationId);
      // The loan has a workflow of its own by then, and is given up there.
      const isLoan = operation === 'CANCEL' && (application.status === 'READY_TO_DISBURSE' || application.status === 'DISBURSED');
      return submit(deps, input.caller, {
        operation: isLoan ? 'WITHDRAW_LOAN' : operation,
        subject: application.id,
        // What was decided about is what the borrower had before them.
        body: operation === 'CANCEL' ? {} : { round: application.round },
        rawBody: null,
        idempotencyKey: input.idempotencyKey,
      });
    },
  });

const offer = route({
  method: 'get',
  path: '/v1/applications/{applicationId}/offer',
  summary: 'The offer: amount, true yearly cost, illustrative schedule, and until when it stands',
  tag,
  role: 'borrower',
  params: applicationParams,
  responses: {
    200: {
      description: 'The offer',
      schema: z.object({
        principal: moneySchema,
        termMonths: z.int(),
        annualRate: z.string(),
        apr: aprSchema,
        firstInstallment: moneySchema,
        totalPayment: moneySchema,
        expiresAt: z.string(),
        schedule: z.array(scheduleRowSchema),
      }),
    },
  },
  handle: async (deps, { caller, params }) => {
    const application = await ownApplication(deps.db, caller, params.applicationId);
    const row = await readOffer(deps.db, application.id);
    if (!row) throw new LoanloomError('NOT_FOUND', `there is no offer yet: the application is ${application.status}`);
    return {
      status: 200,
      body: {
        principal: money(row.principal_fen),
        termMonths: row.term_months,
        annualRate: row.annual_rate,
        apr: apr(row.apr),
        firstInstallment: money(row.first_installment_fen),
        totalPayment: money(row.total_payment_fen),
        expiresAt: row.expires_at.toISOString(),
        schedule: row.illustration.map(scheduleRow(deps.catalogue.version(application.product_id, application.product_version))),
      },
    };
  },
});

export const applicationRoutes = [
  start,
  read,
  putStep,
  command('submission', 'SUBMIT', 'Submit the application for a decision', 'optional'),
  offer,
  command(
    'reopening',
    'REOPEN',
    'Change what was entered: what was decided and offered is void, and the next submission is decided anew',
    'required',
  ),
  command('acceptance', 'ACCEPT_OFFER', 'Accept the offer; the reflection period begins', 'required'),
  command('cancellation', 'CANCEL', 'Cancel, free of charge, any time before the loan is paid out', 'optional'),
];
