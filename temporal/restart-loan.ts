import type { Client } from '@temporalio/client';
import type { Instant } from '../domain/time/dates';
import { taskQueues } from '../domain/ids';
import { workflowShapes } from '../domain/keys';

/**
 * Starts a loan's workflow from its records alone: after Temporal lost it, or after a returned payment
 * reopened the loan. Safe to repeat: the workflow id refuses a second one, and business keys refuse a second
 * payout or debit.
 */
export async function restartLoan(client: Client, loanId: string, now: Instant): Promise<void> {
  await client.workflow.start('serviceLoan', {
    workflowId: workflowShapes.loan(loanId),
    taskQueue: taskQueues.loans,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `loan ${loanId}, restarted from its records`,
    args: [{ loanId, now }],
  });
}
