import { allHandlersFinished, ApplicationFailure, condition } from '@temporalio/workflow';
import type { Verdict } from '../activities/commands';
import type { Instant } from '../domain/dates';

/** How every command reaches a workflow: by the id under which it is stored, with the sender's business time. */
export interface CommandMessage {
  readonly commandId: string;
  readonly at: Instant;
}

interface Item {
  readonly message: CommandMessage;
  verdict?: Verdict;
  failure?: unknown;
}

/**
 * The queue between handlers and the loop that is the only writer: a handler enqueues and awaits its
 * verdict, the loop takes one command at a time.
 */
export class Inbox {
  private readonly waiting: Item[] = [];

  isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** For update handlers. */
  async submit(message: CommandMessage): Promise<Verdict> {
    const item: Item = { message };
    this.waiting.push(item);
    await condition(() => item.verdict !== undefined || item.failure !== undefined);
    if (item.verdict) return item.verdict;
    throw item.failure;
  }

  /** Waits until no handler is open. False when a command came in meanwhile: it has to be answered first. */
  async drained(): Promise<boolean> {
    await condition(() => allHandlersFinished() || !this.isEmpty());
    return this.isEmpty();
  }

  /** For the loop: applies the oldest command; a failure goes to its sender and does not stop the loop. */
  async handleNext(apply: (message: CommandMessage) => Promise<Verdict>): Promise<void> {
    const item = this.waiting.shift();
    if (!item) return;
    try {
      item.verdict = await apply(item.message);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      const type = cause instanceof ApplicationFailure ? cause.type : undefined;
      item.failure = ApplicationFailure.create({
        type: type ?? 'INTERNAL',
        message: cause instanceof ApplicationFailure ? cause.message : 'the command could not be applied',
        nonRetryable: true,
      });
    }
  }
}

/** Validators are synchronous and read-only; an async one would wedge the workflow (reference/temporal.md §1.3). */
export function validateCommand(message: CommandMessage): void {
  const raw: unknown = message;
  const isWellFormed =
    typeof raw === 'object' &&
    raw !== null &&
    'commandId' in raw &&
    typeof raw.commandId === 'string' &&
    raw.commandId.length > 0 &&
    'at' in raw &&
    typeof raw.at === 'string';
  if (!isWellFormed)
    throw ApplicationFailure.nonRetryable(
      'send {"commandId": …, "at": …} of a stored command: use the API or "npx loan ops", which authenticate and record who asks',
      'VALIDATION',
    );
}
