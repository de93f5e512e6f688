import { LoanloomError } from '../../domain/errors';
import type { KeyProvider, KeyPurpose } from './port';
import { associatedData, cannotOpen, named, readNamed, unknownVersion } from './seal';
import { keysAway, type RemoteKeys } from './remote';

export interface OpenBaoSettings extends RemoteKeys {
  readonly url: string;
  /** Asked for each time: an agent renews it. */
  readonly token: () => Promise<string>;
  /** Where the Transit engine is mounted. */
  readonly mount?: string;
}

type Answer = { readonly isTaken: true; readonly data: Readonly<Record<string, unknown>> } | { readonly isTaken: false };

const TOO_MANY = 429;
const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64');

/** The bytes of `vault:v<version>:<base64>`; our own blob names the version. */
const lastPart = (text: unknown): Buffer => Buffer.from(String(text).slice(String(text).lastIndexOf(':') + 1), 'base64');

const TRANSIT = 'transit';

/** Asks the Transit engine: what it says, or that it refuses what was asked. */
function asker({ url, token, timeoutMs, mount = TRANSIT }: OpenBaoSettings) {
  return async (method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> => {
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${url}/v1/${mount}/${path}`, {
        method,
        headers: { 'x-vault-token': await token(), 'content-type': 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      [status, text] = [response.status, await response.text()];
    } catch {
      throw keysAway();
    }
    if (status >= 500 || status === TOO_MANY) throw keysAway();
    if (status === 401 || status === 403)
      throw new LoanloomError('CONFIGURATION', `OpenBao refuses our token for ${path}: see docs/runbooks/keys.md`);
    if (status >= 400) return { isTaken: false };
    const answer = text === '' ? {} : (JSON.parse(text) as { data?: Readonly<Record<string, unknown>> | null });
    return { isTaken: true, data: answer.data ?? {} };
  };
}

/** Vault's Transit engine, as OpenBao speaks it: keys never leave it. */
export function createOpenBaoKeys(settings: OpenBaoSettings): KeyProvider {
  const ask = asker(settings);
  const nameOf = (purpose: KeyPurpose) => `${settings.prefix}-${purpose}`;

  async function versions(purpose: KeyPurpose): Promise<number[]> {
    const answer = await ask('GET', `keys/${nameOf(purpose)}`);
    if (!answer.isTaken) return [];
    return Object.keys(answer.data.keys as object)
      .map(Number)
      .sort((one, other) => one - other);
  }

  /** What was refused: because of the version, or because of what it was asked about. */
  async function refused(purpose: KeyPurpose, version: number, otherwise: LoanloomError): Promise<LoanloomError> {
    return (await versions(purpose)).includes(version) ? otherwise : unknownVersion(purpose, version);
  }

  return {
    versions,
    async wrap(version, dataKey, address) {
      const answer = await ask('POST', `encrypt/${nameOf('key-encryption')}`, {
        plaintext: base64(dataKey),
        associated_data: base64(associatedData(address)),
        key_version: version,
      });
      if (!answer.isTaken) throw await refused('key-encryption', version, cannotOpen(address));
      return named(version, lastPart(answer.data.ciphertext));
    },
    async unwrap(blob, address) {
      const { version, sealed } = readNamed(blob, address);
      const answer = await ask('POST', `decrypt/${nameOf('key-encryption')}`, {
        ciphertext: `vault:v${String(version)}:${base64(sealed)}`,
        associated_data: base64(associatedData(address)),
      });
      if (!answer.isTaken) throw await refused('key-encryption', version, cannotOpen(address));
      return Buffer.from(String(answer.data.plaintext), 'base64');
    },
    async mac(purpose, version, data) {
      const answer = await ask('POST', `hmac/${nameOf(purpose)}/sha2-256`, { input: base64(data), key_version: version });
      if (!answer.isTaken) throw unknownVersion(purpose, version);
      return lastPart(answer.data.hmac);
    },
    async rotate(purpose) {
      const before = await versions(purpose);
      const path = `keys/${nameOf(purpose)}`;
      const answer = await (before.length === 0 ? ask('POST', path, { type: 'aes256-gcm96' }) : ask('POST', `${path}/rotate`, {}));
      const newest = (await versions(purpose)).at(-1);
      if (!answer.isTaken || newest === undefined)
        throw new LoanloomError('CONFIGURATION', `OpenBao makes no key ${path}: mount the Transit engine at ${settings.mount ?? TRANSIT}`);
      return newest;
    },
    async retire(purpose, version) {
      const [oldest] = await versions(purpose);
      if (oldest === undefined || oldest > version) return;
      const answer = await ask('POST', `keys/${nameOf(purpose)}/config`, { min_decryption_version: version + 1 });
      if (!answer.isTaken)
        throw new LoanloomError('CONFIGURATION', `OpenBao does not retire version ${String(version)} of ${nameOf(purpose)}`);
    },
  };
}
