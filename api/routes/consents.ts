import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { businessNow } from '../../db/clock';
import { storeCommand, type CommandRow } from '../../db/commands';
import { consentHistory, readConsents, type ConsentRow } from '../../db/party/consents';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { CONSENT_KINDS, consentText, effectsOfWithdrawal, isRequiredConsent, type ConsentKind } from '../../domain/party/consents';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import { endWithoutConsent } from '../../services/application/consent-withdrawal';
import { consentSha256, grantConsent, withdrawConsent } from '../../services/party/consents';
import { deviceOf } from '../access';
import type { Caller } from '../auth';
import type { ApiDeps } from '../deps';
import { route } from '../route';
import { textSchema } from '../wire';
import { bodyHash, commandResponses, deliver, settleAtOnce } from '../submit';

const tag = 'Consents';
const kindParams = z.strictObject({ kind: z.enum(CONSENT_KINDS) });
const partnerSchema = z.string().max(40).optional();

const recordSchema = z.object({
  consentId: z.string(),
  kind: z.enum(CONSENT_KINDS),
  partnerId: z.string().nullable(),
  isGranted: z.boolean(),
  textVersion: z.int(),
  textSha256: z.string(),
  at: z.string(),
});

const recordView = ({ id, kind, partnerId, isGranted, textVersion, textSha256, at }: ConsentRow) => ({
  consentId: id,
  kind,
  partnerId,
  isGranted,
  textVersion,
  textSha256,
  at,
});

/** Sharing names its partner, of a product's published list; nothing else names one. */
function partnerOf(deps: ApiDeps, kind: ConsentKind, partnerId: string | undefined): string | null {
  if ((kind === 'PARTNER_SHARING') !== (partnerId !== undefined))
    throw new LoanloomError('VALIDATION', 'PARTNER_SHARING names its partnerId, and no other consent does', { path: 'partnerId' });
  if (partnerId !== undefined && !deps.catalogue.all().some(({ partners }) => partners.some(({ id }) => id === partnerId)))
    throw new LoanloomError('PARTNER_NOT_LISTED', 'the partner is on no product’s published list', { path: 'partnerId' });
  return partnerId ?? null;
}

const list = route({
  method: 'get',
  path: '/v1/consents',
  summary: 'Every consent with its text in effect, and how the person’s own stand; none is given by default',
  tag,
  role: 'borrower',
  responses: {
    200: {
      description: 'Consents',
      schema: z.object({
        texts: z.array(
          z.object({
            kind: z.enum(CONSENT_KINDS),
            version: z.int(),
            isRequired: z.boolean(),
            title: textSchema,
            text: textSchema,
            sha256: z.string(),
            effectsOfWithdrawal: z.array(textSchema),
          }),
        ),
        standing: z.array(recordSchema),
        history: z.array(recordSchema),
      }),
    },
  },
  handle: async (deps, { caller }) => {
    const { now } = await businessNow(deps.db);
    const texts = CONSENT_KINDS.map((kind) => {
      const inEffect = consentText(kind, businessDateOf(now));
      const { version, isRequired, title, text } = inEffect;
      return {
        kind,
        version,
        isRequired,
        title,
        text,
        sha256: consentSha256(inEffect),
        effectsOfWithdrawal: [...effectsOfWithdrawal(kind)],
      };
    });
    const standing = (await readConsents(deps.db, caller.id)).map(recordView);
    return { status: 200, body: { texts, standing, history: (await consentHistory(deps.db, caller.id)).map(recordView) } };
  },
});

const grant = route({
  method: 'put',
  path: '/v1/consents/{kind}',
  summary: 'Agree to the text that was shown, by its SHA-256',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  params: kindParams,
  body: z.strictObject({ textSha256: z.string().regex(/^[0-9a-f]{64}$/), locale: z.enum(['zh-CN', 'en']), partnerId: partnerSchema }),
  responses: commandResponses,
  handle: async (deps, { caller, params: { kind }, body, rawBody, idempotencyKey, userAgent }) => {
    const { textSha256, locale } = body;
    const partnerId = partnerOf(deps, kind, body.partnerId);
    const { now: at } = await businessNow(deps.db);
    const asked = {
      operation: 'GRANT_CONSENT',
      subject: caller.id,
      body: { kind, textSha256 },
      rawBody: [kind, rawBody],
      idempotencyKey,
    } as const;
    return settleAtOnce(deps, caller, asked, async (tx, id) => {
      await deps.borrowers.ensure(tx, caller.id);
      const word = { id, borrowerId: caller.id, kind, partnerId, device: await deviceOf(deps, tx, caller.id, userAgent), at };
      const consent = await grantConsent(tx, { ...word, textSha256, locale });
      return { consentId: consent.id, kind, at: consent.at };
    });
  },
});

const withdraw = route({
  method: 'delete',
  path: '/v1/consents/{kind}',
  summary: 'Withdraw a consent, as easily as it is given; what that brings about is listed with its text',
  tag,
  role: 'borrower',
  idempotencyKey: 'optional',
  params: kindParams,
  query: z.strictObject({ partnerId: partnerSchema }),
  responses: commandResponses,
  handle: async (deps, { caller, params: { kind }, query, idempotencyKey, userAgent }) => {
    const partnerId = partnerOf(deps, kind, query.partnerId);
    const { now: at } = await businessNow(deps.db);
    const asked = {
      operation: 'WITHDRAW_CONSENT',
      subject: caller.id,
      body: { kind },
      rawBody: [kind, partnerId],
      idempotencyKey,
    } as const;
    const ending: CommandRow[] = [];
    const answer = await settleAtOnce(deps, caller, asked, async (tx, id) => {
      const word = { id, borrowerId: caller.id, kind, partnerId, device: await deviceOf(deps, tx, caller.id, userAgent), at };
      const consent = await withdrawConsent(tx, word);
      if (isRequiredConsent(kind))
        for (const applicationId of await endWithoutConsent(deps, tx, { borrowerId: caller.id, commandId: id, at }))
          ending.push(await wake(tx, caller, { commandId: id, applicationId, at }));
      return { consentId: consent.id, kind, at: consent.at };
    });
    await Promise.allSettled(ending.map((row) => deliver(deps, row)));
    return answer;
  },
});

/** A cancelling of what has ended already: it is refused, and makes the workflow look. The relay delivers it where this does not. */
async function wake(
  tx: Tx,
  caller: Caller,
  { commandId, applicationId, at }: { readonly commandId: string; readonly applicationId: string; readonly at: Instant },
): Promise<CommandRow> {
  const { row } = await storeCommand(tx, {
    id: randomUUID(),
    caller: caller.name,
    idempotencyKey: keys.consentEnds(commandId, applicationId),
    operation: 'CANCEL',
    subject: applicationId,
    bodySha256: bodyHash('CANCEL', applicationId, null),
    body: {},
    businessDate: businessDateOf(at),
  });
  return row;
}

export const consentRoutes = [list, grant, withdraw];
