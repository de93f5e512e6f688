import { createHash } from 'node:crypto';
import type { Tx } from '../../db/pool';
import { APPLICATION_TRANSITIONS, isTerminal, type ApplicationStatus } from '../../domain/states';
import { DAY_MS, businessDateOf, epochMs, instant, laterOf, type Instant } from '../../domain/time/dates';
import { productOf, type ActivityDeps } from '../deps';
import {
  insertDecision,
  insertOffer,
  lockApplication,
  lockPersonOf,
  readContract,
  readDecisions,
  readOffer,
  updateApplication,
  type ApplicationRow,
} from '../../db/application/applications';
import { LoanloomError, assertThat } from '../../domain/errors';
import { readSteps } from './application-steps';
import { dateOfBirth } from '../../domain/party/person';
import { quote } from '../../domain/product/offer';
import { otherInstallments } from './other-obligations';
import { decide } from '../../risk/rules';
import { moveApplication } from './moves';
import { contractText } from '../../domain/product/contract-text';
import { insertLoan } from '../../db/loan/loans';
import { businessNow } from '../../db/clock';

/** What originateLoan does next. `at` is a deadline; a message may come before it. */
export interface ApplicationStepResult {
  readonly status: ApplicationStatus;
  readonly next: 'WAIT' | 'VERIFY_IDENTITY' | 'OPEN_LOAN' | 'END';
  readonly at: Instant | null;
  readonly summary: string;
  /** Business time by the database's clock. */
  readonly now?: Instant;
}

const hoursAfter = (at: Instant | Date, hours: number) => instant((at instanceof Date ? at.getTime() : epochMs(at)) + hours * 3_600_000);

/** IDENTITY_CHANGED where the borrower is not any more who was submitted and checked: nothing is decided or signed on it. */
async function assertPinned({ borrowers }: ActivityDeps, tx: Tx, application: ApplicationRow): Promise<void> {
  if (
    application.identity_version !== null &&
    (await borrowers.identityVersion(tx, application.borrower_id)) !== application.identity_version
  )
    throw new LoanloomError('IDENTITY_CHANGED', 'the identity is not the one that was submitted with the application');
}

async function decideByRules(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  const product = productOf(deps, application);
  const steps = await readSteps(deps, tx, application);
  const today = businessDateOf(at);
  await assertPinned(deps, tx, application);
  const { idNumber } = await deps.borrowers.identity(tx, application.borrower_id);
  const bornOn = dateOfBirth(idNumber);
  assertThat(bornOn, 'an ID number that passed the identity check has a date of birth');
  const terms = quote({ principal: steps.principal, termMonths: steps.termMonths }, product, today);
  const others = await otherInstallments(tx, application.borrower_id, application.id);
  const { firstInstallment: installment } = terms;
  const decision = decide(
    { bornOn, monthlyIncome: steps.monthlyIncome, requested: steps.principal, installment, others, asOf: today },
    product,
  );
  await insertDecision(tx, {
    application_id: application.id,
    stage: 'RULES',
    outcome: decision.outcome,
    policy: decision.policy,
    reasons: decision.results.filter((each) => each.outcome !== 'PASS').map((each) => each.reason),
    checks: { checked: decision.results, notChecked: decision.notChecked },
    decided_by: 'rules',
    decided_at: at,
  });
  if (decision.outcome === 'DECLINE') return moveApplication(tx, application, 'DECLINED', at, 'declined by rules');
  if (decision.outcome === 'REFER')
    return moveApplication(
      tx,
      application,
      'FOUR_EYES',
      at,
      'referred to an operator',
      instant(epochMs(at) + product.review.validDays * DAY_MS),
    );
  return offer(deps, tx, application, at);
}

/** Writes the offer and opens its validity; also after an operator's approval. */
export async function offer(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  const product = productOf(deps, application);
  const steps = await readSteps(deps, tx, application);
  const terms = quote({ principal: steps.principal, termMonths: steps.termMonths }, product, businessDateOf(at));
  const expiresAt = hoursAfter(at, product.offer.validHours);
  await insertOffer(tx, {
    application_id: application.id,
    principal_fen: terms.principal,
    term_months: terms.termMonths,
    annual_rate: terms.annualRate,
    apr: terms.apr,
    first_installment_fen: terms.firstInstallment,
    total_payment_fen: terms.totalPayment,
    illustration: terms.schedule,
    offered_at: at,
    expires_at: expiresAt,
  });
  return moveApplication(tx, application, 'OFFERED', at, 'offer made', expiresAt);
}

/** Draws the contract up once; its hash is what the borrower signs. The cap is checked again here. */
export async function awaitSignature(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  const product = productOf(deps, application);
  const accepted = await readOffer(tx, application.id);
  assertThat(accepted, 'an application past its offer has one');
  await assertPinned(deps, tx, application);
  if (!(await readContract(tx, application.id))) {
    const identity = await deps.borrowers.identity(tx, application.borrower_id);
    const terms = quote({ principal: accepted.principal_fen, termMonths: accepted.term_months }, product, businessDateOf(at));
    const text = contractText({
      contractNumber: application.id,
      borrowerName: identity.name,
      idNumber: identity.idNumber,
      drawnUpOn: businessDateOf(at),
      product,
      quote: terms,
    });
    const person = await deps.borrowers.personVault(tx, application.borrower_id);
    await tx('contracts').insert({
      application_id: application.id,
      sha256: createHash('sha256').update(text, 'utf8').digest('hex'),
      document_enc: person.encrypt({ table: 'contracts', column: 'document_enc', row: application.id }, text),
      drawn_up_at: at,
    });
  }
  return moveApplication(tx, application, 'AWAITING_SIGNATURE', at, 'contract drawn up', hoursAfter(at, product.signing.validHours));
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

/** One step that needs neither a person nor the outside; undefined when the application has to wait or to go out. */
async function stepOnce(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow | undefined> {
  const product = productOf(deps, application);
  const isOver = application.waiting_until !== null && epochMs(at) >= application.waiting_until.getTime();
  switch (application.status) {
    case 'SUBMITTED':
      return moveApplication(tx, application, 'KYC_PENDING', at, 'identity is checked');
    case 'DECISION_PENDING':
      return decideByRules(deps, tx, application, at);
    case 'REFLECTION_PERIOD':
      if (!isOver) return undefined;
      return product.reflection.after === 'signing'
        ? moveApplication(tx, application, 'READY_TO_DISBURSE', at, 'reflection period over')
        : awaitSignature(deps, tx, application, at);
    case 'SIGNED':
      if (product.reflection.after === 'signing' && product.reflection.hours > 0) {
        return moveApplication(
          tx,
          application,
          'REFLECTION_PERIOD',
          at,
          'reflection period after signing',
          hoursAfter(at, product.reflection.hours),
        );
      }
      return moveApplication(tx, application, 'READY_TO_DISBURSE', at, 'signed and no period is open');
    case 'DRAFT':
    case 'FOUR_EYES':
    case 'OFFERED':
    case 'AWAITING_SIGNATURE':
      return isOver ? moveApplication(tx, application, 'EXPIRED', at, `${application.status} ran out of time`) : undefined;
    default:
      return undefined;
  }
}

/** What operators read of an application that waits. */
const SUMMARIES: Partial<Record<ApplicationStatus, string>> = {
  DRAFT: 'waiting for the borrower to complete the steps',
  FOUR_EYES: 'referred: waiting for an operator to approve or decline',
  OFFERED: 'waiting for the borrower to accept the offer',
  REFLECTION_PERIOD: 'reflection period: the borrower may cancel free of charge',
  AWAITING_SIGNATURE: 'waiting for the borrower to sign',
};

function describe(application: ApplicationRow): ApplicationStepResult {
  const at = application.waiting_until === null ? null : instant(application.waiting_until);
  const summary = SUMMARIES[application.status] ?? application.status;
  if (application.status === 'KYC_PENDING')
    return { status: application.status, next: 'VERIFY_IDENTITY', at: null, summary: 'identity is being checked' };
  if (application.status === 'READY_TO_DISBURSE')
    return { status: application.status, next: 'OPEN_LOAN', at: null, summary: 'the loan is opened' };
  if (isTerminal(APPLICATION_TRANSITIONS, application.status)) return { status: application.status, next: 'END', at: null, summary };
  return { status: application.status, next: 'WAIT', at, summary };
}

/** Takes every step that is due by `at` and says what comes next. Repeating it finds the steps taken and changes nothing. */
export async function advanceApplication(
  deps: ActivityDeps,
  { applicationId, at }: { applicationId: string; at: Instant },
): Promise<ApplicationStepResult> {
  return deps.db.transaction(async (tx) => {
    const { now } = await businessNow(tx);
    const input = { applicationId, at: laterOf(at, now) };
    let application = await lockApplication(tx, input.applicationId);
    if (application.status === 'DRAFT' && application.waiting_until === null) {
      const until = instant(epochMs(input.at) + productOf(deps, application).draftValidDays * DAY_MS);
      await updateApplication(tx, application.id, { waiting_until: until });
      application = { ...application, waiting_until: new Date(until) };
    }
    for (let next = await stepOnce(deps, tx, application, input.at); next; next = await stepOnce(deps, tx, application, input.at))
      application = next;
    if (application.status === 'READY_TO_DISBURSE') await openLoan(tx, application, input.at);
    return { ...describe(application), now };
  });
}

/** Asks the identity provider and records its verdict, once. Runs on the provider's task queue. */
export async function verifyIdentity(deps: ActivityDeps, input: { applicationId: string; at: Instant }): Promise<{ passed: boolean }> {
  const known = (await readDecisions(deps.db, input.applicationId)).find((decision) => decision.stage === 'KYC');
  if (known) return { passed: known.outcome === 'APPROVE' };
  const claim = await deps.db.transaction(async (tx) => {
    const application = await lockApplication(tx, input.applicationId);
    const identity = await deps.borrowers.identity(tx, application.borrower_id);
    return { ...identity, cardNumber: (await readSteps(deps, tx, application)).cardNumber };
  });
  const verdict = await deps.identityVerifier.verify(claim);
  const passed = await deps.db.transaction(async (tx) => {
    await lockPersonOf(tx, input.applicationId);
    const application = await lockApplication(tx, input.applicationId);
    if (application.status !== 'KYC_PENDING') return false;
    await assertPinned(deps, tx, application);
    // Said as any other failed check: whether an ID number is another customer's is nobody's to learn.
    const isOwn = verdict.passed && (await deps.borrowers.claimIdentity(tx, application.borrower_id));
    const checked = [...verdict.checked, ...(verdict.passed ? [{ check: 'one person, one account', passed: isOwn }] : [])];
    await insertDecision(tx, {
      application_id: application.id,
      stage: 'KYC',
      outcome: isOwn ? 'APPROVE' : 'DECLINE',
      policy: verdict.provider,
      reasons: isOwn ? [] : ['the identity could not be confirmed'],
      checks: { checked, notChecked: verdict.notChecked, identityVersion: application.identity_version ?? 0 },
      decided_by: verdict.provider,
      decided_at: input.at,
    });
    await moveApplication(
      tx,
      application,
      isOwn ? 'DECISION_PENDING' : 'DECLINED',
      input.at,
      isOwn ? 'identity checks passed' : 'identity checks failed',
    );
    return isOwn;
  });
  return { passed };
}
