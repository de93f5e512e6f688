import type { HouseBank } from '../channels/house-bank';
import type { Channel } from '../channels/port';
import type { Borrowers } from '../db/borrowers';
import type { Db } from '../db/pool';
import type { Vault } from '../db/vault';
import type { Catalogue, Product } from '../domain/products';
import type { IdentityVerifier } from '../risk/identity';
import type { Mailer } from './mail';

export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What activities are made of; composed in workers/, faked in tests only at Mailer, IdentityVerifier and Channel. */
export interface ActivityDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly borrowers: Borrowers;
  readonly catalogue: Catalogue;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly houseBank: HouseBank;
  readonly mailer: Mailer;
  readonly identityVerifier: IdentityVerifier;
  readonly log: Log;
  /** The restore epoch that is kept outside the database, beside the keys. */
  readonly restoreEpoch: () => Promise<number>;
}

export function productOf(deps: Pick<ActivityDeps, 'catalogue'>, pinned: { product_id: string; product_version: number }): Product {
  return deps.catalogue.version(pinned.product_id, pinned.product_version);
}
