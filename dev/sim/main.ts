import { readFile, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { StackFault } from '../../ops/fault';
import { hunt, mutantNames } from './mutants';
import { run } from './run';
import { scriptOf, type Action } from './script';
import { shrink } from './shrink';

const print = (line: string) => process.stdout.write(`${line}\n`);

interface Options {
  readonly seed?: number;
  readonly steps: number;
  readonly seconds?: number;
  readonly script?: string;
  readonly mutant?: string;
  readonly mutants?: boolean;
  readonly record?: boolean;
  readonly trace?: boolean;
  readonly keep?: boolean;
  readonly patience: number;
  readonly shrink: boolean;
  readonly shrinkSeconds: number;
}

function wholeNumber(max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0 || value > max) throw new InvalidArgumentError(`a whole number from 0 to ${String(max)}`);
    return value;
  };
}

function tracePrinted(step: number, action: Action, playMs: number, lookMs: number): void {
  print(`${String(step).padStart(5)}  ${String(playMs).padStart(6)} ms + ${String(lookMs).padStart(6)} ms  ${JSON.stringify(action)}`);
}

async function simulate(options: Options): Promise<boolean> {
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000_000);
  const script =
    options.script === undefined ? scriptOf(seed, options.steps) : (JSON.parse(await readFile(options.script, 'utf8')) as Action[]);
  print(`seed ${String(seed)}, ${String(script.length)} steps`);
  const startedAt = Date.now();
  const result = await run({
    seed,
    script,
    progress: print,
    ...(options.seconds === undefined ? {} : { secondsMax: options.seconds }),
    isRecorded: options.record === true,
    patienceMs: options.patience * 1_000,
    isKept: options.keep === true,
    ...(options.trace === true ? { trace: tracePrinted } : {}),
  });
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(0);
  print(`${String(result.steps)} steps in ${seconds} s: ${result.summary}`);
  if (result.violations.length === 0) {
    print('I1 to I7 held after every step; three books agree at the end');
    return true;
  }
  const where = result.failedAt === null ? 'at the end' : `after step ${String(result.failedAt)} (${script[result.failedAt]?.do ?? ''})`;
  print(`FAILED ${where}; seed ${String(seed)}`);
  for (const violation of result.violations) print(`BROKEN ${violation.invariant} ${violation.what}`);
  if (result.kept !== null) print(`logs and data are kept in ${result.kept}`);
  const failing = script.slice(0, result.failedAt === null ? script.length : result.failedAt + 1);
  const [first] = result.violations;
  if (options.shrink && first) {
    print(`looking for a shorter script, up to ${String(options.shrinkSeconds)} s`);
    const shortest = await shrink(failing, {
      seed,
      invariant: first.invariant,
      secondsMax: options.shrinkSeconds,
      patienceMs: options.patience * 1_000,
      progress: print,
    });
    const file = `sim-${String(seed)}.json`;
    await writeFile(file, `${JSON.stringify(shortest, null, 1)}\n`);
    print(
      `the shortest script found (${String(shortest.length)} steps) is in ${file}: npm run sim -- --seed ${String(seed)} --script ${file}`,
    );
    for (const action of shortest) print(`  ${JSON.stringify(action)}`);
  }
  return false;
}

/** Plants every bug in turn; each has to be found under its own name. */
async function huntAll(): Promise<boolean> {
  const missed: string[] = [];
  for (const name of await mutantNames()) {
    const startedAt = Date.now();
    const { isFound, mutant, output } = await hunt(name, () => undefined);
    print(`${isFound ? 'found ' : 'MISSED'}  ${name}  (${mutant.invariant}) in ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
    if (isFound) continue;
    missed.push(name);
    print(output.split('\n').slice(-15).join('\n'));
  }
  return missed.length === 0;
}

async function main(): Promise<void> {
  const options = new Command('npm run sim --')
    .description(
      'Plays borrowers, banks, files, webhooks, clocks and faults in an order that the seed decides, on a real stack, and checks I1 to I7 after every step.',
    )
    .option('--seed <n>', 'which run; by default one that nobody has seen', wholeNumber(1_000_000_000))
    .option('--steps <n>', 'how many steps', wholeNumber(100_000), 1_000)
    .option('--seconds <n>', 'stop playing after this time and settle', wholeNumber(86_400))
    .option('--script <file>', 'play this script instead of the seed’s')
    .option('--mutant <name>', 'plant a bug of test/mutants first: the run has to fail')
    .option('--mutants', 'plant every bug of test/mutants in turn: each has to be found')
    .option('--patience <n>', 'seconds for which a contradiction has to last', wholeNumber(600), 25)
    .option('--record', 'save histories of reconciliation and breaks to test/histories')
    .option('--trace', 'print each step with the time that it took to play and to check')
    .option('--keep', 'keep the logs and data of a run that fails')
    .option('--no-shrink', 'do not look for a shorter script after a failure')
    .option('--shrink-seconds <n>', 'how long to look for one', wholeNumber(86_400), 300)
    .parse()
    .opts<Options>();
  if (options.mutants) {
    process.exitCode = (await huntAll()) ? 0 : 1;
  } else if (options.mutant !== undefined) {
    const { isFound, mutant } = await hunt(options.mutant, (text) => process.stdout.write(text));
    print(
      isFound
        ? `the planted bug was found: ${mutant.invariant}`
        : `the planted bug was NOT found: ${mutant.invariant} should have been broken`,
    );
    process.exitCode = isFound ? 1 : 3;
  } else process.exitCode = (await simulate(options)) ? 0 : 1;
}

// A call that was under way when the stack was stopped: nobody waits for it any more.
process.on('uncaughtException', (error) => {
  if (error.message.includes('Channel has been shut down')) return;
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(2);
});

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`the simulation cannot go on: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    if (error instanceof StackFault) process.stderr.write(`${error.output}\n`);
    process.exit(2);
  },
);
