import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { waitingIdentityChanges } from '../../db/party/identity-changes';
import { openProposals } from '../../db/loan/proposals';
import { openBreaks } from '../../db/reconciliation/breaks';
import { businessNow } from '../../db/clock';
import type { Attached } from '../attach';
import { tokenOf } from '../operator-keys';
import { viewLink, views, workflowLink } from './views';
import { LoanloomError } from '../../domain/errors';
import { withAttached } from './subcommands';
import { workflowShapes } from '../../domain/keys';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { pointer: string; detail: string }[];
}

/** Sends an operator's command to the ops API, which authenticates, audits and delivers it. */
export async function sendOperatorCommand(attached: Attached, operator: string, path: string, body: object): Promise<string> {
  const token = await tokenOf(attached, operator);
  const response = await fetch(`${attached.apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body),
  });
  const payload = (await response.json()) as Partial<Problem> & Outcome;
  if (!response.ok) {
    // A problem with one field repeats its sentence there.
    const fields = (payload.errors ?? []).filter((each) => each.detail !== payload.detail);
    const where = fields.map((each) => `\n  ${each.pointer.slice(1)}: ${each.detail}`).join('');
    throw new Error(`${payload.code ?? String(response.status)}: ${payload.detail ?? 'refused'}${where}`);
  }
  return saidOf(payload, response.status === 202);
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
}

function saidOf(outcome: Outcome, isStored: boolean): string {
  const { commandId, workflowId, breakId, changeId, state, proposal, appliesTo, channel, enabled } = outcome;
  if (workflowId !== undefined) return `the channel is asked now by ${workflowId}`;
  if (breakId !== undefined && state === 'PROPOSED')
    return `proposed: ${proposal ?? ''}${appliesTo == null ? '' : ` to loan ${appliesTo}`}; another operator decides: loan recon approve ${breakId} --operator <name> --reason <text>`;
  if (changeId !== undefined) return `the change is ${state ?? ''} now`;
  if (breakId !== undefined) return `the break is ${state ?? ''} now`;
  if (enabled !== undefined) return `${channel ?? 'the channel'} ${enabled ? 'is in use' : 'gets no new payments'}`;
  if (isStored) return `stored as command ${commandId ?? ''}; it will be applied as soon as possible`;
  return `applied${commandId === undefined ? '' : ` (command ${commandId})`}`;
}

type Options = Record<string, string>;

export const REASON_HELP = 'why (required), 3 to 500 characters; written to the audit log';

function factIn(text: string): object {
  try {
    const fact: unknown = JSON.parse(text);
    if (typeof fact === 'object' && fact !== null && !Array.isArray(fact)) return fact;
  } catch {
    // Said below, with what an object looks like.
  }
  throw new LoanloomError('VALIDATION', 'the fact is no JSON object: quote it as a whole, such as \'{"type":"REAMORTIZE"}\'', {
    path: '--fact',
  });
}

interface Decision {
  readonly name: string;
  readonly subject: string;
  readonly description: string;
  readonly path: (id: string, options: Options) => string;
  readonly body: (options: Options) => object;
}

function decision(ops: Command, { name, subject, description, path, body }: Decision): Command {
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

/** `loan ops`: views to look through and the binding commands. */
export function addOperatorCommands(program: Command): void {
  const ops = program.command('ops').description('find loans in the Web UI, and decide about them');
  ops
    .command('views')
    .description('links to ready-made lists in the Temporal Web UI')
    .action((_options: Options, command: Command) =>
      withAttached(command, async ({ db, env }) => {
        const { today } = await businessNow(db);
        for (const view of views(today))
          process.stdout.write(`${view.name.padEnd(22)} ${viewLink(env.WEB_UI_URL, env.TEMPORAL_NAMESPACE, view)}\n`);
      }),
    );
  ops
    .command('list')
    .description('loans that need a person, and what they wait for')
    .option('--all', 'every open loan')
    .action((options: { all?: boolean }, command: Command) =>
      withAttached(command, (attached) => listLoans(attached, options.all === true)),
    );
  addReviews(ops);
  addPayoutDecisions(ops);
  addLoanDecisions(ops);
  addAdjustments(ops);
  addIdentityChanges(ops);
}

const loan = (suffix: string) => (id: string) => `/v1/ops/loans/${id}/${suffix}`;
const reason = (options: Options) => ({ reason: options.reason });

function addReviews(ops: Command): void {
  const review = (id: string) => `/v1/ops/applications/${id}/review`;
  decision(ops, {
    name: 'approve',
    subject: 'applicationId',
    description: 'approve a referred application',
    path: review,
    body: (options) => ({
      verdict: 'APPROVE',
      reason: options.reason,
    }),
  });
  addReferBack(ops, review);
  decision(ops, {
    name: 'decline',
    subject: 'applicationId',
    description: 'decline a referred application',
    path: review,
    body: (options) => ({
      verdict: 'DECLINE',
      reason: options.reason,
    }),
  });
}

/** `refer-back` names the steps that the borrower completes. */
function addReferBack(ops: Command, path: (id: string) => string): void {
  decision(ops, {
    name: 'refer-back',
    subject: 'applicationId',
    description: 'send a referred application back to its borrower, who is told what is missing',
    path,
    body: (options) => ({ verdict: 'REFER_BACK', missing: (options.missing ?? '').split(','), reason: options.reason }),
  }).requiredOption('--missing <steps>', 'the steps that are asked for, with commas between them: income,card');
}

function addPayoutDecisions(ops: Command): void {
  decision(ops, {
    name: 'retry',
    subject: 'loanId',
    description: 'authorise a new payout after every channel refused',
    path: loan('payout-retry'),
    body: reason,
  });
  decision(ops, {
    name: 'switch-channel',
    subject: 'loanId',
    description: 'authorise a new payout over this channel first',
    path: loan('payout-retry'),
    body: (options) => ({
      reason: options.reason,
      channel: options.channel,
    }),
  }).requiredOption('--channel <name>', 'wallet, cardnet or bankdirect');
  decision(ops, {
    name: 'query-payout',
    subject: 'loanId',
    description: 'ask the channel about an open payout now',
    path: loan('payout-query'),
    body: reason,
  });
}

function addLoanDecisions(ops: Command): void {
  decision(ops, {
    name: 'hold',
    subject: 'loanId',
    description: 'stop payouts, debits and contacts until the end of a date',
    path: loan('hold'),
    body: (options) => ({
      reason: options.reason,
      until: options.until,
    }),
  }).requiredOption('--until <date>', 'last day of the hold, YYYY-MM-DD');
  decision(ops, { name: 'release', subject: 'loanId', description: 'end a hold early', path: loan('release'), body: reason });
  decision(ops, {
    name: 'card',
    subject: 'loanId',
    description: 'use another card of the borrower for everything that is still to move',
    path: loan('card'),
    body: (options) => ({
      cardNumber: options.cardNumber,
      reason: options.reason,
    }),
  }).requiredOption('--card-number <digits>', 'the card, which the borrower proved to be theirs');
  decision(ops, {
    name: 'reject',
    subject: 'loanId',
    description: 'give up a loan whose payout failed',
    path: loan('rejection'),
    body: reason,
  });
}

function addIdentityChanges(ops: Command): void {
  ops
    .command('identity-changes')
    .description('new names and ID numbers that borrowers confirmed and an operator decides')
    .action((_options: Options, command: Command) =>
      withAttached(command, async ({ db }) => {
        const waiting = await waitingIdentityChanges(db);
        if (waiting.length === 0) process.stdout.write('no change of an identity waits for an operator\n');
        for (const each of waiting)
          process.stdout.write(
            `${each.id}  borrower ${each.borrower_id}  ${each.fields.join(', ')}  asked ${each.created_at.toISOString()}\n    loan ops decide-identity ${each.id} --verdict APPROVE|REFUSE --operator … --reason …\n`,
          );
      }),
    );
  const path = (id: string) => `/v1/ops/identity-changes/${id}/decision`;
  decision(ops, {
    name: 'decide-identity',
    subject: 'changeId',
    description: 'approve or refuse a new name or ID number; it is checked again',
    path,
    body: (options) => ({
      verdict: options.verdict,
      reason: options.reason,
    }),
  }).requiredOption('--verdict <APPROVE|REFUSE>', 'APPROVE or REFUSE');
}

function addAdjustments(ops: Command): void {
  const adjustments = (id: string) => `/v1/ops/loans/${id}/adjustments`;
  decision(ops, {
    name: 'adjust',
    subject: 'loanId',
    description: 'charge, waive, restructure, discount, write off, or reverse an adjustment',
    path: adjustments,
    body: (options) => ({
      ...factIn(options.fact ?? ''),
      reason: options.reason,
    }),
  }).requiredOption(
    '--fact <json>',
    `such as '{"type":"REAMORTIZE"}' or '{"type":"WAIVER","component":"penalty","amount":{"minor":"1250","currency":"CNY"}}'`,
  );
  ops
    .command('adjustments')
    .description('adjustments that wait for a second operator')
    .action((_options: Options, command: Command) =>
      withAttached(command, async ({ db }) => {
        const waiting = await openProposals(db);
        if (waiting.length === 0) process.stdout.write('no adjustment waits for a second operator\n');
        for (const each of waiting)
          process.stdout.write(
            `${each.id}  loan ${each.loan_id}  ${JSON.stringify(each.body)}  by ${each.proposed_by}: ${each.why}\n    loan ops decide-adjustment ${each.loan_id} --proposal ${each.id} --verdict APPROVE|REFUSE --operator … --reason …\n`,
          );
      }),
    );
  decision(ops, {
    name: 'decide-adjustment',
    subject: 'loanId',
    description: 'approve or refuse, as a second operator, an adjustment that another proposed',
    path: (id, options) => `${adjustments(id)}/${options.proposal ?? ''}/decision`,
    body: (options) => ({ verdict: options.verdict, reason: options.reason }),
  })
    .requiredOption('--proposal <id>', 'which: loan ops adjustments lists them')
    .requiredOption('--verdict <APPROVE|REFUSE>', 'APPROVE or REFUSE');
}

async function listLoans(attached: Attached, all: boolean): Promise<void> {
  const query = attached.db('loans').whereIn('status', ['APPROVED', 'ACTIVE', 'OVERPAID']).orderBy('next_at').limit(200);
  const rows = await (all ? query : query.whereNotNull('needs_attention')).select<
    {
      id: string;
      status: string;
      bucket: string;
      next_kind: string;
      next_at: Date | null;
      needs_attention: string | null;
      next_summary: string;
    }[]
  >();
  const reviews = await attached.db('applications').where({ status: 'FOUR_EYES' }).select<{ id: string }[]>('id');
  if (rows.length + reviews.length === 0)
    process.stdout.write(all ? 'no open loan\n' : 'no loan needs a person; --all lists every open loan\n');
  const breaks = await openBreaks(attached.db);
  if (breaks.length > 0) process.stdout.write(`${String(breaks.length)} reconciliation breaks are open: loan recon breaks\n`);
  for (const row of rows) {
    process.stdout.write(
      `${row.id}  ${row.status} ${row.bucket}  ${row.next_kind} ${row.next_at?.toISOString() ?? ''}  ${row.needs_attention ?? row.next_summary}\n    ${workflowLink(attached.env.WEB_UI_URL, attached.env.TEMPORAL_NAMESPACE, workflowShapes.loan(row.id))}\n`,
    );
  }
  for (const row of reviews)
    process.stdout.write(`${row.id}  application to review: loan ops approve|decline ${row.id} --operator … --reason …\n`);
}
