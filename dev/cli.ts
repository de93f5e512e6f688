import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { openBreaks } from '../db/reconciliation/breaks';
import { businessNow } from '../db/clock';
import { LoanloomError } from '../domain/errors';
import { addDays, at, businessDate, localTime, type BusinessDate } from '../domain/time/dates';
import { defaultCommand, withAttached } from '../ops/cli/subcommands';
import { advanceClock } from './clock';
import { inventPerson } from './demo/person';
import { startStack, type RunningStack } from './stack/stack';
import { DEFAULT_PORTS } from './stack/start';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** A stack of the command's own, on the usual ports. */
export const startOwnStack = (dataDir: string, progress: (line: string) => void): Promise<RunningStack> =>
  startStack({ dataDir, ports: DEFAULT_PORTS, progress });

const WIDTH = 10;

/** `loan person`: somebody to apply as. */
export function addPerson(program: Command): void {
  program
    .command('person')
    .description('invent a person whom the sandbox’s register knows, to apply by hand')
    .option('--seed <n>', 'the same number gives the same person', (text) => {
      const seed = Number(text);
      if (!Number.isSafeInteger(seed) || seed < 0) throw new LoanloomError('VALIDATION', '--seed is a whole number', { path: '--seed' });
      return seed;
    })
    .option('--json', 'as JSON')
    .action((options: { seed?: number; json?: boolean }, command: Command) =>
      withAttached(command, async ({ env }) => {
        if (!env.LOANLOOM_SANDBOX)
          throw new LoanloomError('CONFIGURATION', 'people are invented in a sandbox only: a real register knows real people');
        const { name, idNumber, phone, email, cardNumber } = inventPerson(options.seed ?? randomInt(1_000_000), 1);
        const person = { name, idNumber, phone, email, cardNumber };
        const answer = await fetch(`${env.IDENTITY_URL}/people`, { method: 'POST', body: JSON.stringify(person) }).catch(() => undefined);
        if (!answer?.ok)
          throw new LoanloomError(
            'UNAVAILABLE',
            `the register does not answer at ${env.IDENTITY_URL}: start the stack with "npm start" first`,
          );
        if (options.json === true) print(JSON.stringify(person));
        else for (const [what, value] of Object.entries(person)) print(`${what.padEnd(WIDTH)}  ${value}`);
      }),
    );
}

/** `loan clock`: the sandbox's one business clock. */
export function addClock(program: Command): void {
  const clock = program.command('clock').description('the sandbox’s one business clock');
  defaultCommand(clock, 'show')
    .description('business time now')
    .action((_options: object, command: Command) =>
      withAttached(command, async ({ db }) => {
        const { now, today } = await businessNow(db);
        print(`${today} ${localTime(now)} (${now})`);
      }),
    );
  clock
    .command('advance')
    .description('move every loan, the API and the banks forward; appointments on the way are performed')
    .option('--days <n>', 'by this many days, 1 to 3660 (1 where neither option is given)')
    .option('--to <date>', 'to 23:00 of this business date')
    .action((options: { days?: string; to?: string }, command: Command) =>
      withAttached(command, async ({ db, client, env, restoreEpoch }) => {
        if (options.days !== undefined && options.to !== undefined)
          throw new LoanloomError('VALIDATION', 'say --days or --to, not both', { path: '--days' });
        const days = Number(options.days ?? 1);
        if (!Number.isSafeInteger(days) || days < 1 || days > 3_660)
          throw new LoanloomError('VALIDATION', '--days is a whole number from 1 to 3660', { path: '--days' });
        const { now, today } = await businessNow(db);
        const date: BusinessDate = options.to === undefined ? addDays(today, days) : businessDate(options.to);
        const target = options.to === undefined ? at(date, localTime(now)) : at(date, '23:00');
        await advanceClock({ db, client, isSandbox: env.LOANLOOM_SANDBOX, restoreEpoch, progress: print }, target);
        const open = (await openBreaks(db)).length;
        const cases = open === 0 ? '' : `; reconciliation breaks open: ${String(open)} (loan recon breaks)`;
        print(`business date ${date}: every loan has caught up, the dates crossed are closed${cases}`);
      }),
    );
}
