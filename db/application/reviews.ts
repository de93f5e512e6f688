import { instant, type Instant } from '../../domain/time/dates';
import type { Db, Tx } from '../pool';

/** One person's approval of an application that takes two. */
export interface ReviewApproval {
  readonly approvedBy: string;
  readonly reason: string;
  readonly at: Instant;
}

/** Approvals of a round so far, oldest first. */
export async function readReviewApprovals(db: Db | Tx, applicationId: string, round: number): Promise<ReviewApproval[]> {
  const rows = await db('review_approvals')
    .where({ application_id: applicationId, round })
    .orderBy('approved_at')
    .select<{ approved_by: string; reason: string; approved_at: Date }[]>();
  return rows.map((row) => ({ approvedBy: row.approved_by, reason: row.reason, at: instant(row.approved_at.getTime()) }));
}

export async function insertReviewApproval(
  tx: Tx,
  approval: ReviewApproval & { readonly applicationId: string; readonly round: number },
): Promise<void> {
  const { applicationId: application_id, round, approvedBy: approved_by, reason, at: approved_at } = approval;
  await tx('review_approvals').insert({ application_id, round, approved_by, reason, approved_at });
}
