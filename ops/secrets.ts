import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SECRET_NAMES } from '../channels/names';
import { newKeyRing } from '../providers/keys/file';
import { SOURCE_SECRET_NAMES } from '../providers/identity/rules';

/** Whom a secret is shared with: channels, the house bank, identity sources, the certificate authority. */
export const OUTSIDE_SECRET_NAMES: readonly string[] = [...SECRET_NAMES, ...SOURCE_SECRET_NAMES, 'ca'];

export interface SecretFiles {
  readonly keyFile: string;
  readonly tokenSecret: string;
  readonly channelSecrets: string;
  /** Beside the keys, outside the database: which restore of it is the current one. */
  readonly restoreEpoch: string;
  /** Who was forgotten. */
  readonly tombstones: string;
}

async function once(file: string, content: () => string): Promise<string> {
  if (!existsSync(file)) await writeFile(file, content(), { mode: 0o600 });
  return file;
}

/** The key ring: new, or made of the master key from before there was one. */
async function keyFileIn(folder: string, masterKey: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = existsSync(masterKey) ? await readFile(masterKey, 'utf8') : undefined;
  return once(join(folder, 'keys.json'), () => newKeyRing(before));
}

/** One secret per name; a file from before a name existed is given what it lacks. */
async function completed(file: string, names: readonly string[]): Promise<string> {
  const known = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Record<string, string>) : {};
  const missing = names.filter((name) => !known[name]);
  if (missing.length > 0) {
    const added = Object.fromEntries(missing.map((name) => [name, randomBytes(24).toString('hex')]));
    await writeFile(file, JSON.stringify({ ...known, ...added }), { mode: 0o600 });
  }
  return file;
}

/** Keys of a local stack: made on its first start, mode 0600, outside the database. */
export async function ensureSecrets(folder: string, names: readonly string[], keyFolder = folder): Promise<SecretFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    keyFile: await keyFileIn(keyFolder, join(folder, 'master.key')),
    tokenSecret: await once(join(folder, 'token.secret'), () => randomBytes(32).toString('hex')),
    channelSecrets: await completed(join(folder, 'channel-secrets.json'), names),
    restoreEpoch: await once(join(folder, 'restore-epoch'), () => '1'),
    tombstones: await once(join(folder, 'tombstones.jsonl'), () => ''),
  };
}
