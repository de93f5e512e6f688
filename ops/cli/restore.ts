import { keys } from '../../domain/keys';
import type { Command } from 'commander';
import { guardAfterRestore } from '../../services/payment/restore-guard';
import { isRestoreCleared } from '../../services/payment/restore-check';
import { eraseAgain } from '../../services/party/erasure';
import { businessNow } from '../../db/clock';
import { businessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { composeDeps } from '../../workers/compose';
import { createLog } from '../../config/log';
import type { Attached } from '../attach';
import { repair } from '../audit/doctor';
import { assertOperator } from '../operator-keys';
import { startAgainOnce, knowsBy } from '../restore-workflows';
import { withAttached } from './subcommands';
import { raiseRestoreEpochOutside } from '../../config/restore-epoch';

const print = (line: string) => process.stdout.write(`${line}\n`);

interface Options {
  readonly mark?: true;
  readonly restoredTo?: string;
  readonly operator?: string;
}

async function guard(attached: Attached, options: Options): Promise<void> {
  if (options.restoredTo === undefined || options.operator === undefined)
    throw new LoanloomError('VALIDATION', 'say --restored-to <date> and --operator <name>, or --mark', { path: '--restored-to' });
  await assertOperator(attached, options.operator, 'treasurer');
  const deps = composeDeps(attached.env, createLog('restore-guard', 'warn'));
  try {
    const { now, today } = await businessNow(deps.db);
    const restoredTo = businessDate(options.restoredTo);
    if (restoredTo > today) throw new LoanloomError('INVALID_DATE', 'the backup is of a day that has not come', { path: '--restored-to' });
    if (await isRestoreCleared(deps, deps.db)) {
      print('the database is not marked as restored: nothing to ask. Restored after all? First: npx loan restore-guard --mark');
      return;
    }
    const forgotten = await eraseAgain(deps);
    if (forgotten.length > 0) print(`${String(forgotten.length)} people whom the backup still knew were forgotten again`);
    const signal = AbortSignal.timeout(6 * 3_600_000);
    const actor = keys.operator(options.operator);
    const ended = await startAgainOnce(deps.db, attached.client, { epoch: await deps.restoreEpoch(), actor });
    if (ended) print(`${String(ended.length)} workflows of the lost time were ended; what is open started again from the books`);
    const input = { restoredTo, now, actor, signal, knows: knowsBy(attached.client) };
    const report = await guardAfterRestore(deps, input, print);
    print(
      `asked the channels about ${String(report.asked)} numbers; what the database had forgotten, or cannot know (${String(report.found.length)}):`,
    );
    for (const line of report.found) print(`  found  ${line}`);
    for (const line of report.unresolved) print(`  open   ${line}`);
    if (report.unresolved.length > 0)
      throw new LoanloomError(
        'RESTORE_NOT_CLEARED',
        'payments are open or channels do not answer: run it again when they have; nothing moves until then',
      );
    for (const workflowId of await repair(deps.db, attached.client)) print(`  restarted ${workflowId}`);
    print('cleared: payments move again');
  } finally {
    await deps.db.destroy();
  }
}

/** `loan restore-guard`: after a database came back from a backup. */
export function addRestoreGuard(program: Command): void {
  program
    .command('restore-guard')
    .description('after the database was restored from a backup: ask every channel what it may have forgotten, then let payments move')
    .option('--mark', 'first, before any worker starts: mark the database as restored')
    .option('--restored-to <date>', 'the business date of the backup, YYYY-MM-DD')
    .option('--operator <name>', 'who does it; written to the audit log')
    .action((options: Options, command: Command) =>
      withAttached(command, async (attached) => {
        if (!options.mark) return guard(attached, options);
        const epoch = await raiseRestoreEpochOutside(attached.env);
        print(`restore epoch ${String(epoch)}: no payment moves before "npx loan restore-guard --restored-to <date> --operator <name>"`);
      }),
    );
}
