import { InvalidArgumentError, Option, type Command } from 'commander';
import { createLog } from '../../config/log';
import { readKeyVersions } from '../../db/party/key-versions';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { KEY_PURPOSES, type KeyPurpose } from '../../providers/keys/port';
import type { ActivityDeps } from '../../services/deps';
import { missingKeys } from '../../services/party/key-check';
import { retireKeys, rotateKeys, type Act } from '../../services/party/key-rotation';
import { composeDeps } from '../../workers/compose';
import type { Attached } from '../attach';
import { assertOperator } from '../operator-keys';
import { REASON_HELP } from './decision';
import { withAttached } from './subcommands';

const print = (line: string) => {
  process.stdout.write(`${line}\n`);
};

/** How long backups are kept, in days: a version is retired when no backup needs it. */
const BACKUPS_KEPT_DAYS = 35;

interface ActOptions {
  readonly operator: string;
  readonly reason: string;
  readonly backupsKeptDays: number;
  readonly purpose?: KeyPurpose;
}

function days(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('a number of days');
  return Number(text);
}

async function withDeps(attached: Attached, work: (deps: ActivityDeps) => Promise<void>): Promise<void> {
  const deps = composeDeps(attached.env, createLog('keys', 'warn'));
  await work(deps).finally(() => deps.db.destroy());
}

/** Proves who acts, before anything is done. */
async function actOf(attached: Attached, { operator, reason }: ActOptions): Promise<Act> {
  await assertOperator(attached, operator, 'treasurer');
  if (reason.trim().length < 3) throw new LoanloomError('VALIDATION', 'a reason has at least 3 characters', { path: '--reason' });
  return { actor: keys.operator(operator), reason: reason.trim() };
}

const asOperator = (command: Command): Command =>
  command
    .requiredOption('--operator <name>', 'who does it, a treasurer (required); written to the audit log')
    .requiredOption('--reason <text>', REASON_HELP)
    .option('--backups-kept-days <n>', 'retire versions that nothing has needed for so many days', days, BACKUPS_KEPT_DAYS);

/** `loan keys`: the versions of our keys. */
export function addKeys(program: Command): void {
  const group = program.command('keys').description('versions of the keys that seal and index what people told us');
  group
    .command('list')
    .description('every version, since when it is in its state, and whether the provider has it')
    .action((_options: object, command: Command) =>
      withAttached(command, (attached) =>
        withDeps(attached, async (deps) => {
          const there = new Map<KeyPurpose, number[]>();
          for (const purpose of KEY_PURPOSES) there.set(purpose, await deps.vault.keys.versions(purpose));
          for (const { purpose, version, state, since } of await readKeyVersions(deps.db))
            print(
              `${purpose.padEnd(16)} ${String(version).padStart(3)}  ${state.padEnd(8)} since ${since.toISOString()}  ${there.get(purpose)?.includes(version) ? 'with the provider' : 'gone'}`,
            );
          for (const line of await missingKeys(deps)) print(`MISSING  ${line}`);
        }),
      ),
    );
  asOperator(group.command('rotate'))
    .description('a new version of each key, while everybody goes on working; go on with a run that was broken off by running it again')
    .addOption(new Option('--purpose <name>', 'this key alone').choices(KEY_PURPOSES))
    .action((options: ActOptions, command: Command) =>
      withAttached(command, (attached) =>
        withDeps(attached, async (deps) => {
          const act = await actOf(attached, options);
          await rotateKeys(deps, options.purpose === undefined ? KEY_PURPOSES : [options.purpose], act, print);
          await retireKeys(deps, options.backupsKeptDays, act, print);
        }),
      ),
    );
  asOperator(group.command('retire'))
    .description('take versions away that nothing but backups has needed for a while: backups from before open no more')
    .action((options: ActOptions, command: Command) =>
      withAttached(command, (attached) =>
        withDeps(attached, async (deps) => {
          const retired = await retireKeys(deps, options.backupsKeptDays, await actOf(attached, options), print);
          print(`${String(retired)} retired`);
        }),
      ),
    );
}
