import type { Tx } from '../../db/pool';
import { deadlineOf, nextApplicationAct, type ApplicationAct } from '../../domain/application/agenda';
import type { ApplicationStatus } from '../../domain/states';
import { businessDateOf, laterOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { productOf, type ActivityDeps } from '../deps';
import {
  hasApplicationEvent,
  insertApplicationEvent,
  insertOffer,
  lockApplication,
  lockPersonOf,
  readDecisions,
  readOffer,
  updateApplication,
  type ApplicationRow,
} from '../../db/application/applications';
import { LoanloomError, assertThat } from '../../domain/errors';
import { readSteps } from './application-steps';
import { assertPinned } from './pinned';
import { concludeIdentity, identityActOf, openIdentityCase } from './identity-check';
import type { IdentityCheckKind } from '../../domain/party/identity-checks';
import { dateOfBirth } from '../../domain/party/person';
import { quote, type LoanRequest, type Quote } from '../../domain/product/offer';
import type { Product } from '../../domain/product/products';
import { otherObligations } from './other-obligations';
import { decide, POLICY, type Applicant } from '../../risk/rules';
import { consentInForce } from '../party/consents';
import { recordDecision, sealSnapshot } from './decisions';
import { sealDisclosure } from './disclosure';
import { disclosureOf } from '../../domain/product/disclosure';
import { deadlineIn, moveApplication } from './moves';
import { awaitSignature } from './contract';
import { openSealingCase, sealingActOf, toldOf } from './sealing';
import { isSigningReady } from '../../db/application/sealings';
import { insertLoan } from '../../db/loan/loans';
import { addMail } from '../../db/outbox';
import { keys } from '../../domain/keys';
import { businessNow } from '../../db/clock';

/** What originateLoan does next. `at` is a deadline; a message may come before it. */
export interface ApplicationStepResult {
  readonly status: ApplicationStatus;
  readonly next: 'WAIT' | 'VERIFY_IDENTITY' | 'SEAL_CONTRACT' | 'OPEN_LOAN' | 'END';
  readonly at: Instant | null;
  readonly summary: string;
  /** Of VERIFY_IDENTITY: which sources are asked. Steps of earlier versions name none, and ask all. */
  readonly checks?: readonly IdentityCheckKind[];
  /** Business time by the database's clock. */
  readonly now?: Instant;
}

/** Refusals of a quote that nobody can mend in this application: the law, or the product's own bounds, changed since. */
const NOT_ANY_MORE: readonly string[] = ['APR_CAP_EXCEEDED', 'AMOUNT_NOT_OFFERED', 'TERM_NOT_OFFERED', 'RATE_NOT_FOUND'];

/** The terms of today; undefined where they are not lawful any more. */
function lawfulTerms({ principal, termMonths }: LoanRequest, product: Product, today: BusinessDate): Quote | undefined {
  try {
    return quote({ principal, termMonths }, product, today);
  } catch (error) {
    if (error instanceof LoanloomError && NOT_ANY_MORE.includes(error.code)) return undefined;
    throw error;
  }
}

/** The cap or a limit has fallen while the application waited: it ends, with the reason. */
async function declineAsUnlawful(tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  await recordDecision(tx, {
    application_id: application.id,
    round: application.round,
    stage: 'RULES',
    outcome: 'DECLINE',
    policy: POLICY,
    reasons: ['these terms may not be offered any more'],
    checks: { checked: [], notChecked: [] },
    decided_by: 'rules',
    decided_at: at,
  });
  return moveApplication(tx, application, { to: 'DECLINED', at, why: 'the terms may not be offered any more' });
}

async function decideByRules(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  const product = productOf(deps, application);
  const steps = await readSteps(deps, tx, application);
  const today = businessDateOf(at);
  await assertPinned(deps, tx, application);
  const { idNumber } = await deps.borrowers.identity(tx, application.borrower_id);
  const bornOn = dateOfBirth(idNumber);
  assertThat(bornOn, 'an ID number that passed the identity check has a date of birth');
  const terms = lawfulTerms(steps, product, today);
  if (terms === undefined) return declineAsUnlawful(tx, application, at);
  const others = await otherObligations(tx, application.borrower_id, application.id);
  // Who does not agree to be decided about by rules alone is decided about by a person (PIPL 24).
  const isByPerson = !(await consentInForce(tx, application.borrower_id, 'AUTOMATED_DECISION'));
  // What a person looked at once is not offered by rules alone in a later round.
  const wasReferred = (await readDecisions(tx, application.id)).some(
    (each) => each.round < application.round && ((each.stage === 'RULES' && each.outcome === 'REFER') || each.stage === 'REVIEW'),
  );
  const applicant: Applicant = {
    bornOn,
    monthlyIncome: steps.monthlyIncome,
    requested: steps.principal,
    installment: terms.firstInstallment,
    others: others.installments,
    otherPrincipal: others.principal,
    stated: steps.stated,
    wantsPerson: isByPerson,
    wasReferred,
    asOf: today,
  };
  const decision = decide(applicant, product);
  const { outcome } = decision;
  await recordDecision(tx, {
    application_id: application.id,
    round: application.round,
    stage: 'RULES',
    outcome,
    policy: decision.policy,
    reasons: [
      ...decision.results.map((each) => each.reason).filter((reason) => reason !== ''),
      ...(isByPerson ? ['the borrower did not agree to an automated decision'] : []),
      ...(wasReferred ? ['an earlier round was referred to a person'] : []),
    ],
    checks: { checked: decision.results, notChecked: decision.notChecked, byRules: decision.byRules },
    decided_by: 'rules',
    decided_at: at,
    ...(await sealSnapshot(deps, tx, application, applicant)),
  });
  if (outcome === 'DECLINE') return moveApplication(tx, application, { to: 'DECLINED', at, why: 'declined by rules' });
  if (outcome === 'REFER') {
    const until = deadlineOf('FOUR_EYES', product, at);
    return moveApplication(tx, application, { to: 'FOUR_EYES', at, why: 'referred to an operator', until });
  }
  return offer(deps, tx, application, at);
}

/** Writes the offer and opens its validity; also after an operator's approval. */
export async function offer(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  const product = productOf(deps, application);
  const steps = await readSteps(deps, tx, application);
  const terms = quote({ principal: steps.principal, termMonths: steps.termMonths }, product, businessDateOf(at));
  const table = sealDisclosure(disclosureOf(product, terms, businessDateOf(at)));
  const expiresAt = deadlineOf('OFFERED', product, at);
  assertThat(expiresAt, 'an offer has a deadline');
  await insertOffer(tx, {
    application_id: application.id,
    round: application.round,
    principal_fen: terms.principal,
    term_months: terms.termMonths,
    annual_rate: terms.annualRate,
    apr: terms.apr,
    first_installment_fen: terms.firstInstallment,
    total_payment_fen: terms.totalPayment,
    illustration: terms.schedule,
    disclosure: table.text,
    disclosure_sha256: table.sha256,
    offered_at: at,
    expires_at: expiresAt,
  });
  return moveApplication(tx, application, { to: 'OFFERED', at, why: 'offer made', until: expiresAt });
}

async function openLoan(tx: Tx, application: ApplicationRow, at: Instant): Promise<void> {
  const accepted = await readOffer(tx, application.id);
  assertThat(accepted && application.bank_card_id, 'a signed application has an offer and a card');
  await insertLoan(tx, {
    id: application.id,
    borrower_id: application.borrower_id,
    product_id: application.product_id,
    product_version: application.product_version,
    bank_card_id: application.bank_card_id,
    principal_fen: accepted.principal_fen,
    currency: 'CNY',
    annual_rate: accepted.annual_rate,
    term_months: accepted.term_months,
    opened_on: businessDateOf(at),
  });
}

async function actOf(deps: ActivityDeps, tx: Tx, application: ApplicationRow, now: Instant): Promise<ApplicationAct> {
  const { id, status, round } = application;
  const isReminded = await hasApplicationEvent(tx, id, keys.halfTime(status, round));
  const identity = status === 'KYC_PENDING' ? await identityActOf(deps, tx, application, now) : undefined;
  const sealing = status === 'SIGNED' ? await sealingActOf(deps, tx, application, now) : null;
  const canSeal = status !== 'REFLECTION_PERIOD' || (await isSigningReady(tx));
  const isSilenceTold = canSeal || (await toldOf(tx, application)).includes('SILENT');
  const place = { status, waitingUntil: deadlineIn(application), product: productOf(deps, application), isReminded, now };
  return nextApplicationAct({ ...place, sealing, canSeal, isSilenceTold, ...(identity && { identity }) });
}

async function remind(tx: Tx, application: ApplicationRow, at: Instant): Promise<void> {
  const { id, status, round } = application;
  const event = { key: keys.halfTime(status, round), kind: 'REMINDED', at, businessDate: businessDateOf(at), data: { status } } as const;
  await insertApplicationEvent(tx, id, event);
  await addMail(tx, {
    key: keys.halfTimeMail(id, status, round),
    borrowerId: application.borrower_id,
    template: 'application-waits',
    params: { applicationId: id, status, until: businessDateOf(deadlineIn(application) ?? at) },
  });
}

/** Performs an act that needs neither a person nor the outside; undefined where it does. */
export async function perform(
  deps: ActivityDeps,
  tx: Tx,
  { application, act, at }: { readonly application: ApplicationRow; readonly act: ApplicationAct; readonly at: Instant },
): Promise<ApplicationRow | undefined> {
  switch (act.kind) {
    case 'SET_DEADLINE':
      await updateApplication(tx, application.id, { waiting_until: act.until });
      return { ...application, waiting_until: new Date(act.until) };
    case 'MOVE':
      return moveApplication(tx, application, { ...act, at });
    case 'REMIND':
      await remind(tx, application, at);
      return application;
    case 'OPEN_IDENTITY_CASE':
      return openIdentityCase(tx, application, { checks: act.checks, at });
    case 'OPEN_SEALING_CASE':
      return openSealingCase(tx, application, { why: act.why, at });
    case 'CONCLUDE_IDENTITY':
      return concludeIdentity(deps, tx, { application, conclusion: act.conclusion, at });
    case 'DECIDE':
      return decideByRules(deps, tx, application, at);
    case 'DRAW_UP_CONTRACT':
      return awaitSignature(deps, tx, application, at);
    case 'VERIFY_IDENTITY':
    case 'SEAL_CONTRACT':
    case 'OPEN_LOAN':
    case 'WAIT':
    case 'END':
      return undefined;
  }
}

function resultOf(status: ApplicationStatus, act: ApplicationAct): ApplicationStepResult {
  switch (act.kind) {
    case 'WAIT':
      return { status, next: 'WAIT', at: act.until, summary: act.summary };
    case 'VERIFY_IDENTITY':
      return { status, next: act.kind, at: null, summary: act.summary, checks: act.checks };
    case 'SEAL_CONTRACT':
    case 'OPEN_LOAN':
    case 'END':
      return { status, next: act.kind, at: null, summary: act.summary };
    default:
      throw new LoanloomError('INTERNAL', `an application stopped at a step of its own: ${act.kind}`);
  }
}

/** Takes every step that is due by `at` and says what comes next. Repeating it finds the steps taken and changes nothing. */
export async function advanceApplication(
  deps: ActivityDeps,
  { applicationId, ...asked }: { applicationId: string; at: Instant },
): Promise<ApplicationStepResult> {
  return deps.db.transaction(async (tx) => {
    const { now } = await businessNow(tx);
    const at = laterOf(asked.at, now);
    await lockPersonOf(tx, applicationId);
    let application = await lockApplication(tx, applicationId);
    let act = await actOf(deps, tx, application, at);
    for (let next = await perform(deps, tx, { application, act, at }); next; next = await perform(deps, tx, { application, act, at })) {
      application = next;
      act = await actOf(deps, tx, application, at);
    }
    if (act.kind === 'OPEN_LOAN') await openLoan(tx, application, at);
    return { ...resultOf(application.status, act), now };
  });
}
