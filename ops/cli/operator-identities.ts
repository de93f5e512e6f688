import type { Command } from 'commander';
import { waitingIdentityChanges } from '../../db/party/identity-changes';
import { decision, type Options } from './decision';
import { withAttached } from './subcommands';

/** New names and ID numbers that an operator decides about. */
export function addIdentityChanges(ops: Command): void {
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
