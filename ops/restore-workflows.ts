import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { hasAudit, writeAudit } from '../db/audit';
import type { Db } from '../db/pool';
import type { KnowsWorkflow } from '../services/payment/restore-guard';
import { keys } from '../domain/keys';
import { repair } from './audit/doctor';

/** Everything that lives in the time which a restored database has lost: what it remembers of its loan, payment or case is not what the books say. */
const TYPES = ['disburseLoan', 'debitLoan', 'originateLoan', 'serviceLoan', 'resolveBreak'] as const;
const REASON = 'the database was restored: everything starts again from the books';

/**
 * After a restore: ends what lives in the lost time (no send passes before the guard has cleared the database), and
 * starts every open loan, application and case again from the books alone. Answers with the ids of what was ended.
 * Repeating it is harmless.
 */
async function startAgainFromBooks(db: Db, client: Client): Promise<string[]> {
  const ended: string[] = [];
  for (const type of TYPES)
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = '${type}' AND ExecutionStatus = 'Running'` })) {
      await client.workflow
        .getHandle(workflowId)
        .terminate(REASON)
        .catch((error: unknown) => {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
      ended.push(workflowId);
    }
  // An application that was begun in the last minute was ended too.
  await repair(db, client, true);
  return ended;
}

/** The same once per restore: where an earlier try of the guard got that far, what lives now is of the books already. Undefined then. */
export async function startAgainOnce(
  db: Db,
  client: Client,
  { epoch, actor }: { readonly epoch: number; readonly actor: string },
): Promise<string[] | undefined> {
  const entry = { action: 'RESTORE_STARTED', subject: keys.epoch(epoch) };
  if (await hasAudit(db, entry)) return undefined;
  const ended = await startAgainFromBooks(db, client);
  await writeAudit(db, { ...entry, actor, reason: REASON, data: { ended: ended.length } });
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
