import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { LoanloomError } from '../../domain/errors';
import type { FieldAddress, KeyPurpose } from './port';

/**
 * AES-256-GCM with a random 96-bit IV; the associated data binds a value to its table, column and row, so a value copied
 * elsewhere does not open. Blob: suite (1 byte) | IV (12) | ciphertext | tag (16).
 */
const SUITE = 1;
/** First byte of a blob that names the version of the key around it. */
const NAMED = 2;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const NAME_BYTES = 5;

export const associatedData = (address: FieldAddress): Buffer =>
  Buffer.from(`${address.table}|${address.column}|${address.row}|${String(SUITE)}`);

export const cannotOpen = ({ table, column }: FieldAddress): LoanloomError =>
  new LoanloomError(
    'DECRYPTION_FAILED',
    `${table}.${column} cannot be decrypted: the keys do not belong to this database, or the value was moved or changed`,
    { path: `${table}.${column}` },
  );

export const unknownVersion = (purpose: KeyPurpose, version: number): LoanloomError =>
  new LoanloomError(
    'KEY_VERSION_UNKNOWN',
    `version ${String(version)} of the key ${purpose} is not there: the key file is older than this database, or the version was retired; put the newest key file back (docs/runbooks/keys.md)`,
    { purpose, version },
  );

export function seal(key: Buffer, plaintext: Buffer, address: FieldAddress): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(address));
  return Buffer.concat([Buffer.from([SUITE]), iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

export function open(key: Buffer, blob: Buffer, address: FieldAddress): Buffer {
  try {
    if (blob.length < 1 + IV_BYTES + TAG_BYTES || blob[0] !== SUITE) throw new Error('suite');
    // authTagLength is essential: without it Node accepts a truncated 4-byte tag.
    const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(address));
    decipher.setAuthTag(blob.subarray(blob.length - TAG_BYTES));
    return Buffer.concat([decipher.update(blob.subarray(1 + IV_BYTES, blob.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw cannotOpen(address);
  }
}

/** A wrapped key: marker (1 byte) | version (4, big-endian) | what the provider sealed. key_version_of() in the database reads the same. */
export function named(version: number, sealed: Buffer): Buffer {
  const name = Buffer.alloc(NAME_BYTES);
  name.writeUInt8(NAMED);
  name.writeUInt32BE(version, 1);
  return Buffer.concat([name, sealed]);
}

/** Takes a wrapped key apart. One from before versions were named is of version 1. */
export function readNamed(blob: Buffer, address: FieldAddress): { readonly version: number; readonly sealed: Buffer } {
  if (blob[0] === SUITE) return { version: 1, sealed: blob };
  if (blob[0] !== NAMED || blob.length <= NAME_BYTES) throw cannotOpen(address);
  return { version: blob.readUInt32BE(1), sealed: blob.subarray(NAME_BYTES) };
}
