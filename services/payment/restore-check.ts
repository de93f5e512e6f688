import type { Db, Tx } from '../../db/pool';
import { restoreEpochOf } from '../../db/payment/restore';
import { FIRST_EPOCH } from '../../domain/keys';
import { LoanloomError } from '../../domain/errors';
import type { ActivityDeps } from '../deps';

/** Whether the database is the one that went on: its epoch is the one kept outside it. One that cannot be read counts as restored. */
export async function isRestoreCleared(deps: Pick<ActivityDeps, 'restoreEpoch'>, db: Db | Tx): Promise<boolean> {
  const [inside, outside] = [await restoreEpochOf(db), await deps.restoreEpoch().catch(() => undefined)];
  return inside !== undefined && inside === outside;
}

/**
 * The epoch in whose name a payment's workflow starts: the one kept outside, so that what starts between a restore and
 * its guard is told from what the lost time began. Undefined before the first restore.
 */
export async function epochToStartIn(deps: Pick<ActivityDeps, 'restoreEpoch'>, inside: number | undefined): Promise<number | undefined> {
  const epoch = await deps.restoreEpoch().catch(() => inside);
  return epoch !== undefined && epoch > FIRST_EPOCH ? epoch : undefined;
}

/** RESTORE_NOT_CLEARED: the database was restored, and may have forgotten payments that were made since its backup. */
export async function assertRestoreCleared(deps: Pick<ActivityDeps, 'restoreEpoch'>, db: Db | Tx): Promise<void> {
  if (!(await isRestoreCleared(deps, db)))
    throw new LoanloomError(
      'RESTORE_NOT_CLEARED',
      'the database was restored from a backup: no payment moves before "npx loan restore-guard" has asked every channel',
    );
}
