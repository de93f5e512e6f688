import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { LoanloomError } from '../../domain/errors';

/**
 * Field encryption (reference: payments-faults-security §5). AES-256-GCM with a random 96-bit IV; the
 * associated data binds a value to its table, column and row, so a value copied elsewhere does not open.
 * Each borrower has a data key, wrapped by the master key: deleting the wrapped key shreds the person.
 *
 * Blob: suite (1 byte) | IV (12) | ciphertext | tag (16).
 */
export interface FieldAddress {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

const SUITE = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

function associatedData(address: FieldAddress): Buffer {
  return Buffer.from(`${address.table}|${address.column}|${address.row}|${String(SUITE)}`);
}

function seal(key: Buffer, plaintext: Buffer, address: FieldAddress): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(address));
  return Buffer.concat([Buffer.from([SUITE]), iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, blob: Buffer, address: FieldAddress): Buffer {
  try {
    if (blob.length < 1 + IV_BYTES + TAG_BYTES || blob[0] !== SUITE) throw new Error('suite');
    // authTagLength is essential: without it Node accepts a truncated 4-byte tag.
    const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(address));
    decipher.setAuthTag(blob.subarray(blob.length - TAG_BYTES));
    return Buffer.concat([decipher.update(blob.subarray(1 + IV_BYTES, blob.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new LoanloomError(
      'DECRYPTION_FAILED',
      `${address.table}.${address.column} cannot be decrypted: the key file does not belong to this database, or the value was moved or changed`,
      {
        path: `${address.table}.${address.column}`,
      },
    );
  }
}

/** A person's data key, unwrapped for the length of one piece of work. */
export interface PersonVault {
  encrypt(address: FieldAddress, plaintext: string): Buffer;
  decrypt(address: FieldAddress, blob: Buffer): string;
}

export interface Vault {
  /** A new wrapped data key for a person. */
  createPersonKey(personId: string): Buffer;
  person(personId: string, wrappedKey: Buffer): PersonVault;
  /** Keyed hash of the normalised value: equal values are found without decrypting. A key of its own per column. */
  blindIndex(column: 'id_number' | 'phone' | 'card', value: string): Buffer;
  /** Keyed hash of a one-time code, bound to what it is for. */
  hashCode(code: string, boundTo: string): Buffer;
  codeMatches(code: string, boundTo: string, hash: Buffer): boolean;
}

/** `masterKey`: 32 bytes. CONFIGURATION when it has another length. */
export function createVault(masterKey: Buffer): Vault {
  if (masterKey.length !== 32)
    throw new LoanloomError('CONFIGURATION', 'the master key file must hold exactly 32 bytes (64 hexadecimal digits)');
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `loanloom/${purpose}`, 32));
  const keyEncryptionKey = derive('key-encryption');
  const indexKeys = { id_number: derive('index/id_number'), phone: derive('index/phone'), card: derive('index/card') };
  const codeKey = derive('one-time-code');
  const keyAddress = (personId: string) => ({ table: 'borrowers', column: 'wrapped_key', row: personId });
  const hashCode = (code: string, boundTo: string) => createHmac('sha256', codeKey).update(`${boundTo}|${code}`).digest();
  return {
    createPersonKey: (personId) => seal(keyEncryptionKey, randomBytes(32), keyAddress(personId)),
    person(personId, wrappedKey) {
      const dataKey = open(keyEncryptionKey, wrappedKey, keyAddress(personId));
      return {
        encrypt: (address, plaintext) => seal(dataKey, Buffer.from(plaintext, 'utf8'), address),
        decrypt: (address, blob) => open(dataKey, blob, address).toString('utf8'),
      };
    },
    blindIndex: (column, value) => createHmac('sha256', indexKeys[column]).update(value.replace(/\s+/g, '').toUpperCase()).digest(),
    hashCode,
    codeMatches: (code, boundTo, hash) => timingSafeEqual(hashCode(code, boundTo), hash),
  };
}
