import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Attached } from '../attach';
import { tokenOf } from '../operator-keys';
import { withAttached } from './subcommands';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { pointer: string; detail: string }[];
}

/** Sends an operator's command to the ops API, which authenticates, audits and delivers it. */
export async function sendOperatorCommand(attached: Attached, operator: string, path: string, body: object): Promise<string> {
  const { status, payload } = await post(attached, operator, path, body);
  return saidOf(payload as Outcome, status === 202);
}

/** What the ops API answers to an operator's question. */
export async function askOps<T>(attached: Attached, operator: string, path: string, body: object): Promise<T> {
  return (await post(attached, operator, path, body)).payload as T;
}

async function post(attached: Attached, operator: string, path: string, body: object): Promise<{ status: number; payload: unknown }> {
  const token = await tokenOf(attached, operator);
  const response = await fetch(`${attached.apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body),
  });
  const payload = (await response.json()) as Partial<Problem>;
  if (!response.ok) {
    // A problem with one field repeats its sentence there.
    const fields = (payload.errors ?? []).filter((each) => each.detail !== payload.detail);
    const where = fields.map((each) => `\n  ${each.pointer.slice(1)}: ${each.detail}`).join('');
    throw new Error(`${payload.code ?? String(response.status)}: ${payload.detail ?? 'refused'}${where}`);
  }
  return { status: response.status, payload };
}

/** What the ops API answers: a command's id, a workflow that was woken, or how a break or a channel stands now. */
interface Outcome {
  readonly commandId?: string;
  readonly workflowId?: string;
  readonly breakId?: string;
  readonly changeId?: string;
  readonly state?: string;
  readonly proposal?: string | null;
  readonly appliesTo?: string | null;
  readonly channel?: string;
  readonly enabled?: boolean;
  readonly result?: Readonly<Record<string, unknown>> | null;
}

function saidOf(outcome: Outcome, isStored: boolean): string {
  const { commandId, workflowId, breakId, changeId, state, proposal, appliesTo, channel, enabled } = outcome;
  if (workflowId !== undefined) return `the channel is asked now by ${workflowId}`;
  if (breakId !== undefined && state === 'PROPOSED')
    return `proposed: ${proposal ?? ''}${appliesTo == null ? '' : ` to loan ${appliesTo}`}; another operator decides: loan recon approve ${breakId} --operator <name> --reason <text>`;
  if (changeId !== undefined) return `the change is ${state ?? ''} now`;
  if (breakId !== undefined) return `the break is ${state ?? ''} now`;
  if (enabled !== undefined) return `${channel ?? 'the channel'} ${enabled ? 'is in use' : 'gets no new payments'}`;
  if (outcome.result?.needsSecond === true) return 'approved by you; this amount takes another person too';
  if (isStored) return `stored as command ${commandId ?? ''}; it will be applied as soon as possible`;
  return `applied${commandId === undefined ? '' : ` (command ${commandId})`}`;
}

/** What a command's options were given as. */
export type Options = Record<string, string>;

export const REASON_HELP = 'why (required), 3 to 500 characters; written to the audit log';

/** A decision of an operator's about one subject, sent to the ops API. */
interface Decision {
  readonly name: string;
  readonly subject: string;
  readonly description: string;
  readonly path: (id: string, options: Options) => string;
  readonly body: (options: Options) => object;
}

/** Adds a decision's command: who decides and why are always asked. */
export function decision(ops: Command, { name, subject, description, path, body }: Decision): Command {
  return ops
    .command(`${name} <${subject}>`)
    .description(description)
    .requiredOption('--operator <name>', 'who decides (required); written to the audit log')
    .requiredOption('--reason <text>', REASON_HELP)
    .action((id: string, options: Options, command: Command) =>
      withAttached(command, async (attached) => {
        process.stdout.write(`${await sendOperatorCommand(attached, options.operator ?? '', path(id, options), body(options))}\n`);
      }),
    );
}
