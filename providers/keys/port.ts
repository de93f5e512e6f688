/** What a key is for. Each purpose has keys of its own, that follow from no other: one that leaks opens nothing else. */
export const KEY_PURPOSES = ['key-encryption', 'index-id-number', 'index-phone', 'index-card'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];
export type IndexPurpose = Exclude<KeyPurpose, 'key-encryption'>;

/** Where a sealed value lives: it opens nowhere else. */
export interface FieldAddress {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/**
 * Who keeps the keys that the database must not hold. Versions count from 1; which of them are in use is the database's
 * word (db/party/key-versions.ts), so that every process changes over at the same moment.
 *
 * Every method: KEYS_UNAVAILABLE where the keeper does not answer within its deadline, KEY_VERSION_UNKNOWN for a version
 * that it does not have (any more), CONFIGURATION where it refuses us.
 */
export interface KeyProvider {
  /** Seals a data key with a version of `key-encryption`. The blob names the version. */
  wrap(version: number, dataKey: Buffer, address: FieldAddress): Promise<Buffer>;
  /** DECRYPTION_FAILED for a blob that was changed, cut, moved from another address, or sealed by another's key. */
  unwrap(blob: Buffer, address: FieldAddress): Promise<Buffer>;
  /** Keyed hash, 32 bytes: the same for the same purpose, version and data, at any time. */
  mac(purpose: IndexPurpose, version: number, data: string): Promise<Buffer>;
  /** Makes the next version; it is durable when it returns. What the earlier ones sealed still opens. */
  rotate(purpose: KeyPurpose): Promise<number>;
  /** Versions that work, oldest first; none before the first rotation. */
  versions(purpose: KeyPurpose): Promise<number[]>;
  /** From now on the version (and every earlier one) seals, opens and hashes nothing. Repeating it changes nothing. */
  retire(purpose: KeyPurpose, version: number): Promise<void>;
}
