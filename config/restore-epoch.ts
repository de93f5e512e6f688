import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LoanloomError } from '../domain/errors';
import type { Env } from './env';
import { required } from './required';

/** Where the restore epoch stands: outside the database and its backups, beside the keys. */
function restoreEpochFile(env: Env): string {
  return env.LOANLOOM_RESTORE_EPOCH_FILE ?? join(dirname(required(env, 'LOANLOOM_KEY_FILE')), 'restore-epoch');
}

/** CONFIGURATION where it cannot be read: a missing file is no permission. */
export async function readRestoreEpoch(env: Env): Promise<number> {
  const file = restoreEpochFile(env);
  const epoch = Number((await readFile(file, 'utf8').catch(() => '')).trim());
  if (!Number.isSafeInteger(epoch) || epoch < 1)
    throw new LoanloomError('CONFIGURATION', `${file} holds no restore epoch: see docs/runbooks/restore.md before a payment moves`);
  return epoch;
}

/** Raises the epoch outside the database: from now on every database that the guard has not cleared counts as restored. */
export async function raiseRestoreEpochOutside(env: Env): Promise<number> {
  const [file, epoch] = [restoreEpochFile(env), (await readRestoreEpoch(env)) + 1];
  await writeFile(`${file}.new`, `${String(epoch)}\n`);
  await rename(`${file}.new`, file);
  return epoch;
}
