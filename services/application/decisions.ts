import { insertDecision, type DecisionRow } from '../../db/application/applications';
import { writeAudit } from '../../db/audit';
import type { Tx } from '../../db/pool';
import type { Instant } from '../../domain/time/dates';

/** Records a decision about an application, and who took it, by which policy and why, in the audit log. */
export async function recordDecision(tx: Tx, decision: Omit<DecisionRow, 'decided_at'> & { readonly decided_at: Instant }): Promise<void> {
  await insertDecision(tx, decision);
  const { application_id: subject, stage, outcome, policy, reasons, decided_by: actor } = decision;
  await writeAudit(tx, {
    actor,
    // A person's word has its own verbs.
    action: stage === 'REVIEW' ? outcome : `${stage}_${outcome}`,
    subject,
    reason: reasons.join('; ') || `nothing spoke against it by ${policy}`,
    data: { stage, policy },
  });
}
