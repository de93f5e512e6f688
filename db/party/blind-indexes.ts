import type { IndexPurpose } from '../../providers/keys/port';
import { liveVersions } from './key-versions';
import type { Tx } from '../pool';
import type { Vault } from './vault';

/** Of whom a value is, and what it is an index of: a borrower's ID number or phone, or a card. */
export interface Indexed {
  readonly purpose: IndexPurpose;
  readonly owner: string;
  readonly borrowerId: string;
}

/** A value's index under each version that is in use; they stay so until the transaction ends. */
async function indexesOf(tx: Tx, vault: Vault, purpose: IndexPurpose, value: string): Promise<[version: number, index: Buffer][]> {
  const versions = await liveVersions(tx, purpose);
  return Promise.all(
    versions.map(async (version): Promise<[number, Buffer]> => [version, await vault.blindIndex(purpose, version, value)]),
  );
}

/** Indexes a value, in place of what its owner had. A unique violation where it is another's that may have it alone. */
export async function writeIndex(tx: Tx, vault: Vault, { purpose, owner, borrowerId }: Indexed, value: string): Promise<void> {
  const rows = (await indexesOf(tx, vault, purpose, value)).map(([key_version, index]) => ({
    purpose,
    owner,
    key_version,
    borrower_id: borrowerId,
    value: index,
  }));
  await tx('blind_indexes').insert(rows).onConflict(['purpose', 'owner', 'key_version']).merge(['value']);
}

export async function dropIndex(tx: Tx, purpose: IndexPurpose, owner: string): Promise<void> {
  await tx('blind_indexes').where({ purpose, owner }).delete();
}

export async function isIndexed(tx: Tx, purpose: IndexPurpose, owner: string): Promise<boolean> {
  return (await tx('blind_indexes').where({ purpose, owner }).first<object | undefined>('owner')) !== undefined;
}

/** The id of a borrower's card with this number, by whatever version it was indexed. */
export async function findCard(tx: Tx, vault: Vault, borrowerId: string, cardNumber: string): Promise<string | undefined> {
  const purpose = 'index-card';
  const row = await tx('blind_indexes')
    .where({ purpose, borrower_id: borrowerId })
    .whereIn(['key_version', 'value'], await indexesOf(tx, vault, purpose, cardNumber))
    .first<{ owner: string } | undefined>('owner');
  return row?.owner;
}
