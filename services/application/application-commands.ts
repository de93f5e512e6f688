import {
  lockApplication,
  lockPersonOf,
  readContract,
  readDecisions,
  rulesOutcomeOf,
  readOffer,
  updateApplication,
  insertApplicationEvent,
  type ApplicationRow,
} from '../../db/application/applications';
import type { CommandRow } from '../../db/commands';
import type { Tx } from '../../db/pool';
import { businessNow } from '../../db/clock';
import { businessDateOf, laterOf, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { quote } from '../../domain/product/offer';
import { canTransition, APPLICATION_TRANSITIONS } from '../../domain/states';
import { APPLICATION_STEPS, missingSteps, readSteps } from './application-steps';
import { applyOnce, refuseCommand, type Verdict } from '../commands';
import { productOf, type ActivityDeps } from '../deps';
import { assertNotOver, moveApplication, referBackToBorrower, reopenApplication } from './moves';
import { keys } from '../../domain/keys';
import { offer, perform } from './advance';
import { assertConsents } from '../party/consents';
import { recordDecision } from './decisions';
import { assertDisclosureConfirmed } from './disclosure';
import { afterAcceptance, deadlineOf } from '../../domain/application/agenda';

/** What origination does next in the same transaction. */
interface Asked {
  readonly command: CommandRow;
  readonly application: ApplicationRow;
  readonly at: Instant;
}

type Handler = (deps: ActivityDeps, tx: Tx, asked: Asked) => Promise<Record<string, string | number | boolean>>;

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

function requireStatus(application: ApplicationRow, status: ApplicationRow['status'], what: string): void {
  if (application.status !== status)
    throw new LoanloomError('ILLEGAL_TRANSITION', `${what} is not possible while the application is ${application.status}`, {
      from: application.status,
    });
}

const submit: Handler = async (deps, tx, { application, at }) => {
  requireStatus(application, 'DRAFT', 'submitting');
  assertNotOver(application, at);
  const steps = await readSteps(deps, tx, application);
  const [asked] = await missingSteps(tx, application);
  if (asked !== undefined) throw new LoanloomError('STEP_INCOMPLETE', `the ${asked} step was asked for again`, { path: asked });
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
  await assertConsents(tx, application.borrower_id);
  await assertDisclosureConfirmed(tx, application.id, (await readOffer(tx, application.id))?.disclosure_sha256 ?? null);
  const act = afterAcceptance({ product: productOf(deps, application), now: at });
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
      checked: ['the contract text has this SHA-256', 'the code that was mailed to the borrower was entered'],
      notChecked: ['CA certificate', 'trusted timestamp', 'who reads the mailbox'],
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

/** Sends the application back to its borrower, who is told which steps are asked for. */
async function referBack(deps: ActivityDeps, tx: Tx, { command, application, at }: Asked): Promise<Record<string, string | number>> {
  const missing = String(command.body.missing ?? '')
    .split(',')
    .filter((step) => step !== '');
  const unknown = missing.find((step) => !(APPLICATION_STEPS as readonly string[]).includes(step));
  if (missing.length === 0 || unknown !== undefined)
    throw new LoanloomError('VALIDATION', `name the steps that are asked for, of ${APPLICATION_STEPS.join(', ')}`, { path: 'missing' });
  const until = deadlineOf('DRAFT', productOf(deps, application), at);
  const { round } = await referBackToBorrower(tx, application, { at, missing, why: String(command.body.reason), until });
  return { round, missing: missing.join(',') };
}

/** RULES_FORBID where the round's rules declined: a person decides where the borrower wanted one, and not against age, income or cap. */
async function assertRulesAllow(tx: Tx, application: ApplicationRow): Promise<void> {
  const rules = (await readDecisions(tx, application.id)).find(({ stage, round }) => stage === 'RULES' && round === application.round);
  if (rules && rulesOutcomeOf(rules) === 'DECLINE')
    throw new LoanloomError('RULES_FORBID', `the rules forbid an offer: ${rules.reasons.join('; ')}; decline it, or send it back`);
}

const OUTCOMES = { APPROVE: 'APPROVE', DECLINE: 'DECLINE', REFER_BACK: 'REFER' } as const;

const review: Handler = async (deps, tx, asked) => {
  const { command, application, at } = asked;
  requireStatus(application, 'FOUR_EYES', 'a review');
  assertNotOver(application, at);
  const verdict = command.body.verdict === 'APPROVE' || command.body.verdict === 'REFER_BACK' ? command.body.verdict : 'DECLINE';
  if (verdict === 'APPROVE') {
    await assertConsents(tx, application.borrower_id);
    await assertRulesAllow(tx, application);
  }
  await recordDecision(tx, {
    application_id: application.id,
    round: application.round,
    stage: 'REVIEW',
    outcome: OUTCOMES[verdict],
    policy: 'operator-review',
    reasons: [String(command.body.reason ?? '')],
    checks: { checked: [], notChecked: [] },
    decided_by: command.caller,
    decided_at: at,
  });
  if (verdict === 'REFER_BACK') return referBack(deps, tx, asked);
  if (verdict === 'APPROVE') await offer(deps, tx, application, at);
  else await moveApplication(tx, application, { to: 'DECLINED', at, why: 'declined by an operator' });
  return {};
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
