import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FieldAddress, IndexPurpose, KeyProvider } from '../../providers/keys/port';
import { open, seal } from '../../providers/keys/seal';

/**
 * Field encryption (reference: payments-faults-security §5). Each person has a random data key, which seals what is theirs and
 * keys the hashes of it. It is kept wrapped by the key provider: a rotation wraps it anew, and without the wrapped key the
 * person is shredded.
 */
export interface PersonVault {
  encrypt(address: FieldAddress, plaintext: string): Buffer;
  decrypt(address: FieldAddress, blob: Buffer): string;
  /** Keyed hash of a one-time code, a request, a snapshot: bound to the person and to what it is for. */
  hash(text: string, boundTo: string): Buffer;
  hashMatches(text: string, boundTo: string, hash: Buffer): boolean;
}

export interface Vault {
  /** Who keeps the keys. */
  readonly keys: KeyProvider;
  /** A new data key for a person, wrapped by a version of the key-encryption key. */
  createPersonKey(personId: string, version: number): Promise<Buffer>;
  person(personId: string, wrappedKey: Buffer): Promise<PersonVault>;
  /** The same data key in the wrapping of another version. */
  rewrap(personId: string, wrappedKey: Buffer, version: number): Promise<Buffer>;
  /** Keyed hash of the normalised value: equal values are found without decrypting. */
  blindIndex(purpose: IndexPurpose, version: number, value: string): Promise<Buffer>;
}

/** How long an unwrapped data key stays in memory, and how many do. */
const CACHED = { ms: 60_000, most: 2_000 } as const;

const keyAddress = (personId: string): FieldAddress => ({ table: 'borrowers', column: 'wrapped_key', row: personId });

/** Known data keys by person and wrapped blob, which is read from its row each time: what was erased or wrapped anew is not found. Oldest first. */
class DataKeys {
  private readonly known = new Map<string, { readonly key: Buffer; readonly until: number }>();

  constructor(private readonly now: () => number) {}

  find(name: string): Buffer | undefined {
    for (const [each, { until }] of this.known) {
      if (until > this.now()) break;
      this.known.delete(each);
    }
    return this.known.get(name)?.key;
  }

  keep(name: string, key: Buffer): void {
    this.known.delete(name);
    this.known.set(name, { key, until: this.now() + CACHED.ms });
    const [oldest] = this.known.keys();
    if (this.known.size > CACHED.most && oldest !== undefined) this.known.delete(oldest);
  }
}

function personVault(dataKey: Buffer): PersonVault {
  const hashKey = Buffer.from(hkdfSync('sha256', dataKey, Buffer.alloc(0), 'loanloom/hash', 32));
  const hash = (text: string, boundTo: string) => createHmac('sha256', hashKey).update(`${boundTo}|${text}`).digest();
  return {
    encrypt: (address, plaintext) => seal(dataKey, Buffer.from(plaintext, 'utf8'), address),
    decrypt: (address, blob) => open(dataKey, blob, address).toString('utf8'),
    hash,
    hashMatches: (text, boundTo, known) => {
      const given = hash(text, boundTo);
      return given.length === known.length && timingSafeEqual(given, known);
    },
  };
}

/** `now`: a clock that never goes back, in milliseconds. */
export function createVault(keys: KeyProvider, now: () => number = () => performance.now()): Vault {
  const dataKeys = new DataKeys(now);
  async function dataKeyOf(personId: string, wrappedKey: Buffer): Promise<Buffer> {
    const name = `${personId}/${wrappedKey.toString('base64')}`;
    const known = dataKeys.find(name);
    if (known) return known;
    const key = await keys.unwrap(wrappedKey, keyAddress(personId));
    dataKeys.keep(name, key);
    return key;
  }
  return {
    keys,
    createPersonKey: (personId, version) => keys.wrap(version, randomBytes(32), keyAddress(personId)),
    person: async (personId, wrappedKey) => personVault(await dataKeyOf(personId, wrappedKey)),
    rewrap: async (personId, wrappedKey, version) => keys.wrap(version, await dataKeyOf(personId, wrappedKey), keyAddress(personId)),
    blindIndex: (purpose, version, value) => keys.mac(purpose, version, value.replace(/\s+/g, '').toUpperCase()),
  };
}
