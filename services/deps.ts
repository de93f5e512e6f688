import type { Channel, HouseBank } from '../channels/port';
import type { Borrowers } from '../db/party/borrowers';
import type { Db } from '../db/pool';
import type { Vault } from '../db/party/vault';
import type { Catalogue, Product } from '../domain/product/products';
import type { IdentitySources } from '../providers/identity/port';
import type { Mailer } from '../providers/messages/port';
import type { SignatureProvider } from '../providers/signature/port';
import type { Log } from '../config/log';
import type { Tombstones } from '../config/tombstones';

/** What activities are made of; composed in workers/, faked in tests only at Mailer, IdentitySource, SignatureProvider and Channel. */
export interface ActivityDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly borrowers: Borrowers;
  readonly catalogue: Catalogue;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly houseBank: HouseBank;
  readonly mailer: Mailer;
  readonly identitySources: IdentitySources;
  readonly signing: SignatureProvider;
  /** Who was forgotten, outside the database and its backups. */
  readonly tombstones: Tombstones;
  readonly log: Log;
  /** The restore epoch that is kept outside the database, beside the keys. */
  readonly restoreEpoch: () => Promise<number>;
}

export function productOf(deps: Pick<ActivityDeps, 'catalogue'>, pinned: { product_id: string; product_version: number }): Product {
  return deps.catalogue.version(pinned.product_id, pinned.product_version);
}
