import type { Command } from 'commander';
import { openBreaks } from '../../db/reconciliation/breaks';
import { businessNow } from '../../db/clock';
import type { Attached } from '../attach';
import { viewLink, views, workflowLink } from './views';
import { decision, type Options } from './decision';
import { addAdjustments } from './operator-adjustments';
import { addIdentityChanges } from './operator-identities';
import { addReveal } from './operator-reveal';
import { addReviews } from './operator-reviews';
import { withAttached } from './subcommands';
import { workflowShapes } from '../../domain/keys';

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
  addReveal(ops);
  addPayoutDecisions(ops);
  addLoanDecisions(ops);
  addAdjustments(ops);
  addIdentityChanges(ops);
}

const loan = (suffix: string) => (id: string) => `/v1/ops/loans/${id}/${suffix}`;
const reason = (options: Options) => ({ reason: options.reason });

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
  const reviews = await attached.db('applications').where({ status: 'FOUR_EYES' }).select<{ id: string; round: number }[]>('id', 'round');
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
    process.stdout.write(
      `${row.id}  application to review, round ${String(row.round)}: loan ops approve|decline|refer-back ${row.id} --round ${String(row.round)} --operator … --reason …\n`,
    );
}
