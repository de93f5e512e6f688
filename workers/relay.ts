import type { Client } from '@temporalio/client';
import { deliverCommand } from '../api/delivery';
import type { ActivityDeps } from '../activities/deps';
import { renderAlarm, renderMail } from '../activities/mail-templates';
import { businessNow } from '../db/clock';
import { takeUndelivered } from '../db/commands';
import { markDelivered, postpone, takeDue, type OutboxRow } from '../db/outbox';
import type { Instant } from '../domain/dates';
import { taskQueues, workflowIds } from '../domain/ids';
import { OPEN_LOANS, type LoanStatus } from '../domain/states';
import { queryNow } from '../workflows/disburse-loan.messages';
import { resolveBreak } from '../workflows/resolve-break';
import { breakChanged } from '../workflows/resolve-break.messages';
import { factsChanged } from '../workflows/service-loan.messages';
import { restartLoan } from './restart-loan';

const BATCH = 50;
const IDLE_MS = 500;

export interface Relay {
  stop(): Promise<void>;
}

/**
 * Delivers what was committed: commands that no caller saw through, notices of facts, mail. At least
 * once; every receiver knows the key. Several relays may run: rows are taken with SKIP LOCKED.
 */
export function startRelay(deps: ActivityDeps, client: Client, alarmsTo = 'operations@loanloom.invalid'): Relay {
  let isStopping = false;
  const wakers = new Set<() => void>();

  async function deliver(row: OutboxRow): Promise<void> {
    const { now } = await businessNow(deps.db);
    switch (row.topic) {
      case 'loan.fact':
        await tellLoan(row.subject, now);
        return;
      case 'break':
        await client.workflow.signalWithStart(resolveBreak, {
          workflowId: workflowIds.break(row.subject),
          taskQueue: taskQueues.loans,
          staticSummary: `reconciliation break ${row.subject}`,
          args: [{ breakId: row.subject, now }],
          signal: breakChanged,
        });
        return;
      case 'payment.hint':
        await passHint(row.subject, now);
        return;
      case 'alarm':
        await deps.mailer.send({ to: alarmsTo, key: row.key, ...renderAlarm(row.subject, row.payload) });
        return;
      case 'mail': {
        const { email } = await deps.borrowers.identity(deps.db, row.subject);
        const secret = row.secret_enc === null ? {} : { secret: await openSecret(row) };
        await deps.mailer.send({ to: email, key: row.key, ...renderMail({ ...row.payload, ...secret }) });
      }
    }
  }

  /** A loan that is open and has no workflow (a returned payment reopened it) gets one; a closed one needs no notice. */
  async function tellLoan(loanId: string, now: Instant): Promise<void> {
    try {
      await client.workflow.getHandle(workflowIds.loan(loanId)).signal(factsChanged, { at: now });
    } catch (error) {
      if (!isGone(error)) throw error;
      const loan = await deps.db('loans').where({ id: loanId }).first<{ status: LoanStatus } | undefined>('status');
      if (loan && OPEN_LOANS.includes(loan.status)) await restartLoan(client, loanId, now);
    }
  }

  /** A channel says that something happened to a payment: its workflow asks now instead of later. */
  async function passHint(number: string, now: Instant): Promise<void> {
    const attempt = await deps
      .db('payment_attempts as a')
      .join('payment_instructions as i', 'i.id', 'a.instruction_id')
      .where('a.number', number)
      .first<{ id: string; direction: string; loan_id: string } | undefined>('i.id', 'i.direction', 'i.loan_id');
    if (!attempt) return;
    if (attempt.direction !== 'DEBIT') await client.workflow.getHandle(workflowIds.disbursement(attempt.id)).signal(queryNow);
    else {
      await deps.db('payment_instructions').where({ id: attempt.id }).update({ hinted_at: now });
      await tellLoan(attempt.loan_id, now);
    }
  }

  async function openSecret(row: OutboxRow): Promise<string> {
    const person = await deps.borrowers.personVault(deps.db, row.subject);
    return person.decrypt({ table: 'outbox', column: 'secret_enc', row: row.key }, row.secret_enc ?? Buffer.alloc(0));
  }

  /** A workflow that is gone needs no notice: what it has to know is in Postgres when it comes back. */
  const isGone = (error: unknown) => error instanceof Error && error.name === 'WorkflowNotFoundError';

  async function relayOutbox(topic: OutboxRow['topic']): Promise<number> {
    return deps.db.transaction(async (tx) => {
      const rows = await takeDue(tx, topic, BATCH);
      for (const row of rows) {
        try {
          await deliver(row);
          await markDelivered(tx, row.id);
        } catch (error) {
          if (isGone(error)) await markDelivered(tx, row.id);
          else {
            deps.log.warn(
              { key: row.key, topic: row.topic, attempts: row.attempts, error: error instanceof Error ? error.name : 'unknown' },
              'delivery failed; it is tried again',
            );
            await postpone(tx, row);
          }
        }
      }
      return rows.length;
    });
  }

  async function relayCommands(): Promise<number> {
    const commands = await takeUndelivered(deps.db, BATCH);
    for (const command of commands) {
      await deliverCommand({ db: deps.db, client, timeoutMs: 10_000 }, command).catch((error: unknown) => {
        deps.log.warn(
          { command: command.id, operation: command.operation, error: error instanceof Error ? error.name : 'unknown' },
          'command not delivered yet; it is tried again',
        );
      });
    }
    return commands.length;
  }

  /** Each kind of delivery has a loop of its own: a mail server that hangs holds up no signal and no command. */
  async function loop(relayBatch: () => Promise<number>): Promise<void> {
    while (!isStopping) {
      const done = await relayBatch().catch((error: unknown) => {
        deps.log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'the relay cannot reach the database; it tries again');
        return 0;
      });
      if (done < BATCH) {
        await new Promise<void>((resolve) => {
          wakers.add(resolve);
          setTimeout(resolve, IDLE_MS);
        });
      }
    }
  }

  const topics: readonly OutboxRow['topic'][] = ['loan.fact', 'payment.hint', 'break', 'alarm', 'mail'];
  const running = Promise.all([...topics.map((topic) => loop(() => relayOutbox(topic))), loop(relayCommands)]);
  return {
    async stop() {
      isStopping = true;
      for (const wake of wakers) wake();
      await running;
    },
  };
}
