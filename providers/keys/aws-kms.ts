import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  EncryptCommand,
  GenerateMacCommand,
  KMSClient,
  paginateListAliases,
  ScheduleKeyDeletionCommand,
  type KMSClientConfig,
} from '@aws-sdk/client-kms';
import { LoanloomError } from '../../domain/errors';
import type { FieldAddress, KeyProvider, KeyPurpose } from './port';
import { associatedData, cannotOpen, named, readNamed, unknownVersion } from './seal';
import { keysAway, type RemoteKeys } from './remote';

export interface AwsKmsSettings extends RemoteKeys {
  /** Region, endpoint and credentials; what is not given here the client finds by itself, as AWS documents. */
  readonly client?: KMSClientConfig;
}

/** How long a retired key can still be called back, in days; the most that KMS allows. */
const PENDING_DAYS = 30;

const UNKNOWN: ReadonlySet<string> = new Set(['NotFoundException', 'DisabledException', 'KMSInvalidStateException']);
const CHANGED: ReadonlySet<string> = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

interface AwsFault {
  readonly name: string;
  readonly $fault?: 'client' | 'server';
}

const isAwsFault = (error: unknown): error is AwsFault => error instanceof Error && '$fault' in error;

/** Faults of the keeper and of the way to it, told apart from its answers. */
function meaningOf(error: unknown, purpose: KeyPurpose, version: number, address?: FieldAddress): LoanloomError {
  if (!isAwsFault(error) || error.$fault === 'server' || /Throttl|LimitExceeded|Timeout/.test(error.name)) return keysAway();
  if (UNKNOWN.has(error.name)) return unknownVersion(purpose, version);
  if (CHANGED.has(error.name) && address) return cannotOpen(address);
  return new LoanloomError('CONFIGURATION', `KMS refuses us: ${error.name}`);
}

function unlessGone(error: unknown): void {
  if (!isAwsFault(error) || !UNKNOWN.has(error.name)) throw error;
}

/**
 * AWS KMS. A key for hashes cannot be rotated in place, so a version is a key of its own under an alias that names it:
 * `alias/<prefix>-<purpose>-v<version>`. Retiring takes the alias away and has the key deleted 30 days later.
 */
export function createAwsKmsKeys({ prefix, timeoutMs, client: config = {} }: AwsKmsSettings): KeyProvider {
  const client = new KMSClient({ maxAttempts: 1, ...config });
  const stem = (purpose: KeyPurpose) => `alias/${prefix}-${purpose}-v`;
  const aliasOf = (purpose: KeyPurpose, version: number) => `${stem(purpose)}${String(version)}`;
  const within = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) });
  const context = (address: FieldAddress) => ({ address: associatedData(address).toString('utf8') });

  /** Version to key id. */
  async function listed(purpose: KeyPurpose): Promise<Map<number, string>> {
    const found: [number, string][] = [];
    try {
      for await (const page of paginateListAliases({ client, pageSize: 100 }, {}, within()))
        for (const { AliasName: alias = '', TargetKeyId: key = '' } of page.Aliases ?? [])
          if (alias.startsWith(stem(purpose))) found.push([Number(alias.slice(stem(purpose).length)), key]);
    } catch (error) {
      throw meaningOf(error, purpose, 0);
    }
    return new Map(found.sort(([one], [other]) => one - other));
  }

  return {
    versions: async (purpose) => [...(await listed(purpose)).keys()],
    async wrap(version, dataKey, address) {
      const asked = { KeyId: aliasOf('key-encryption', version), Plaintext: dataKey, EncryptionContext: context(address) };
      try {
        const { CiphertextBlob } = await client.send(new EncryptCommand(asked), within());
        return named(version, Buffer.from(CiphertextBlob ?? []));
      } catch (error) {
        throw meaningOf(error, 'key-encryption', version);
      }
    },
    async unwrap(blob, address) {
      const { version, sealed } = readNamed(blob, address);
      const asked = { KeyId: aliasOf('key-encryption', version), CiphertextBlob: sealed, EncryptionContext: context(address) };
      try {
        const { Plaintext } = await client.send(new DecryptCommand(asked), within());
        return Buffer.from(Plaintext ?? []);
      } catch (error) {
        throw meaningOf(error, 'key-encryption', version, address);
      }
    },
    async mac(purpose, version, data) {
      const asked = { KeyId: aliasOf(purpose, version), Message: Buffer.from(data), MacAlgorithm: 'HMAC_SHA_256' } as const;
      try {
        const { Mac } = await client.send(new GenerateMacCommand(asked), within());
        return Buffer.from(Mac ?? []);
      } catch (error) {
        throw meaningOf(error, purpose, version);
      }
    },
    async rotate(purpose) {
      const next = Math.max(0, ...(await listed(purpose)).keys()) + 1;
      const kind =
        purpose === 'key-encryption'
          ? ({ KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' } as const)
          : ({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } as const);
      try {
        const made = await client.send(new CreateKeyCommand({ ...kind, Description: aliasOf(purpose, next) }), within());
        const alias = { AliasName: aliasOf(purpose, next), TargetKeyId: made.KeyMetadata?.KeyId ?? '' };
        await client.send(new CreateAliasCommand(alias), within());
        return next;
      } catch (error) {
        throw meaningOf(error, purpose, next);
      }
    },
    async retire(purpose, version) {
      for (const [each, key] of await listed(purpose)) {
        if (each > version) continue;
        try {
          // One that waits for its deletion already was begun with before.
          await client.send(new ScheduleKeyDeletionCommand({ KeyId: key, PendingWindowInDays: PENDING_DAYS }), within()).catch(unlessGone);
          await client.send(new DeleteAliasCommand({ AliasName: aliasOf(purpose, each) }), within());
        } catch (error) {
          throw meaningOf(error, purpose, each);
        }
      }
    },
  };
}
