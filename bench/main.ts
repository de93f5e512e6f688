import { cpus } from 'node:os';
import { Command } from 'commander';
import { benchAccountLaws } from './account-laws';
import { benchClosing } from './closing';
import { benchEngine } from './engine';
import { costPerLoanMonth, runFloor, runLoans, type Throughput } from './loans';
import { benchReconciliation } from './reconciliation';
import { createRig } from './rig';

const print = (line: string) => process.stdout.write(`${line}\n`);

function row(what: string, ours: number, floor: number): string {
  return `  ${what.padEnd(16)} ${ours.toFixed(1).padStart(8)}  floor ${floor.toFixed(1).padStart(8)}  ratio ${(ours / floor).toFixed(2)}  (goal ≥ 0.80)`;
}

/** Statements that a loan-month sends more rarely than this are counted and not listed. */
const STATEMENTS_LISTED_FROM = 0.2;

const better = (a: Throughput, b: Throughput): Throughput => ({
  startsPerSecond: Math.max(a.startsPerSecond, b.startsPerSecond),
  loanMonthsPerSecond: Math.max(a.loanMonthsPerSecond, b.loanMonthsPerSecond),
});

async function benchLoans(count: number, months: number): Promise<void> {
  print(`\n${String(count)} loans of ${String(months)} months at once; starting Postgres, Temporal, banks and workers`);
  const rig = await createRig();
  try {
    // Floor before and after: the better of both, so that a warm server favours neither side.
    const floorBefore = await runFloor(rig, count, months, 'before');
    print('floor measured once; now the loans');
    const loans = await runLoans(rig, count, months);
    const floor = better(floorBefore, await runFloor(rig, count, months, 'after'));
    print('\nThroughput (CPU is the limit)');
    print(row('starts/s', loans.startsPerSecond, floor.startsPerSecond));
    print(row('loan-months/s', loans.loanMonthsPerSecond, floor.loanMonthsPerSecond));
    const cost = await costPerLoanMonth(rig, loans.ids[0] ?? '');
    print('\nPer loan-month on the happy path (without the sandbox’s own events)');
    print(
      `  serviceLoan alone    ${String(cost.own.events)} events (goal ≤ 25), ${(cost.own.bytes / 1_024).toFixed(1)} KB (goal ≤ 4), ${String(cost.own.activities)} activities`,
    );
    print(
      `  with its debit       ${String(cost.withChildren.events)} events (goal ≤ 60), ${(cost.withChildren.bytes / 1_024).toFixed(1)} KB (goal ≤ 10), ${String(cost.withChildren.activities)} activities`,
    );
    print(`  state transitions    ${cost.stateTransitions.toFixed(0)}`);
    print(`  SQL statements       ${[...loans.statements.values()].reduce((sum, each) => sum + each, 0).toFixed(1)} (goal ≤ 25)`);
    for (const [text, count] of loans.statements)
      if (count >= STATEMENTS_LISTED_FROM) print(`    ${count.toFixed(2).padStart(6)}  ${text.slice(0, 150)}`);
  } finally {
    await rig.close();
  }
}

const PARTS = ['account-laws', 'engine', 'close', 'recon', 'loans'] as const;

/** `npm run bench`: what the engine, the daily close and a loan cost, as ratios within one run. docs/benchmarks.md says how to read it. */
async function main(): Promise<void> {
  const program = new Command('npm run bench --')
    .description('The loan engine, the daily close, and loans at once on a dev server beside the floor of the same server.')
    .option('--only <part>', PARTS.join(', '))
    .option('--close <sizes>', 'loans to close, growing', '1000,10000,100000')
    .option('--recon <sizes>', 'lines of a file to reconcile, growing', '10000,100000,1000000')
    .option('--lives <n>', 'random lives to try the account’s laws on', '20000')
    .option('--loans <n>', 'loans at once', '100')
    .option('--months <n>', 'term of each', '3');
  const options = program.parse().opts<{ only?: string; close: string; lives: string; recon: string; loans: string; months: string }>();
  const wants = (part: (typeof PARTS)[number]) => options.only === undefined || options.only === part;
  print(`Node ${process.version}, ${String(cpus().length)} cores`);
  if (wants('account-laws')) {
    const broken = benchAccountLaws(Number(options.lives), 20_261_125, print);
    if (broken > 0) throw new Error(`${String(broken)} lives broke a law of the account`);
  }
  if (wants('engine')) benchEngine(print);
  if (wants('close')) await benchClosing(print, options.close.split(',').map(Number));
  if (wants('recon')) await benchReconciliation(print, options.recon.split(',').map(Number));
  if (wants('loans')) await benchLoans(Number(options.loans), Number(options.months));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
