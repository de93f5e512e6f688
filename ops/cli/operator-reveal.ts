import type { Command } from 'commander';
import { REVEALED_FIELDS } from '../../services/party/reveal';
import { askOps, REASON_HELP, type Options } from './decision';
import { withAttached } from './subcommands';

/** `loan ops reveal`: one value of a person in clear. */
export function addReveal(ops: Command): void {
  ops
    .command('reveal <borrowerId>')
    .description('one value of a person in clear, for an approver; the look is audited before the value is shown')
    .requiredOption('--field <name>', `one of ${REVEALED_FIELDS.join(', ')}`)
    .requiredOption('--operator <name>', 'who looks (required); written to the audit log')
    .requiredOption('--reason <text>', REASON_HELP)
    .action((id: string, { field, operator, reason }: Options, command: Command) =>
      withAttached(command, async (attached) => {
        const path = `/v1/ops/borrowers/${encodeURIComponent(id)}/reveal`;
        const { value } = await askOps<{ value: string }>(attached, operator ?? '', path, { field, reason });
        process.stdout.write(`${value}\n`);
      }),
    );
}
