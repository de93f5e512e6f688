import { lockApplication, lockPersonOf, readApplication, readDecisions, type ApplicationRow } from '../../db/application/applications';
import type { Tx } from '../../db/pool';
import { deadlineOf } from '../../domain/application/agenda';
import type { Instant } from '../../domain/time/dates';
import { productOf, type ActivityDeps } from '../deps';
import { consentInForce, missingConsents } from '../party/consents';
import { assertPinned } from './advance';
import { readSteps } from './application-steps';
import { recordDecision } from './decisions';
import { moveApplication, referBackToBorrower } from './moves';

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

/** Asks the identity provider and records its verdict, once. Runs on the provider's task queue. */
export async function verifyIdentity(deps: ActivityDeps, input: { applicationId: string; at: Instant }): Promise<{ passed: boolean }> {
  const { round } = await readApplication(deps.db, input.applicationId);
  const known = (await readDecisions(deps.db, input.applicationId)).find((each) => each.stage === 'KYC' && each.round === round);
  if (known) return { passed: known.outcome === 'APPROVE' };
  const claim = await deps.db.transaction(async (tx) => {
    await lockPersonOf(tx, input.applicationId);
    const application = await lockApplication(tx, input.applicationId);
    const { missing, isWithdrawn } = await missingConsents(tx, application.borrower_id);
    const consent = await consentInForce(tx, application.borrower_id, 'IDENTITY_QUERY');
    if (!consent || missing.length > 0) {
      if (application.status === 'KYC_PENDING') await endOrAsk(deps, tx, { application, isWithdrawn, at: input.at });
      return undefined;
    }
    const identity = await deps.borrowers.identity(tx, application.borrower_id);
    const { cardNumber } = await readSteps(deps, tx, application);
    return {
      question: { ...identity, cardNumber, consentId: consent.id },
      round: application.round,
      version: application.identity_version,
    };
  });
  if (!claim) return { passed: false };
  const verdict = await deps.identityVerifier.verify(claim.question);
  const passed = await deps.db.transaction(async (tx) => {
    await lockPersonOf(tx, input.applicationId);
    const application = await lockApplication(tx, input.applicationId);
    // Answered too late: another try was, and the application is in another round by now, perhaps with another person's data.
    const isSame = application.round === claim.round && application.identity_version === claim.version;
    if (application.status !== 'KYC_PENDING' || !isSame) return false;
    await assertPinned(deps, tx, application);
    // Said as any other failed check: whether an ID number is another customer's is nobody's to learn.
    const isOwn = verdict.passed && (await deps.borrowers.claimIdentity(tx, application.borrower_id));
    const checked = [...verdict.checked, ...(verdict.passed ? [{ check: 'one person, one account', passed: isOwn }] : [])];
    await recordDecision(tx, {
      application_id: application.id,
      round: application.round,
      stage: 'KYC',
      outcome: isOwn ? 'APPROVE' : 'DECLINE',
      policy: verdict.provider,
      reasons: isOwn ? [] : ['the identity could not be confirmed'],
      checks: { checked, notChecked: verdict.notChecked, identityVersion: application.identity_version ?? 0 },
      decided_by: verdict.provider,
      decided_at: input.at,
    });
    const move = isOwn
      ? ({ to: 'DECISION_PENDING', why: 'identity checks passed' } as const)
      : ({ to: 'DECLINED', why: 'identity checks failed' } as const);
    await moveApplication(tx, application, { ...move, at: input.at });
    return isOwn;
  });
  return { passed };
}
