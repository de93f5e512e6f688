import {
  hasApplicationEvent,
  insertApplicationEvent,
  lockApplication,
  lockPersonOf,
  kycRefusalsSince,
  type ApplicationRow,
  type DecisionRow,
} from '../../db/application/applications';
import { addAlarm } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { deadlineOf } from '../../domain/application/agenda';
import { assertThat } from '../../domain/errors';
import { keys } from '../../domain/keys';
import {
  afterNo,
  IDENTITY_CHECKS,
  IDENTITY_POLICY,
  nextIdentityAct,
  type Attempts,
  type CheckState,
  type IdentityAct,
  type IdentityCheckKind,
  type IdentityConclusion,
  type IdentityPlace,
} from '../../domain/party/identity-checks';
import { businessDateOf, DAY_MS, epochMs, instant, type Instant } from '../../domain/time/dates';
import { productOf, type ActivityDeps } from '../deps';
import { consentInForce, missingConsents } from '../party/consents';
import { askSource, prepareQuestion, standingCheck, versionOf, type ReadyQuestion } from '../party/identity-sources';
import { assertPinned } from './pinned';
import { recordDecision } from './decisions';
import { moveApplication, referBackToBorrower } from './moves';

/** Refusals of the last thirty days count, whatever they were for. */
const REFUSALS_COUNT_MS = 30 * DAY_MS;
const NOT_CHECKED = ['face and liveness', 'sanction lists'] as const;

/** Without a consent nothing is asked of anybody: what was withdrawn ends; who was never asked is asked now. */
async function endOrAsk(
  deps: ActivityDeps,
  tx: Tx,
  { application, isWithdrawn, at }: { readonly application: ApplicationRow; readonly isWithdrawn: boolean; readonly at: Instant },
): Promise<void> {
  if (isWithdrawn) await moveApplication(tx, application, { to: 'WITHDRAWN', at, why: 'a consent that it needs was withdrawn' });
  else {
    const until = deadlineOf('DRAFT', productOf(deps, application), at);
    await referBackToBorrower(tx, application, { at, missing: ['consents'], why: 'no consent is known', until });
  }
}

const dataOf = (application: ApplicationRow) => ({
  identity: application.identity_version ?? 0,
  card: application.bank_card_id ?? '',
});

/** What each source has said about the very data that were submitted. */
async function checksOf(deps: ActivityDeps, tx: Tx, application: ApplicationRow, now: Instant): Promise<CheckState[]> {
  const { freshDays } = productOf(deps, application).identity;
  const { id: subject, borrower_id: borrowerId } = application;
  const states: CheckState[] = [];
  for (const kind of IDENTITY_CHECKS)
    states.push(await standingCheck(tx, { borrowerId, subject, kind, version: versionOf(kind, dataOf(application)) }, { freshDays, now }));
  return states;
}

/** Whose data were refused in one application is not checked without end in the next. */
async function attemptsOf(deps: ActivityDeps, tx: Tx, application: ApplicationRow, now: Instant): Promise<Attempts> {
  const refusals = await kycRefusalsSince(tx, application.borrower_id, instant(epochMs(now) - REFUSALS_COUNT_MS));
  return { attempt: refusals + 1, attemptsMax: productOf(deps, application).identity.attemptsMax };
}

/** Where an application stands whose person is being checked. */
async function placeOf(deps: ActivityDeps, tx: Tx, application: ApplicationRow, now: Instant): Promise<IdentityPlace> {
  const began = await tx('application_events')
    .where({ application_id: application.id, kind: 'KYC_PENDING' })
    .orderBy('seq', 'desc')
    .first<{ at: Date } | undefined>('at');
  return {
    ...(await attemptsOf(deps, tx, application, now)),
    checks: await checksOf(deps, tx, application, now),
    since: began ? instant(began.at) : now,
    slaHours: productOf(deps, application).identity.slaHours,
    isCaseOpen: await hasApplicationEvent(tx, application.id, keys.identityDelayed(application.round)),
    now,
  };
}

/** What comes next for an application whose person is being checked. */
export const identityActOf = async (deps: ActivityDeps, tx: Tx, application: ApplicationRow, now: Instant): Promise<IdentityAct> =>
  nextIdentityAct(await placeOf(deps, tx, application, now));

/** People are told that a source has been silent for as long as the product allows; the application goes on waiting. */
export async function openIdentityCase(
  tx: Tx,
  application: ApplicationRow,
  { checks, at }: { readonly checks: readonly IdentityCheckKind[]; readonly at: Instant },
): Promise<ApplicationRow> {
  const [key, silent] = [keys.identityDelayed(application.round), checks.join(',')];
  await insertApplicationEvent(tx, application.id, {
    key,
    kind: 'IDENTITY_DELAYED',
    at,
    businessDate: businessDateOf(at),
    data: { checks: silent },
  });
  await addAlarm(tx, {
    key: keys.identityDelayedAlarm(application.id, application.round),
    subject: application.id,
    payload: { code: 'IDENTITY_SOURCE_SILENT', checks: silent, owner: 'operations' },
  });
  return application;
}

const OUTCOMES = { CONFIRM: 'APPROVE', REFER_BACK: 'REFER', DECLINE: 'DECLINE' } as const satisfies Record<
  IdentityConclusion['kind'],
  DecisionRow['outcome']
>;

/** Records what the sources' answers come to, and moves the application on: to its decision, back to its borrower, or to its end. */
export async function concludeIdentity(
  deps: ActivityDeps,
  tx: Tx,
  { application, conclusion, at }: { readonly application: ApplicationRow; readonly conclusion: IdentityConclusion; readonly at: Instant },
): Promise<ApplicationRow> {
  await assertPinned(deps, tx, application);
  const isOwn = conclusion.kind !== 'CONFIRM' || (await deps.borrowers.claimIdentity(tx, application.borrower_id));
  // Said as of somebody whom no source knows: whether an ID number is another customer's is nobody's to learn.
  const told = isOwn ? conclusion : afterNo(IDENTITY_CHECKS, await attemptsOf(deps, tx, application, at));
  const checks = await checksOf(deps, tx, application, at);
  const reasons = told.kind === 'CONFIRM' ? [] : told.reasons;
  await recordDecision(tx, {
    application_id: application.id,
    round: application.round,
    stage: 'KYC',
    outcome: OUTCOMES[told.kind],
    policy: IDENTITY_POLICY,
    reasons,
    checks: {
      checked: [
        ...checks.map(({ check, answer }) => ({ check, answer, passed: answer === 'MATCH' })),
        { check: 'one person, one account', passed: isOwn },
      ],
      notChecked: NOT_CHECKED,
      identityVersion: application.identity_version ?? 0,
    },
    decided_by: IDENTITY_POLICY,
    decided_at: at,
  });
  switch (told.kind) {
    case 'CONFIRM':
      return moveApplication(tx, application, { to: 'DECISION_PENDING', why: 'identity checks passed', at });
    case 'DECLINE':
      return moveApplication(tx, application, { to: 'DECLINED', why: 'identity checks failed', at });
    case 'REFER_BACK': {
      const until = deadlineOf('DRAFT', productOf(deps, application), at);
      return referBackToBorrower(tx, application, { at, missing: told.steps, why: reasons.join('; '), until });
    }
  }
}

/** Under the person's lock, so that no withdrawal of a consent comes between looking at it and asking. */
async function questionFor(
  deps: ActivityDeps,
  tx: Tx,
  { applicationId, check, at }: { readonly applicationId: string; readonly check: IdentityCheckKind; readonly at: Instant },
): Promise<ReadyQuestion | undefined> {
  await lockPersonOf(tx, applicationId);
  const application = await lockApplication(tx, applicationId);
  if (application.status !== 'KYC_PENDING') return undefined;
  const { missing, isWithdrawn } = await missingConsents(tx, application.borrower_id);
  const consent = await consentInForce(tx, application.borrower_id, 'IDENTITY_QUERY');
  if (!consent || missing.length > 0) {
    await endOrAsk(deps, tx, { application, isWithdrawn, at });
    return undefined;
  }
  await assertPinned(deps, tx, application);
  const identity = await deps.borrowers.identity(tx, application.borrower_id);
  assertThat(application.bank_card_id, 'a submitted application has a card');
  const cardNumber = await deps.borrowers.cardNumber(tx, application.borrower_id, application.bank_card_id);
  const about = {
    borrowerId: application.borrower_id,
    subject: application.id,
    kind: check,
    version: versionOf(check, dataOf(application)),
  };
  const { freshDays } = productOf(deps, application).identity;
  const { answer, serial } = await standingCheck(tx, about, { freshDays, now: at });
  if (answer !== null) return undefined;
  return prepareQuestion(deps, tx, {
    ...about,
    serial,
    consentId: consent.id,
    claim: { ...identity, cardNumber },
    at,
  });
}

/**
 * Asks one source about the person of an application, and keeps its answer; runs on the source's task queue. What was
 * answered before is not asked again. Nothing is decided here: advanceApplication reads the answers, of the data that are
 * submitted then, whenever they came.
 */
export async function askIdentitySource(
  deps: ActivityDeps,
  input: { readonly applicationId: string; readonly check: IdentityCheckKind; readonly at: Instant },
  signal: AbortSignal,
): Promise<void> {
  const ready = await deps.db.transaction((tx) => questionFor(deps, tx, input));
  if (ready) await askSource(deps, ready, input.at, signal);
}

/** Asks every source at once. */
export async function askEverySource(
  deps: ActivityDeps,
  input: { readonly applicationId: string; readonly at: Instant },
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(IDENTITY_CHECKS.map((check) => askIdentitySource(deps, { ...input, check }, signal)));
}
