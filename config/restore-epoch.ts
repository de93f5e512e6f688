import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LoanloomError } from '../domain/errors';
import type { Env } from './env';
import { required } from './required';

/** Where the restore epoch stands: outside the database and its backups, beside the keys. */
export function restoreEpochFile(env: Env): string {
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
