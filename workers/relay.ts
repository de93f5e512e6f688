import type { Client } from '@temporalio/client';
import { deliverCommand } from '../api/delivery';
import type { ActivityDeps } from '../activities/deps';
import { renderMail } from '../activities/mail-templates';
import { businessNow } from '../db/clock';
import { takeUndelivered } from '../db/commands';
import { markDelivered, postpone, takeDue, type OutboxRow } from '../db/outbox';
import { workflowIds } from '../domain/ids';
import { factsChanged } from '../workflows/service-loan.messages';

const BATCH = 50;
const IDLE_MS = 500;

export interface Relay {
  stop(): Promise<void>;
}

/**
 * Delivers what was committed: commands that no caller saw through, notices of facts, mail. At least
 * once; every receiver knows the key. Several relays may run: rows are taken with SKIP LOCKED.
 */
export function startRelay(deps: ActivityDeps, client: Client): Relay {
  let isStopping = false;
  const wakers = new Set<() => void>();

  async function deliver(row: OutboxRow): Promise<void> {
    if (row.topic === 'loan.fact') {
      const { now } = await businessNow(deps.db);
      await client.workflow.getHandle(workflowIds.loan(row.subject)).signal(factsChanged, { at: now });
      return;
    }
    const { email } = await deps.borrowers.identity(deps.db, row.subject);
    const secret = row.secret_enc === null ? {} : { secret: await openSecret(row) };
    await deps.mailer.send({ to: email, key: row.key, ...renderMail({ ...row.payload, ...secret }) });
  }

  async function openSecret(row: OutboxRow): Promise<string> {
    const person = await deps.borrowers.personVault(deps.db, row.subject);
    return person.decrypt({ table: 'outbox', column: 'secret_enc', row: row.key }, row.secret_enc ?? Buffer.alloc(0));
  }

  /** A loan whose workflow is gone needs no notice: what it has to know is in Postgres when it comes back. */
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

  const running = Promise.all([loop(() => relayOutbox('loan.fact')), loop(() => relayOutbox('mail')), loop(relayCommands)]);
  return {
    async stop() {
      isStopping = true;
      for (const wake of wakers) wake();
      await running;
    },
  };
}
