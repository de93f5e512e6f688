import type { Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { CommandRow } from '../commands';
import type { Db, Tx } from '../pool';

/** A decision about a loan that takes two people; the database refuses the same one twice. */
export interface ProposalRow {
  readonly id: string;
  readonly loan_id: string;
  readonly body: CommandRow['body'];
  readonly why: string;
  readonly proposed_by: string;
  readonly proposed_at: Date;
  readonly state: 'PROPOSED' | 'APPROVED' | 'REFUSED';
  readonly decided_by: string | null;
}

export async function insertProposal(
  tx: Tx,
  proposal: { id: string; loanId: string; body: CommandRow['body']; why: string; proposedBy: string; proposedAt: Instant },
): Promise<void> {
  await tx('adjustment_proposals').insert({
    id: proposal.id,
    loan_id: proposal.loanId,
    body: JSON.stringify(proposal.body),
    why: proposal.why,
    proposed_by: proposal.proposedBy,
    proposed_at: proposal.proposedAt,
  });
}

export async function lockProposal(tx: Tx, id: string): Promise<ProposalRow> {
  const row = await tx('adjustment_proposals').where({ id }).forUpdate().first<ProposalRow | undefined>();
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such proposal');
  return row;
}

export async function decideProposal(tx: Tx, id: string, state: 'APPROVED' | 'REFUSED', by: string): Promise<void> {
  await tx('adjustment_proposals').where({ id }).update({ state, decided_by: by });
}

/** Proposals that wait for a second person, oldest first. */
export async function openProposals(db: Db): Promise<ProposalRow[]> {
  return db('adjustment_proposals').where({ state: 'PROPOSED' }).orderBy('proposed_at').select<ProposalRow[]>();
}
