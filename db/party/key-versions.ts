import type { IndexPurpose, KeyPurpose } from '../../providers/keys/port';
import type { Db, Tx } from '../pool';

/**
 * ACTIVE seals and hashes what is new; RETIRING is still needed by what was written before, until the rotation has gone through
 * it; KEPT is needed by nothing but backups; RETIRED is gone at the provider.
 */
export type KeyState = 'ACTIVE' | 'RETIRING' | 'KEPT' | 'RETIRED';

export interface KeyVersion {
  readonly purpose: KeyPurpose;
  readonly version: number;
  readonly state: KeyState;
  readonly since: Date;
}

export async function readKeyVersions(db: Db | Tx): Promise<KeyVersion[]> {
  return db('key_versions').orderBy(['purpose', 'version']).select<KeyVersion[]>();
}

/** Versions of a key that are in use, the newest first: it is the one for what is new. They stay what they are until the transaction ends. */
export async function liveVersions(tx: Tx, purpose: KeyPurpose): Promise<[number, ...number[]]> {
  const { rows } = await tx.raw<{ rows: { version: number }[] }>('SELECT version FROM live_key_versions(?)', [purpose]);
  return rows.map(({ version }) => version) as [number, ...number[]];
}

/** The new version is for what is new from the end of the transaction on; waits for writers under way. LL007 before an earlier rotation has ended. */
export async function beginRotation(tx: Tx, purpose: KeyPurpose, version: number): Promise<void> {
  await tx.raw('SELECT begin_key_rotation(?, ?)', [purpose, version]);
}

/** The old version is needed by nothing any more; undefined where none was being retired. LL007 while something needs it. */
export async function endRotation(tx: Tx, purpose: KeyPurpose): Promise<number | undefined> {
  const { rows } = await tx.raw<{ rows: { old: number | null }[] }>('SELECT end_key_rotation(?) AS old', [purpose]);
  return rows[0]?.old ?? undefined;
}

/** A version that was kept for backups is kept no longer; false where it was not kept. */
export async function retireVersion(tx: Tx, purpose: KeyPurpose, version: number): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: { done: boolean }[] }>('SELECT retire_key_version(?, ?) AS done', [purpose, version]);
  return rows[0]?.done === true;
}

/** Runs `work` while no other rotation runs anywhere; undefined where one does. */
export async function aloneRotating<T>(db: Db, work: () => Promise<T>): Promise<T | undefined> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.raw<{ rows: { mine: boolean }[] }>('SELECT pg_try_advisory_xact_lock(726112) AS mine');
    return rows[0]?.mine === true ? work() : undefined;
  });
}

/** People whose data key is wrapped by an older version than this. */
export async function wrappedBefore(db: Db, version: number, most: number): Promise<{ id: string; wrapped_key: Buffer }[]> {
  return db('borrowers')
    .whereRaw('key_version_of(wrapped_key) < ?', [version])
    .orderByRaw('key_version_of(wrapped_key), id')
    .limit(most)
    .select<{ id: string; wrapped_key: Buffer }[]>('id', 'wrapped_key');
}

/** Puts a person's data key in its new wrapping, where it is still in the old one; false where it is not. */
export async function rewrapPerson(db: Db, id: string, from: Buffer, to: Buffer): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { done: boolean }[] }>('SELECT rewrap_person(?, ?, ?) AS done', [id, from, to]);
  return rows[0]?.done === true;
}

/** What has an index under an older version, and none under this one. */
export async function indexedBefore(
  db: Db,
  purpose: IndexPurpose,
  version: number,
  most: number,
): Promise<{ owner: string; borrowerId: string }[]> {
  return db('blind_indexes as o')
    .where('o.purpose', purpose)
    .where('o.key_version', '<', version)
    .whereNotExists(db('blind_indexes as n').where({ 'n.purpose': purpose, 'n.key_version': version }).whereRaw('n.owner = o.owner'))
    .limit(most)
    .select<{ owner: string; borrowerId: string }[]>('o.owner', 'o.borrower_id as borrowerId');
}

/** Takes away indexes of versions that are not in use any more; how many, `most` at once. */
export async function dropOldIndexes(db: Db, purpose: IndexPurpose, most: number): Promise<number> {
  const old = db('blind_indexes as b')
    .join('key_versions as k', (on) => on.on('k.purpose', 'b.purpose').on('k.version', 'b.key_version'))
    .where('b.purpose', purpose)
    .whereIn('k.state', ['KEPT', 'RETIRED'])
    .limit(most)
    .select('b.purpose', 'b.owner', 'b.key_version');
  return db('blind_indexes').whereIn(['purpose', 'owner', 'key_version'], old).delete();
}

/** Anybody whose data key is wrapped by this version. */
export async function onePersonUnder(db: Db, version: number): Promise<{ id: string; wrapped_key: Buffer } | undefined> {
  return db('borrowers')
    .whereRaw('key_version_of(wrapped_key) = ?', [version])
    .first<{ id: string; wrapped_key: Buffer } | undefined>('id', 'wrapped_key');
}
