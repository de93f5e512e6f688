import { insertDecision, readDecisions, type ApplicationRow, type DecisionRow } from '../../db/application/applications';
import { writeAudit } from '../../db/audit';
import type { Tx } from '../../db/pool';
import type { Instant } from '../../domain/time/dates';
import { decide, POLICY, type Applicant } from '../../risk/rules';
import { productOf, type ActivityDeps } from '../deps';

/** Where a decision's snapshot lives, for its encryption. */
const snapshotAddress = (applicationId: string, round: number) => ({
  table: 'decisions',
  column: 'snapshot_enc',
  row: `${applicationId}/${String(round)}`,
});

/** What the rules looked at, sealed with the borrower's key, and its hash by that key: a plain one of so few facts is soon turned back. */
export async function sealSnapshot(
  { borrowers }: Pick<ActivityDeps, 'borrowers'>,
  tx: Tx,
  { id, borrower_id: borrowerId, round }: Pick<ApplicationRow, 'id' | 'borrower_id' | 'round'>,
  applicant: Applicant,
): Promise<{ snapshot_enc: Buffer; snapshot_mac: string }> {
  const text = JSON.stringify(applicant);
  const person = await borrowers.personVault(tx, borrowerId);
  return {
    snapshot_enc: person.encrypt(snapshotAddress(id, round), text),
    snapshot_mac: person.hash(text, 'snapshot').toString('hex'),
  };
}

/** A decision by rules that was run again from what it was taken from. */
export interface Replay {
  readonly round: number;
  readonly policy: string;
  readonly recorded: DecisionRow['outcome'];
  /** Null for a decision of another policy, or from before snapshots were kept: it cannot be run again here. */
  readonly replayed: DecisionRow['outcome'] | null;
}

/** Runs every decision by rules about an application again (B8): what the rules say now of the very same facts. */
export async function replayDecisions(
  deps: Pick<ActivityDeps, 'db' | 'borrowers' | 'catalogue'>,
  application: ApplicationRow,
): Promise<Replay[]> {
  const person = await deps.borrowers.personVault(deps.db, application.borrower_id);
  const decisions = (await readDecisions(deps.db, application.id)).filter(({ stage }) => stage === 'RULES');
  return decisions.map((decision) => {
    const { round, policy, snapshot_enc: sealed } = decision;
    const about = { round, policy, recorded: decision.outcome };
    if (sealed === null || policy !== POLICY) return { ...about, replayed: null };
    const applicant = JSON.parse(person.decrypt(snapshotAddress(application.id, round), sealed)) as Applicant;
    return { ...about, replayed: decide(applicant, productOf(deps, application)).outcome };
  });
}

/** Records a decision about an application, and who took it, by which policy and why, in the audit log. */
export async function recordDecision(
  tx: Tx,
  decision: Omit<DecisionRow, 'decided_at' | 'snapshot_enc' | 'snapshot_mac'> &
    Partial<Pick<DecisionRow, 'snapshot_enc' | 'snapshot_mac'>> & { readonly decided_at: Instant },
): Promise<void> {
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
