import type { Client } from '@temporalio/client';
import { writeAudit } from '../db/audit';
import type { Db } from '../db/pool';
import { LoanloomError } from '../domain/errors';
import { queryNow } from '../workflows/disburse-loan.messages';
import { disbursementOfEpoch } from '../db/payment/restore';

/** The workflow of a loan's open payout; PAYOUT_NOT_STUCK when none is open. */
export async function disbursementOf(deps: { db: Db }, loanId: string): Promise<string> {
  const row = await deps
    .db('payment_instructions')
    .where({ loan_id: loanId, direction: 'PAYOUT' })
    .whereIn('state', ['IN_FLIGHT', 'MANUAL', 'AUTHORIZED'])
    .first<{ id: string } | undefined>('id');
  if (!row && !(await deps.db('loans').where({ id: loanId }).first<{ id: string } | undefined>('id')))
    throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  if (!row) throw new LoanloomError('PAYOUT_NOT_STUCK', 'this loan has no open payout');
  return disbursementOfEpoch(deps.db, row.id);
}

/** Asks the channel at once. Free of effects on money, and audited like every operator's act. */
export async function nudgeDisbursement(
  deps: { db: Db; client: Client },
  nudge: { workflowId: string; actor: string; loanId: string; reason: string },
): Promise<void> {
  await writeAudit(deps.db, { actor: nudge.actor, action: 'QUERY_PAYOUT', subject: nudge.loanId, reason: nudge.reason });
  await deps.client.workflow.getHandle(nudge.workflowId).signal(queryNow);
}
