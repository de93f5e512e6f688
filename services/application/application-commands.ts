import {
  lockApplication,
  lockPersonOf,
  readContract,
  readOffer,
  updateApplication,
  insertApplicationEvent,
  type ApplicationRow,
} from '../../db/application/applications';
import type { CommandRow } from '../../db/commands';
import { businessNow } from '../../db/clock';
import { businessDateOf, laterOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { quote } from '../../domain/product/offer';
import { canTransition, APPLICATION_TRANSITIONS } from '../../domain/states';
import { missingSteps, readSteps } from './application-steps';
import { applyOnce, refuseCommand, type Verdict } from '../commands';
import { productOf, type ActivityDeps } from '../deps';
import { requireStatus, type Handler } from './asked';
import { assertNotOver, moveApplication, reopenApplication } from './moves';
import { keys } from '../../domain/keys';
import { perform } from './advance';
import { review } from './review';
import { STEP_OF_FIELD, type Stated } from '../../domain/application/form';
import type { Product } from '../../domain/product/products';
import { assertConsents } from '../party/consents';
import { assertNotLocked } from '../party/erasure';
import { assertDisclosureConfirmed } from './disclosure';
import { isSigningReady } from '../../db/application/sealings';
import { assertIdValid, assertNotExpired } from './id-validity';
import { afterAcceptance, deadlineOf } from '../../domain/application/agenda';

const MAX_CODE_ATTEMPTS = 5;

/** How often an application may be with its borrower: each round is checked and decided anew. */
const ROUNDS_MAX = 10;

/** What is about the application as a whole, or names what it is about by a hash. */
const OF_NO_ROUND: readonly string[] = ['CANCEL', 'SIGN', 'SAVE_STEP'];

/** ROUND_OVER where a command was given about an earlier round, the first where it names none: what its sender saw is void. */
function assertSameRound({ body, operation }: CommandRow, { round }: ApplicationRow): void {
  if (!OF_NO_ROUND.includes(operation) && (body.round ?? 1) !== round)
    throw new LoanloomError('ROUND_OVER', 'the application went back to its borrower since: look at it again');
}

/** STEP_INCOMPLETE for the first fact that the product asks for and nobody stated; ID_EXPIRED for a card that ran out since it was entered. */
function assertStated(stated: Stated, { eligibility }: Product, on: BusinessDate): void {
  const field = eligibility.required.find((each) => stated[each] === null);
  if (field !== undefined)
    throw new LoanloomError('STEP_INCOMPLETE', `the ${STEP_OF_FIELD[field]} step does not say ${field}`, {
      path: `${STEP_OF_FIELD[field]}.${field}`,
    });
  assertNotExpired(stated, on);
}

const submit: Handler = async (deps, tx, { application, at }) => {
  requireStatus(application, 'DRAFT', 'submitting');
  assertNotOver(application, at);
  const steps = await readSteps(deps, tx, application);
  const [asked] = await missingSteps(tx, application);
  if (asked !== undefined) throw new LoanloomError('STEP_INCOMPLETE', `the ${asked} step was asked for again`, { path: asked });
  assertStated(steps.stated, productOf(deps, application), businessDateOf(at));
  await assertNotLocked(tx, application.borrower_id);
  await assertConsents(tx, application.borrower_id);
  quote({ principal: steps.principal, termMonths: steps.termMonths }, productOf(deps, application), businessDateOf(at));
  const identityVersion = await deps.borrowers.identityVersion(tx, application.borrower_id);
  const cardId = await deps.borrowers.saveCard(tx, application.borrower_id, steps.cardNumber);
  await updateApplication(tx, application.id, {
    principal_fen: steps.principal,
    term_months: steps.termMonths,
    bank_card_id: cardId,
    identity_version: identityVersion,
  });
  await moveApplication(tx, application, { to: 'SUBMITTED', at, why: 'submitted by the borrower' });
  return {};
};

const acceptOffer: Handler = async (deps, tx, { application, at }) => {
  requireStatus(application, 'OFFERED', 'accepting an offer');
  assertNotOver(application, at);
  await assertIdValid(deps, tx, application, at);
  await assertConsents(tx, application.borrower_id);
  await assertDisclosureConfirmed(tx, application.id, (await readOffer(tx, application.id))?.disclosure_sha256 ?? null);
  const act = afterAcceptance({ product: productOf(deps, application), now: at });
  if (act.kind === 'DRAW_UP_CONTRACT' && !(await isSigningReady(tx)))
    throw new LoanloomError('SIGNING_UNAVAILABLE', 'contracts cannot be sealed at the moment: accept the offer again in some minutes');
  await perform(deps, tx, { application, act, at });
  return act.kind === 'MOVE' && act.until !== null ? { reflectionEndsAt: act.until } : {};
};

const cancel: Handler = async (_, tx, { command, application, at }) => {
  // Once the loan has its own workflow, it is the loan that is given up (WITHDRAW_LOAN).
  if (application.status === 'READY_TO_DISBURSE' || !canTransition(APPLICATION_TRANSITIONS, application.status, 'WITHDRAWN')) {
    throw new LoanloomError('ILLEGAL_TRANSITION', `an application that is ${application.status} cannot be cancelled`, {
      from: application.status,
    });
  }
  const why = `cancelled by ${command.caller_role === 'operator' ? 'an operator' : 'the borrower'}`;
  await moveApplication(tx, application, { to: 'WITHDRAWN', at, why });
  return {};
};

/** The code was checked and counted by the API before it sent the command; here the proof becomes a signature. */
const sign: Handler = async (deps, tx, { command, application, at }) => {
  requireStatus(application, 'AWAITING_SIGNATURE', 'signing');
  assertNotOver(application, at);
  await assertIdValid(deps, tx, application, at);
  await assertConsents(tx, application.borrower_id);
  const contract = await readContract(tx, application.id);
  const code = await tx('one_time_codes')
    .where({ id: String(command.body.codeId), application_id: application.id })
    .forUpdate()
    .first<{ id: string; used_at: Date | null; attempts: number } | undefined>();
  if (!contract || !code?.used_at || code.attempts > MAX_CODE_ATTEMPTS)
    throw new LoanloomError('CODE_INVALID', 'the signing code was not confirmed: ask for a new one');
  if (command.body.contractSha256 !== contract.sha256)
    throw new LoanloomError('VALIDATION', 'the contract that was shown is not the one to be signed: load it again', {
      path: 'contractSha256',
    });
  await assertDisclosureConfirmed(tx, application.id, contract.disclosure_sha256);
  const terms = { principal: application.principal_fen, termMonths: application.term_months };
  if (terms.principal !== null && terms.termMonths !== null)
    quote({ principal: terms.principal, termMonths: terms.termMonths }, productOf(deps, application), businessDateOf(at));
  await tx('signatures').insert({
    application_id: application.id,
    contract_sha256: contract.sha256,
    method: 'one-time-code',
    code_id: code.id,
    verified: JSON.stringify({
      checked: ['the contract has this SHA-256', 'the code that was mailed to the borrower was entered'],
      notChecked: ['who reads the mailbox'],
    }),
    signed_at: at,
  });
  await moveApplication(tx, application, { to: 'SIGNED', at, why: 'signed with a one-time code' });
  return { contractSha256: contract.sha256 };
};

/** The borrower changes what they entered: the offer, or the referral, is void, and what they submit next is decided anew. */
const reopen: Handler = async (deps, tx, { application, at }) => {
  if (application.status !== 'FOUR_EYES') requireStatus(application, 'OFFERED', 'changing what was entered');
  assertNotOver(application, at);
  if (application.round >= ROUNDS_MAX)
    throw new LoanloomError(
      'ILLEGAL_TRANSITION',
      `an application is changed at most ${String(ROUNDS_MAX - 1)} times: cancel it, and apply anew`,
    );
  const until = deadlineOf('DRAFT', productOf(deps, application), at);
  const { round } = await reopenApplication(tx, application, { at, by: 'borrower', missing: [], until });
  return { round };
};

const saveStep: Handler = async (_, tx, { command, application, at }) => {
  requireStatus(application, 'DRAFT', 'saving a step');
  await insertApplicationEvent(tx, application.id, {
    key: keys.stepSaved(String(command.body.step), String(command.body.version)),
    kind: 'STEP_SAVED',
    at,
    businessDate: businessDateOf(at),
    data: { step: String(command.body.step), version: Number(command.body.version) },
  });
  return { step: command.body.step ?? '', version: command.body.version ?? 0 };
};

const HANDLERS: Partial<Record<CommandRow['operation'], Handler>> = {
  SAVE_STEP: saveStep,
  SUBMIT: submit,
  ACCEPT_OFFER: acceptOffer,
  CANCEL: cancel,
  SIGN: sign,
  REVIEW: review,
  REOPEN: reopen,
};

export function createApplicationCommands(deps: ActivityDeps) {
  return {
    async refuseApplicationCommand(input: { commandId: string; code: string }): Promise<Verdict> {
      return refuseCommand(deps.db, input.commandId, input.code);
    },

    /** Applies one stored command to its application, once: a repeated call returns the stored verdict. A refusal is a verdict too and changes nothing else. */
    async applyApplicationCommand(input: { commandId: string; at: Instant }): Promise<Verdict> {
      return applyOnce(deps.db, input.commandId, async (tx, command) => {
        const handler = HANDLERS[command.operation];
        if (!handler) throw new LoanloomError('OPERATION_UNKNOWN', `${command.operation} is not possible for an application`);
        const at = laterOf(input.at, (await businessNow(tx)).now);
        await lockPersonOf(tx, command.subject);
        const application = await lockApplication(tx, command.subject);
        assertSameRound(command, application);
        return handler(deps, tx, { command, application, at });
      });
    },
  };
}
