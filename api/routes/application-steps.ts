import isIdentityCard from 'validator/lib/isIdentityCard';
import isLuhnNumber from 'validator/lib/isLuhnNumber';
import isMobilePhone from 'validator/lib/isMobilePhone';
import { z } from 'zod';
import { APPLICATION_STEPS, draftAddress, type ApplicationStep } from '../../services/application/application-steps';
import { insertApplicationEvent, lockPersonOf, type ApplicationRow } from '../../db/application/applications';
import { businessNow } from '../../db/clock';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { assertOffered } from '../../domain/product/offer';
import { EMPLOYMENT_STATUSES, isIdExpired, LOAN_PURPOSES, LONG_TERM, type Stated } from '../../domain/application/form';
import { dateOfBirth } from '../../domain/party/person';
import { isPrintable } from '../../domain/party/text';
import { isDrawable } from '../../services/application/contract-pdf';
import type { BusinessDate } from '../../domain/time/dates';
import type { ApiDeps } from '../deps';
import { dateSchema, fenOf, moneySchema } from '../wire';
import { keys } from '../../domain/keys';

export const stepNameSchema = z.enum(APPLICATION_STEPS);

const requestStep = z
  .strictObject({ principal: moneySchema, termMonths: z.int().min(1).max(600), loanPurpose: z.enum(LOAN_PURPOSES).optional() })
  .meta({ id: 'RequestStep' });
export const identityStep = z
  .strictObject({
    name: z.string().trim().min(2).max(60),
    // Of the second generation: 18 places, and a date of birth that there is.
    idNumber: z
      .string()
      .refine(
        (text) => dateOfBirth(text) !== undefined && isIdentityCard(text, 'zh-CN'),
        'a mainland ID number with a correct check digit',
      ),
    phone: z.string().refine((text) => isMobilePhone(text, 'zh-CN'), 'a mainland mobile number'),
    email: z.email().max(120),
  })
  .meta({ id: 'Identity' });
/** A name that a contract can be made out to. */
export const isNameable = (name: string): boolean => isPrintable(name) && isDrawable(name);

const wordsSchema = z.string().trim().min(2).max(120).refine(isPrintable, 'holds characters that cannot be printed');
/** The last day of the ID card, or that it has none; where the borrower lives, as they say it. */
const identityDraftStep = identityStep
  .extend({ idValidUntil: z.union([dateSchema, z.literal(LONG_TERM)]).optional(), residence: wordsSchema.optional() })
  .meta({ id: 'IdentityStep' });
const incomeStep = z
  .strictObject({
    monthlyIncome: moneySchema,
    employmentStatus: z.enum(EMPLOYMENT_STATUSES).optional(),
    employmentDurationMonths: z.int().min(0).max(720).optional(),
    occupation: wordsSchema.optional(),
    /** Paid each month for loans elsewhere. */
    existingLoanObligations: moneySchema.optional(),
  })
  .meta({ id: 'IncomeStep' });
export const cardNumberSchema = z
  .string()
  .refine((text) => /^\d{13,19}$/.test(text) && isLuhnNumber(text), 'a card number with a correct check digit');
const cardStep = z.strictObject({ cardNumber: cardNumberSchema }).meta({ id: 'CardStep' });

export const stepBodySchema = z.union([requestStep, identityDraftStep, incomeStep, cardStep]);
const SCHEMAS = { request: requestStep, identity: identityDraftStep, income: incomeStep, card: cardStep } as const satisfies Record<
  ApplicationStep,
  z.ZodType
>;

/** What is kept of a step: amounts in fen, everything else as it was sent. */
function payloadOf(step: ApplicationStep, body: unknown): object {
  switch (step) {
    case 'request': {
      const { principal, ...stated } = SCHEMAS.request.parse(body);
      return { principalFen: fenOf(principal), ...stated };
    }
    case 'income': {
      const { monthlyIncome, existingLoanObligations, ...stated } = SCHEMAS.income.parse(body);
      return {
        monthlyIncomeFen: fenOf(monthlyIncome),
        ...(existingLoanObligations && { existingLoanObligationsFen: fenOf(existingLoanObligations) }),
        ...stated,
      };
    }
    case 'identity':
      return SCHEMAS.identity.parse(body);
    case 'card':
      return SCHEMAS.card.parse(body);
  }
}

/** The step as its own form says: problems name the field. */
export function readStep(
  { catalogue, today }: { readonly catalogue: ApiDeps['catalogue']; readonly today: BusinessDate },
  application: ApplicationRow,
  step: ApplicationStep,
  body: unknown,
): object {
  const payload = payloadOf(step, body);
  if (step === 'request') {
    const { principal, termMonths } = SCHEMAS.request.parse(body);
    assertOffered({ principal: fenOf(principal), termMonths }, catalogue.version(application.product_id, application.product_version));
  }
  if (step === 'identity' && isIdExpired((SCHEMAS.identity.parse(body).idValidUntil ?? null) as Stated['idValidUntil'], today))
    throw new LoanloomError('ID_EXPIRED', 'the ID card is out of date: apply with a valid one', { path: 'idValidUntil' });
  if (step === 'identity' && !isNameable(SCHEMAS.identity.parse(body).name))
    throw new LoanloomError('TEXT_REFUSED', 'the name holds characters that cannot be printed', { path: 'name' });
  return payload;
}

/**
 * Stores the next version of a step, encrypted with the borrower's key, in the caller's transaction. A saved step is a
 * row and no message: the workflow reads it when the application is submitted. Returns the version.
 */
export async function saveStep(
  deps: ApiDeps,
  tx: Tx,
  { application, step, payload }: { readonly application: ApplicationRow; readonly step: ApplicationStep; readonly payload: object },
): Promise<number> {
  await lockPersonOf(tx, application.id);
  const current = await tx('applications').where({ id: application.id }).forUpdate().first<{ status: string }>('status');
  if (current.status !== 'DRAFT')
    throw new LoanloomError('ILLEGAL_TRANSITION', `the application is ${current.status}: its steps can no longer be changed`, {
      from: current.status,
    });
  if (step === 'identity') await deps.borrowers.saveIdentity(tx, application.borrower_id, SCHEMAS.identity.parse(payload));
  const latest = await tx('application_drafts')
    .where({ application_id: application.id, step })
    .first<{ version: number | null }>(tx.raw('max(version)::int AS version'));
  const version = (latest.version ?? 0) + 1;
  const person = await deps.borrowers.personVault(tx, application.borrower_id);
  await tx('application_drafts').insert({
    application_id: application.id,
    step,
    version,
    payload_enc: person.encrypt(draftAddress(application.id, step, version), JSON.stringify(payload)),
  });
  const { now, today } = await businessNow(tx);
  const event = { key: keys.stepSaved(step, version), kind: 'STEP_SAVED', at: now, businessDate: today, data: { step, version } } as const;
  await insertApplicationEvent(tx, application.id, event);
  return version;
}
