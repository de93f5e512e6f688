import type { Client } from '@temporalio/client';
import { deliverCommand } from '../temporal/delivery';
import { eraseDue } from '../services/party/erasure';
import { isRestoreCleared } from '../services/payment/restore-check';
import type { ActivityDeps } from '../services/deps';
import { takeUndelivered } from '../db/commands';
import { sealAudit } from '../db/audit';
import { leaseDue, markDelivered, markFailed, postpone, postponeTo, type OutboxRow } from '../db/outbox';
import { Deliverer } from './deliver';
import { idlerOf, type Idler } from './idler';

const BATCH = 50;
const IDLE_MS = 500;
const SEAL_MS = 2_000;
const SEALED_AT_ONCE = 500;
const FORGET_MS = 5_000;
/** Deliveries of one kind under way at once. */
const PARALLEL = 8;

export interface Relay {
  stop(): Promise<void>;
}

/** Runs `work` over all items, a few at a time. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
}

/**
 * Delivers what was committed: commands that no caller saw through, notices of facts, contacts, mail, urgent before
 * bulk. At least once; every receiver knows the key. Rows are leased, delivered outside any transaction, and then
 * marked: a relay that dies in between lets its lease run out, and several may run. What is refused for good is FAILED,
 * with an alarm.
 */
export function startRelay(deps: ActivityDeps, client: Client, alarmsTo = 'operations@loanloom.invalid'): Relay {
  const deliverer = new Deliverer(deps, client, alarmsTo);
  const idlers: Idler[] = [];

  async function handle(row: OutboxRow): Promise<void> {
    const delivery = await deliverer.deliver(row);
    if (delivery.state === 'DELIVERED') await markDelivered(deps.db, row.id);
    else if (delivery.state === 'FAILED') await deps.db.transaction((tx) => markFailed(tx, row));
    else if (delivery.state === 'LATER') await postponeTo(deps.db, row.id, delivery.at);
    else await postpone(deps.db, row);
  }

  async function relayOutbox(topic: OutboxRow['topic']): Promise<number> {
    const rows = await leaseDue(deps.db, topic, BATCH);
    await inParallel(rows, handle);
    return rows.length;
  }

  async function relayCommands(): Promise<number> {
    // What a restored database holds as undone may have been done: nothing of it is delivered before the guard has looked.
    if (!(await isRestoreCleared(deps, deps.db))) return 0;
    const commands = await takeUndelivered(deps.db, BATCH);
    await inParallel(commands, async (command) => {
      await deliverCommand({ db: deps.db, client, timeoutMs: 10_000 }, command).catch((error: unknown) => {
        deps.log.warn(
          { command: command.id, operation: command.operation, error: error instanceof Error ? error.name : 'unknown' },
          'command not delivered yet; it is tried again',
        );
      });
    });
    return commands.length;
  }

  /** Chains the audit lines of the last seconds, so that no writer of one waits for another. */
  const sealLines = () => sealAudit(deps.db, SEALED_AT_ONCE);

  /** Each kind of delivery has a loop of its own: a mail server that hangs holds up no signal and no command. */
  async function loop(relayBatch: () => Promise<number>, idleMs = IDLE_MS): Promise<void> {
    const idler = idlerOf(idleMs);
    idlers.push(idler);
    while (!idler.stopped) {
      const done = await relayBatch().catch((error: unknown) => {
        deps.log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'the relay cannot reach the database; it tries again');
        return 0;
      });
      if (done < BATCH) await idler.turn();
    }
  }

  /** Who wished to be forgotten, and whose day has come. */
  const forget = () => eraseDue(deps);

  const topics: readonly OutboxRow['topic'][] = ['loan.fact', 'payment.hint', 'break', 'alarm', 'contact', 'mail'];
  const running = Promise.all([
    ...topics.map((topic) => loop(() => relayOutbox(topic))),
    loop(relayCommands),
    loop(sealLines, SEAL_MS),
    loop(forget, FORGET_MS),
  ]);
  return {
    async stop() {
      for (const idler of idlers) idler.stop();
      await running;
    },
  };
}
