import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { KnowsWorkflow } from '../services/payment/restore-guard';
import type { Db } from '../db/pool';

/** Workflow types whose rows a restored database may lack, and where those are. */
const ENTITIES = {
  originateLoan: { table: 'applications', prefix: 'application-' },
  serviceLoan: { table: 'loans', prefix: 'loan-' },
  resolveBreak: { table: 'breaks', prefix: 'break-' },
} as const;
/** Their memory is of payments as they stood when the database was lost. */
const PAYMENTS = ['disburseLoan', 'debitLoan'] as const;

const REASON = 'the database was restored from a backup that does not know it';

/**
 * Ends the workflows that live in the time which the database has lost: payments that were being made (no send
 * passes before the guard has cleared the database, and loans take up what the books say), and whatever the
 * database has no row for. Returns their ids. Repeating it is harmless.
 */
export async function endLostWorkflows(db: Db, client: Client): Promise<string[]> {
  const ended: string[] = [];
  const end = async (workflowId: string) => {
    await client.workflow
      .getHandle(workflowId)
      .terminate(REASON)
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
    ended.push(workflowId);
  };
  const running = (type: string) => client.workflow.list({ query: `WorkflowType = '${type}' AND ExecutionStatus = 'Running'` });
  for (const type of PAYMENTS) for await (const { workflowId } of running(type)) await end(workflowId);
  for (const [type, { table, prefix }] of Object.entries(ENTITIES))
    for await (const { workflowId } of running(type)) {
      const row = await db(table)
        .where({ id: workflowId.slice(prefix.length) })
        .first<object | undefined>('id');
      if (!row) await end(workflowId);
    }
  return ended;
}

/** What Temporal knows of a workflow, running or ended. That it cannot be asked is no answer. */
export const knowsBy =
  (client: Client): KnowsWorkflow =>
  async (workflowId) => {
    try {
      await client.workflow.getHandle(workflowId).describe();
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
