import {
  lockApplication,
  lockPersonOf,
  readApplicationEvents,
  readDecisions,
  readOffer,
  savedSteps,
} from '../../db/application/applications';
import { readReviewApprovals, type ReviewApproval } from '../../db/application/reviews';
import { writeAudit } from '../../db/audit';
import { readConsents } from '../../db/party/consents';
import { readIdentityChecks } from '../../db/party/identity-checks';
import type { Tx } from '../../db/pool';
import type { Stated } from '../../domain/application/form';
import type { Fen } from '../../domain/money/money';
import { ageOn, dateOfBirth } from '../../domain/party/person';
import { businessDateOf, instant, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { ActivityDeps } from '../deps';
import { missingConsents } from '../party/consents';
import { APPLICATION_STEPS, missingSteps, readSteps } from './application-steps';
import { replayDecisions, type Replay } from './decisions';
import { deadlineIn } from './moves';
import { otherObligations } from './other-obligations';
import { takesTwo } from './review';

type Deps = Pick<ActivityDeps, 'db' | 'borrowers' | 'catalogue'>;

/** One thing that was checked: by whom, when, and what came of it. */
export interface ReviewedCheck {
  readonly check: string;
  readonly source: string;
  readonly answer: string;
  readonly at: Instant;
  readonly tries: number;
}

/** Everything that a reviewer decides from. Who somebody is, is not part of it: only what was found about them. */
export interface ReviewFile {
  readonly applicationId: string;
  readonly status: string;
  readonly round: number;
  readonly waitingUntil: Instant | null;
  readonly product: { readonly id: string; readonly version: number };
  readonly partnerId: string | null;
  readonly asked: { readonly principal: Fen; readonly termMonths: number; readonly monthlyIncome: Fen; readonly stated: Stated } | null;
  readonly age: number | null;
  /** What the person owes us a month besides, in fen. */
  readonly otherInstallments: Fen;
  readonly firstInstallment: Fen | null;
  readonly checks: readonly ReviewedCheck[];
  readonly decisions: readonly {
    readonly round: number;
    readonly stage: string;
    readonly outcome: string;
    readonly by: string;
    readonly at: Instant;
    readonly reasons: readonly string[];
    readonly notChecked: readonly string[];
  }[];
  readonly replays: readonly Replay[];
  readonly consents: readonly { readonly kind: string; readonly isGranted: boolean; readonly at: Instant }[];
  /** Steps and consents that are not there. */
  readonly missing: readonly string[];
  readonly approvals: readonly ReviewApproval[];
  /** Whether this amount takes two. */
  readonly takesTwo: boolean;
  readonly history: readonly { readonly kind: string; readonly at: Instant }[];
}

/** What was entered, in clear for as long as the caller holds it; null before every step is saved. */
async function askedIn(deps: Deps, tx: Tx, application: Parameters<typeof readSteps>[2]) {
  const saved = await savedSteps(tx, application.id);
  if (!APPLICATION_STEPS.every((step) => saved.has(step))) return null;
  const { principal, termMonths, monthlyIncome, stated } = await readSteps(deps, tx, application);
  const { idNumber } = await deps.borrowers.identity(tx, application.borrower_id);
  return { asked: { principal, termMonths, monthlyIncome, stated }, bornOn: dateOfBirth(idNumber) };
}

/**
 * Everything that is known about an application, each check with its source and time, and what is missing. Who looks, and
 * why, is a line of the audit log, written in the same transaction. NOT_FOUND.
 */
export async function openReviewFile(
  deps: Deps,
  look: { readonly applicationId: string; readonly actor: string; readonly reason: string; readonly at: Instant },
): Promise<ReviewFile> {
  const { applicationId, actor, reason, at } = look;
  return deps.db.transaction(async (tx) => {
    await lockPersonOf(tx, applicationId);
    const application = await lockApplication(tx, applicationId);
    await writeAudit(tx, { actor, action: 'LOOK_AT_APPLICATION', subject: applicationId, reason });
    if (application.status === 'DRAFT' && application.round === 1)
      throw new LoanloomError('ILLEGAL_TRANSITION', 'it was never submitted: what a draft says is its borrower’s own', { from: 'DRAFT' });
    const entered = await askedIn(deps, tx, application);
    const [checks, decisions, offer] = [
      await readIdentityChecks(tx, applicationId),
      await readDecisions(tx, applicationId),
      await readOffer(tx, applicationId),
    ];
    return {
      applicationId,
      status: application.status,
      round: application.round,
      waitingUntil: deadlineIn(application),
      product: { id: application.product_id, version: application.product_version },
      partnerId: application.partner_id,
      asked: entered?.asked ?? null,
      age: entered?.bornOn == null ? null : ageOn(entered.bornOn, businessDateOf(at)),
      otherInstallments: (await otherObligations(tx, application.borrower_id, applicationId)).installments,
      firstInstallment: offer?.first_installment_fen ?? null,
      checks: checks.map(({ kind, source, answer, lastAskedAt, tries }) => ({
        check: kind,
        source,
        answer: answer ?? 'no answer yet',
        at: lastAskedAt,
        tries,
      })),
      decisions: decisions.map((each) => ({
        round: each.round,
        stage: each.stage,
        outcome: each.outcome,
        by: each.decided_by,
        at: instant(each.decided_at),
        reasons: each.reasons,
        notChecked: (each.checks as { notChecked?: readonly string[] } | null)?.notChecked ?? [],
      })),
      replays: await replayDecisions({ ...deps, db: tx }, application),
      consents: (await readConsents(tx, application.borrower_id)).map(({ kind, isGranted, at: since }) => ({ kind, isGranted, at: since })),
      missing: [
        ...(await missingSteps(tx, application)).map((step) => `step ${step}`),
        ...(await missingConsents(tx, application.borrower_id)).missing.map((kind) => `consent ${kind}`),
      ],
      approvals: await readReviewApprovals(tx, applicationId, application.round),
      takesTwo: await takesTwo(deps, tx, application),
      history: (await readApplicationEvents(tx, applicationId)).map(({ kind, at: since }) => ({ kind, at: since })),
    };
  });
}
