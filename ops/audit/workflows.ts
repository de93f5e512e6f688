import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Db } from '../../db/pool';
import { taskQueues } from '../../domain/ids';
import type { Instant } from '../../domain/time/dates';
import { ENDED_APPLICATIONS, OPEN_LOANS } from '../../domain/states';
import { restartLoan } from '../../temporal/restart-loan';
import { breakChanged } from '../../workflows/resolve-break.messages';
import { factsChanged } from '../../workflows/service-loan.messages';
import { disbursementWorkflowId, FIRST_EPOCH, workflowShapes } from '../../domain/keys';
import { restoreEpochOf } from '../../db/payment/restore';

/** Something open in Postgres whose workflow does not run. */
export interface Orphan {
  readonly workflowId: string;
  /** Where it may run instead: a payment that lives in another restore epoch. */
  readonly elsewhere?: readonly string[];
  /** Brings it back from Postgres alone. Repeating it is harmless: the workflow id refuses a second one. */
  restart(now: Instant): Promise<void>;
}

const AT_ONCE = 16;

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    // That Temporal cannot be asked is no answer.
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function runsSomewhere(client: Client, { workflowId, elsewhere = [] }: Orphan): Promise<boolean> {
  for (const each of [workflowId, ...elsewhere]) if (await isRunning(client, each)) return true;
  return false;
}

async function loans(db: Db, client: Client): Promise<Orphan[]> {
  const rows = await db('loans').whereIn('status', OPEN_LOANS).orderBy('id').select<{ id: string }[]>('id');
  return rows.map(({ id }) => ({ workflowId: workflowShapes.loan(id), restart: (now) => restartLoan(client, id, now) }));
}

/** Those whose start was delivered, up to the one that becomes a loan; a start of the last minute may be on its way, where nobody has ended it. */
async function applications(db: Db, client: Client, isEnded: boolean): Promise<Orphan[]> {
  const rows = await db('applications as a')
    .whereNotIn('status', ENDED_APPLICATIONS)
    .whereRaw('NOT EXISTS (SELECT FROM loans l WHERE l.id = a.id)')
    .whereRaw(
      `NOT EXISTS (SELECT FROM commands c WHERE c.subject = a.id AND c.operation = 'START_APPLICATION'
         AND (c.state = 'RECEIVED' OR (NOT ? AND c.created_at > now() - interval '1 minute')))`,
      [isEnded],
    )
    .orderBy('a.id')
    .select<{ id: string }[]>('a.id');
  return rows.map(({ id }) => ({
    workflowId: workflowShapes.application(id),
    restart: async (now) => {
      await client.workflow.start('originateLoan', {
        workflowId: workflowShapes.application(id),
        taskQueue: taskQueues.loans,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `application ${id}, restarted from its records`,
        args: [{ applicationId: id, now }],
      });
    },
  }));
}

/** How often a database may have been marked as restored without having been cleared: payments wait in those epochs too. */
const UNCLEARED_EPOCHS = 3;

/** Payouts and refunds on their way: their loan starts the workflow again when it is told. */
async function disbursements(db: Db, client: Client): Promise<Orphan[]> {
  const epoch = (await restoreEpochOf(db)) ?? FIRST_EPOCH;
  const rows = await db('payment_instructions')
    .where({ state: 'IN_FLIGHT' })
    .whereIn('direction', ['PAYOUT', 'REFUND'])
    .orderBy('id')
    .select<{ id: string; loan_id: string }[]>('id', 'loan_id');
  const others = Array.from({ length: epoch + UNCLEARED_EPOCHS }, (_, index) => index + 1).filter((each) => each !== epoch);
  return rows.map((row) => ({
    workflowId: disbursementWorkflowId(row.id, epoch),
    elsewhere: others.map((each) => disbursementWorkflowId(row.id, each)),
    restart: async (now) => {
      await client.workflow.getHandle(workflowShapes.loan(row.loan_id)).signal(factsChanged, { at: now });
    },
  }));
}

/** Breaks that their workflow was told about. */
async function breaks(db: Db, client: Client): Promise<Orphan[]> {
  const rows = await db('breaks as b')
    .whereNull('closed_on')
    .whereRaw(`NOT EXISTS (SELECT FROM outbox o WHERE o.topic = 'break' AND o.subject = b.id AND o.delivered_at IS NULL)`)
    .orderBy('b.id')
    .select<{ id: string }[]>('b.id');
  return rows.map(({ id }) => ({
    workflowId: workflowShapes.break(id),
    restart: async (now) => {
      await client.workflow.signalWithStart('resolveBreak', {
        workflowId: workflowShapes.break(id),
        taskQueue: taskQueues.loans,
        staticSummary: `reconciliation break ${id}, restarted from its records`,
        args: [{ breakId: id, now }],
        signal: breakChanged,
      });
    },
  }));
}

/**
 * I11: every open loan, application, payout and break has its one running workflow; those that have none, in the order in
 * which they are repaired. `isEnded`: what ran was ended on purpose, the youngest too.
 */
export async function orphans(db: Db, client: Client, isEnded = false): Promise<Orphan[]> {
  const kinds = [loans(db, client), applications(db, client, isEnded), disbursements(db, client), breaks(db, client)];
  const all = (await Promise.all(kinds)).flat();
  const found: Orphan[] = [];
  for (let start = 0; start < all.length; start += AT_ONCE) {
    const some = all.slice(start, start + AT_ONCE);
    const running = await Promise.all(some.map((each) => runsSomewhere(client, each)));
    found.push(...some.filter((_, index) => !running[index]));
  }
  return found;
}
