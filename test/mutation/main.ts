import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { childEnv } from '../../config/env';

/** What books money: rules that need Postgres to be judged, and the wire to the channels. */
const MONEY = [
  'services/payment/*.ts',
  'services/reconciliation/{suspense,reconcile-findings,clear-breaks}.ts',
  'services/loan/{adjustments,adjustment-authority,loan-commands}.ts',
  'activities/{payments,reconcile,resolve-breaks,debit-doubt,channel-calls}.ts',
  'activities/close/*.ts',
  'db/ledger/journal.ts',
  'db/payment/payments.ts',
  'db/reconciliation/settlement.ts',
  'db/loan/proposals.ts',
  'channels/**/*.ts',
];

interface Options {
  readonly share: string;
  readonly seed: string;
}

function patternsOf(target: string): readonly string[] {
  if (target === 'money') return MONEY;
  if (!/^(domain|channels|db|activities|services)(\/|$)/.test(target) || !existsSync(target))
    throw new Error('say what to mutate: "money", or a folder or file of domain/, such as "npm run mutate -- domain/payment"');
  return [statSync(target).isDirectory() ? `${target.replace(/\/$/, '')}/**/*.ts` : target];
}

async function main(target: string, options: Options): Promise<number> {
  const share = Number(options.share);
  if (!(share > 0 && share <= 1)) throw new Error('--share is above 0 and up to 1');
  const mutate = patternsOf(target);
  const isPure = target.startsWith('domain');
  // The stores are started once: Stryker begins jest, and with it a global setup, anew for every mutant.
  const stores = isPure ? undefined : await import('../support/global-setup');
  await stores?.default();
  try {
    const sampled = share < 1 ? ['--checkers', 'sample'] : [];
    const room = isPure ? 'domain' : 'money';
    const { status } = spawnSync('npx', ['stryker', 'run', '--mutate', mutate.join(','), ...sampled], {
      stdio: 'inherit',
      env: childEnv({ MUTATION_SHARE: options.share, MUTATION_SEED: options.seed, MUTATION_ROOM: room }),
    });
    return status ?? 1;
  } finally {
    const end = stores && (await import('../support/global-teardown'));
    await end?.default();
  }
}

new Command('mutate')
  .description('plants small bugs, one by one, and counts those that the tests find')
  .argument('[target]', '"money", or a folder or file', '')
  .option('--share <part>', 'try only this share of the mutants, chosen by the seed', '1')
  .option('--seed <n>', 'which sample', '1')
  .action(async (target: string, options: Options) => {
    process.exitCode = await main(target, options).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 2;
    });
  })
  .parse();
