import { allHandlersFinished, ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import type { Verdict } from '../services/commands';
import type { Instant } from '../domain/time/dates';
import { faultOf } from './entity-loop';
import { BusinessTime } from './business-time';

/** How every command reaches a workflow: by the id under which it is stored, with the sender's business time. */
export interface CommandMessage {
  readonly commandId: string;
  readonly at: Instant;
}

interface Item {
  readonly message: CommandMessage;
  /** What it asks for, in an operator's words. */
  readonly what: string;
  verdict?: Verdict;
  failure?: unknown;
  failures: number;
}

/** A command that failed the same way this often is refused, so that those behind it get their turn. */
const FAILURES_MAX = 3;

/**
 * The queue between handlers and the loop that is the only writer: a handler enqueues and awaits its
 * verdict, the loop takes one command at a time.
 */
export class Inbox {
  private readonly waiting: Item[] = [];
  private count = 0;

  /** How many messages have come in, ever. */
  get received(): number {
    return this.count;
  }

  isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** For update handlers. */
  async submit(message: CommandMessage, what: string): Promise<Verdict> {
    const item: Item = { message, what, failures: 0 };
    this.waiting.push(item);
    this.count += 1;
    await condition(() => item.verdict !== undefined || item.failure !== undefined);
    if (item.verdict) return item.verdict;
    throw item.failure;
  }

  /** Waits until no handler is open. False when a command came in meanwhile: it has to be answered first. */
  async drained(): Promise<boolean> {
    await condition(() => allHandlersFinished() || !this.isEmpty());
    return this.isEmpty();
  }

  /**
   * For the loop: applies the oldest command. It keeps its place while the database is away (the failure is thrown,
   * for the loop to wait); one that fails otherwise each time is refused for good.
   */
  async handleNext(
    apply: (message: CommandMessage, what: string) => Promise<Verdict>,
    refuse: (message: CommandMessage, code: string) => Promise<Verdict>,
  ): Promise<void> {
    const [item] = this.waiting;
    if (!item) return;
    try {
      item.verdict = await apply(item.message, item.what);
    } catch (error) {
      const fault = faultOf(error);
      if (!fault || fault.isPassing) throw error;
      item.failures += 1;
      if (item.failures < FAILURES_MAX) return;
      item.verdict = await refuse(item.message, fault.code);
    }
    this.waiting.shift();
  }

  /** Sends everybody away who waits: their commands are stored, and come again to the next run. */
  release(): void {
    for (const item of this.waiting.splice(0))
      item.failure = ApplicationFailure.create({
        type: 'UNAVAILABLE',
        message: 'the command is stored and will be applied',
        nonRetryable: true,
      });
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
    typeof raw.at === 'string' &&
    !Number.isNaN(Date.parse(raw.at));
  if (!isWellFormed)
    throw ApplicationFailure.nonRetryable(
      'send {"commandId": …, "at": …} of a stored command: use the API or "npx loan ops", which authenticate and record who asks',
      'VALIDATION',
    );
}

/** Each Update of a workflow goes into its inbox, under the description that operators read. */
export function registerUpdates<Operation extends string>(
  updates: Readonly<Record<Operation, UpdateDefinition<Verdict, [CommandMessage]>>>,
  descriptions: Readonly<Record<Operation, string>>,
  inbox: Inbox,
  time: BusinessTime,
): void {
  for (const operation of Object.keys(updates) as Operation[]) {
    const description = descriptions[operation];
    const handle = async (message: CommandMessage) => {
      time.heard(message.at);
      return inbox.submit(message, description);
    };
    setHandler(updates[operation] as UpdateDefinition<Verdict, [CommandMessage]>, handle, { validator: validateCommand, description });
  }
}
