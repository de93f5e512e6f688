import type { IdentityField } from './borrowers';
import type { Db, Tx } from '../pool';

export type IdentityChangeState = 'PENDING' | 'CONFIRMED' | 'APPLIED' | 'REFUSED';

export interface IdentityChangeRow {
  readonly id: string;
  readonly borrower_id: string;
  readonly body_sha256: string;
  /** The identity that it changes: another one since then, and it is void. */
  readonly base_version: number;
  readonly wanted_enc: Buffer;
  readonly fields: readonly IdentityField[];
  readonly code_hashes: Readonly<Record<string, string>>;
  readonly attempts: number;
  readonly expires_at: Date;
  readonly state: IdentityChangeState;
  readonly decided_by: string | null;
  readonly created_at: Date;
}

export async function insertIdentityChange(
  tx: Tx,
  row: Omit<IdentityChangeRow, 'attempts' | 'state' | 'decided_by' | 'created_at'>,
): Promise<void> {
  await tx('identity_changes').insert({ ...row, fields: [...row.fields], code_hashes: JSON.stringify(row.code_hashes) });
}

export async function findIdentityChange(db: Db | Tx, id: string): Promise<IdentityChangeRow | undefined> {
  return db('identity_changes').where({ id }).first<IdentityChangeRow | undefined>();
}

export async function lockIdentityChange(tx: Tx, id: string): Promise<IdentityChangeRow | undefined> {
  return tx('identity_changes').where({ id }).forUpdate().first<IdentityChangeRow | undefined>();
}

/** How many changes a borrower has asked for within a day. */
export async function changesOfToday(tx: Tx, borrowerId: string): Promise<number> {
  const row = await tx('identity_changes')
    .where({ borrower_id: borrowerId })
    .andWhere('created_at', '>', tx.raw(`now() - interval '1 day'`))
    .first<{ asked: number }>(tx.raw('count(*)::int AS asked'));
  return row.asked;
}

export async function updateIdentityChange(
  tx: Tx,
  id: string,
  change: { state?: IdentityChangeState; attempts?: number; decided_by?: string; checks?: object },
): Promise<void> {
  const { checks, ...plain } = change;
  await tx('identity_changes')
    .where({ id })
    .update({ ...plain, ...(checks === undefined ? {} : { checks: JSON.stringify(checks) }) });
}

/** Changes of a name or ID number that wait for an operator, oldest first. */
export async function waitingIdentityChanges(db: Db): Promise<Pick<IdentityChangeRow, 'id' | 'borrower_id' | 'fields' | 'created_at'>[]> {
  return db('identity_changes')
    .where({ state: 'CONFIRMED' })
    .whereNull('decided_by')
    .whereRaw(`fields && ARRAY['name', 'idNumber']`)
    .orderBy('created_at')
    .limit(200)
    .select<IdentityChangeRow[]>('id', 'borrower_id', 'fields', 'created_at');
}
