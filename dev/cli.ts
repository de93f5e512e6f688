import type { Command } from 'commander';
import { openBreaks } from '../db/reconciliation/breaks';
import { businessNow } from '../db/clock';
import { LoanloomError } from '../domain/errors';
import { addDays, at, businessDate, localTime, type BusinessDate } from '../domain/time/dates';
import { defaultCommand, withAttached } from '../ops/cli/subcommands';
import { advanceClock } from './clock';
import { startStack, type RunningStack } from './stack/stack';
import { DEFAULT_PORTS } from './stack/start';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** A stack of the command's own, on the usual ports. */
export const startOwnStack = (dataDir: string, progress: (line: string) => void): Promise<RunningStack> =>
  startStack({ dataDir, ports: DEFAULT_PORTS, progress });

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
