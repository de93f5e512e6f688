import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { businessNow } from '../db/clock';
import { settleCommand, storeCommand, type CommandOutcome, type CommandRow, type Operation } from '../db/commands';
import type { Tx } from '../db/pool';
import { LoanloomError } from '../domain/errors';
import type { Caller } from './auth';
import { deliverCommand } from '../temporal/delivery';
import type { ApiDeps } from './deps';
import type { Answer } from './route';

/** A command's status, also where a 202 points to. */
export const commandSchema = z
  .object({
    commandId: z.string(),
    operation: z.string(),
    subject: z.string(),
    state: z.enum(['RECEIVED', 'APPLIED', 'REJECTED']),
    result: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    code: z.string().optional(),
    message: z.string().optional(),
  })
  .meta({ id: 'Command' });

export function commandView(
  command: Pick<CommandRow, 'id' | 'operation' | 'subject' | 'state' | 'outcome'>,
): z.output<typeof commandSchema> {
  return { commandId: command.id, operation: command.operation, subject: command.subject, state: command.state, ...command.outcome };
}

export const bodyHash = (operation: string, subject: string, rawBody: unknown) =>
  createHash('sha256')
    .update(JSON.stringify([operation, subject, rawBody ?? null]))
    .digest('hex');

export interface Submission {
  readonly operation: Operation;
  readonly subject: string;
  /** Stored with the command: never personal data. */
  readonly body: CommandRow['body'];
  /** What the caller sent, for comparing repetitions; only its hash is stored. */
  readonly rawBody: unknown;
  readonly idempotencyKey: string;
}

/** Stores a command and brings it to its workflow: 200 with the verdict, or 202 with a status resource while it is on its way. A refusal is thrown with its code. */
export async function submit(deps: ApiDeps, caller: Caller, submission: Submission): Promise<Answer> {
  const { today } = await businessNow(deps.db);
  const { row } = await storeCommand(deps.db, {
    id: randomUUID(),
    caller: caller.name,
    idempotencyKey: submission.idempotencyKey,
    operation: submission.operation,
    subject: submission.subject,
    bodySha256: bodyHash(submission.operation, submission.subject, submission.rawBody),
    body: submission.body,
    businessDate: today,
  });
  return deliver(deps, row);
}

/**
 * A command that changes rows of ours alone: stored, done and settled in one transaction, and answered by what it did.
 * Repeating it answers the same and does nothing; what is refused leaves nothing behind.
 */
export async function settleAtOnce(
  deps: ApiDeps,
  caller: Caller,
  submission: Submission & { /** For a body that must not be guessed from its hash: a keyed one. */ readonly bodySha256?: string },
  work: (tx: Tx, commandId: string) => Promise<NonNullable<CommandOutcome['result']>>,
): Promise<Answer> {
  const { operation, subject, body, rawBody, idempotencyKey, bodySha256 = bodyHash(operation, subject, rawBody) } = submission;
  const { today } = await businessNow(deps.db);
  const row = await deps.db.transaction(async (tx) => {
    const asked = { id: randomUUID(), caller: caller.name, idempotencyKey, operation, subject, bodySha256, body, businessDate: today };
    const stored = await storeCommand(tx, asked);
    if (!stored.isNew) return stored.row;
    const result = await work(tx, stored.row.id);
    await settleCommand(tx, stored.row.id, 'APPLIED', { result });
    return { ...stored.row, state: 'APPLIED' as const, outcome: { result } };
  });
  return { status: 200, body: commandView(row) };
}

/** Delivers a stored command within the request's patience. */
export async function deliver(deps: ApiDeps, row: CommandRow): Promise<Answer> {
  try {
    const verdict = await deliverCommand({ db: deps.db, client: deps.client, timeoutMs: deps.verdictTimeoutMs }, row);
    if (verdict.state === 'REJECTED') throw rejection(verdict.code, verdict.message);
    return { status: 200, body: commandView({ ...row, state: 'APPLIED', outcome: { result: verdict.result ?? {} } }) };
  } catch (error) {
    // Stored, and on its way: whether Temporal is away or the loan has its hands full makes no difference to the caller.
    if (!(error instanceof LoanloomError) || (error.code !== 'UNAVAILABLE' && error.code !== 'TOO_MANY_IN_FLIGHT')) throw error;
    return { status: 202, body: commandView(row), headers: { Location: `/v1/commands/${row.id}`, 'Retry-After': '2' } };
  }
}

function rejection(code: string | undefined, message: string | undefined): LoanloomError {
  return new LoanloomError((code ?? 'INTERNAL') as LoanloomError['code'], message ?? 'the command was rejected');
}

/** The responses of every command route. */
export const commandResponses = {
  200: { description: 'Applied', schema: commandSchema },
  202: { description: 'Stored; it will be applied as soon as possible. Location names its status.', schema: commandSchema },
} as const;
