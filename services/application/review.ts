import { readDecisions, rulesOutcomeOf, type ApplicationRow } from '../../db/application/applications';
import { insertReviewApproval, readReviewApprovals } from '../../db/application/reviews';
import { writeAudit } from '../../db/audit';
import { listOperators, mayAct } from '../../db/party/operators';
import type { Tx } from '../../db/pool';
import { deadlineOf } from '../../domain/application/agenda';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { productOf, type ActivityDeps } from '../deps';
import { assertConsents } from '../party/consents';
import { offer } from './advance';
import { requireStatus, type Asked, type Handler } from './asked';
import { APPLICATION_STEPS } from './application-steps';
import { recordDecision } from './decisions';
import { assertIdValid } from './id-validity';
import { otherObligations } from './other-obligations';
import { assertNotOver, moveApplication, referBackToBorrower } from './moves';

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

/** Who may approve now. */
async function approversOf(deps: ActivityDeps, tx: Tx): Promise<ReadonlySet<string>> {
  const epoch = await deps.restoreEpoch();
  const operators = await listOperators(tx);
  return new Set(operators.filter((each) => mayAct(each, epoch) && each.roles.includes('approver')).map(({ name }) => keys.operator(name)));
}

/** Whether an application, with what else was lent or promised to the person, is above the amount that one person may approve. */
export async function takesTwo(deps: Pick<ActivityDeps, 'catalogue'>, tx: Tx, application: ApplicationRow): Promise<boolean> {
  const { principal } = await otherObligations(tx, application.borrower_id, application.id);
  return (application.principal_fen ?? 0) + principal > productOf(deps, application).review.twoAbove;
}

/**
 * Whether another person has to approve too: above the product's amount. The first approval is kept until then.
 * FOUR_EYES_REQUIRED where the same person says it again.
 */
async function needsSecondReviewer(deps: ActivityDeps, tx: Tx, { command, application, at }: Asked): Promise<boolean> {
  if (!(await takesTwo(deps, tx, application))) return false;
  const acting = await approversOf(deps, tx);
  const known = await readReviewApprovals(tx, application.id, application.round);
  // Whoever may not act any more does not count.
  const earlier = known.filter(({ approvedBy }) => acting.has(approvedBy));
  if (known.some(({ approvedBy }) => approvedBy === command.caller))
    throw new LoanloomError('FOUR_EYES_REQUIRED', 'you approved it already: an amount of this size takes another person too');
  const approval = { approvedBy: command.caller, reason: String(command.body.reason ?? ''), at };
  await insertReviewApproval(tx, { applicationId: application.id, round: application.round, ...approval });
  if (earlier.length > 0) return false;
  await writeAudit(tx, { actor: command.caller, action: 'APPROVED_FIRST_OF_TWO', subject: application.id, reason: approval.reason });
  return true;
}

const OUTCOMES = { APPROVE: 'APPROVE', DECLINE: 'DECLINE', REFER_BACK: 'REFER' } as const;

export const review: Handler = async (deps, tx, asked) => {
  const { command, application, at } = asked;
  requireStatus(application, 'FOUR_EYES', 'a review');
  assertNotOver(application, at);
  const verdict = command.body.verdict === 'APPROVE' || command.body.verdict === 'REFER_BACK' ? command.body.verdict : 'DECLINE';
  if (verdict === 'APPROVE') {
    await assertConsents(tx, application.borrower_id);
    await assertIdValid(deps, tx, application, at);
    await assertRulesAllow(tx, application);
    if (await needsSecondReviewer(deps, tx, asked)) return { needsSecond: true };
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
