import { disbursementWorkflowId, FIRST_EPOCH } from '../../domain/keys';
import type { Db, Tx } from '../pool';

/** The epoch of this database: behind the one that is kept outside it once it was restored from a backup. */
export async function restoreEpochOf(db: Db | Tx): Promise<number | undefined> {
  const row = await db('restore_state').where({ id: 1 }).first<{ epoch: number } | undefined>('epoch');
  return row?.epoch;
}

/** When this database was last cleared after a restore; undefined for one that never was restored. */
export async function restoreClearedAt(db: Db): Promise<Date | undefined> {
  const row = await db('restore_state')
    .where({ id: 1 })
    .where('epoch', '>', FIRST_EPOCH)
    .first<{ cleared_at: Date } | undefined>('cleared_at');
  return row?.cleared_at;
}

/** The guard has asked every channel about what this database may have forgotten. */
export async function raiseRestoreEpoch(tx: Tx, epoch: number): Promise<void> {
  await tx('restore_state').where({ id: 1 }).where('epoch', '<=', epoch).update({ epoch, cleared_at: tx.fn.now() });
}

/** The workflow that a payout or refund has in this database's epoch. */
export async function disbursementOfEpoch(db: Db | Tx, instructionId: string): Promise<string> {
  return disbursementWorkflowId(instructionId, await restoreEpochOf(db));
}
