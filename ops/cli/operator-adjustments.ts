import type { Command } from 'commander';
import { openProposals } from '../../db/loan/proposals';
import { LoanloomError } from '../../domain/errors';
import { decision, type Options } from './decision';
import { withAttached } from './subcommands';

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

/** Adjustments of a loan's account, and what a second operator decides about them. */
export function addAdjustments(ops: Command): void {
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
