import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { open as openFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LoanloomError } from '../../domain/errors';
import { KEY_PURPOSES, type KeyProvider, type KeyPurpose } from './port';
import { named, open, readNamed, seal, unknownVersion } from './seal';

/** Per purpose, each version's 32 bytes in hexadecimal digits. */
type Ring = Record<KeyPurpose, Record<string, string>>;

const KEY_BYTES = 32;
const freshKey = () => randomBytes(KEY_BYTES).toString('hex');
const ringOf = (key: (purpose: KeyPurpose) => string): Ring =>
  Object.fromEntries(KEY_PURPOSES.map((purpose): [KeyPurpose, Record<string, string>] => [purpose, { '1': key(purpose) }])) as Ring;

/** What a master key of 64 hexadecimal digits, from before there was a key ring, was derived into. */
const DERIVATIONS: Readonly<Record<KeyPurpose, string>> = {
  'key-encryption': 'loanloom/key-encryption',
  'index-id-number': 'loanloom/index/id_number',
  'index-phone': 'loanloom/index/phone',
  'index-card': 'loanloom/index/card',
};

function fromMasterKey(text: string): Ring {
  const master = Buffer.from(text.trim(), 'hex');
  if (master.length !== KEY_BYTES)
    throw new LoanloomError('CONFIGURATION', 'the master key file must hold exactly 32 bytes (64 hexadecimal digits)');
  return ringOf((purpose) => Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), DERIVATIONS[purpose], KEY_BYTES)).toString('hex'));
}

/** A key file's text: a first version of each purpose, random or from the text of a master key. */
export const newKeyRing = (masterKey?: string): string =>
  JSON.stringify(masterKey === undefined ? ringOf(freshKey) : fromMasterKey(masterKey));

function readRing(text: string, file: string): Ring {
  const isRing = (value: unknown): value is Ring =>
    typeof value === 'object' &&
    value !== null &&
    KEY_PURPOSES.every((purpose) => {
      const versions = (value as Partial<Ring>)[purpose];
      return typeof versions === 'object' && Object.values(versions).every((key) => /^[0-9a-f]{64}$/.test(key));
    });
  try {
    const ring: unknown = JSON.parse(text);
    if (isRing(ring)) return ring;
  } catch {
    // Said below.
  }
  throw new LoanloomError('CONFIGURATION', `${file} is no key ring: put the key file back as it was (docs/runbooks/keys.md)`);
}

/** On disk, with mode 0600, when it returns; a crash leaves the old file or the new one. */
async function writeRing(file: string, ring: Ring): Promise<void> {
  const written = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await openFile(written, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(ring)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(written, file);
  const folder = await openFile(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}

/** How long a change waits for another one, and how often it looks. */
const LOCK = { waitMs: 10_000, lookMs: 20 } as const;

/** Runs one change of a ring at a time, over all processes: two that read before either has written would lose a version. */
async function aloneChanging<T>(file: string, change: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  const until = Date.now() + LOCK.waitMs;
  for (;;) {
    const handle = await openFile(lock, 'wx', 0o600).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
    });
    if (handle) {
      await handle.close();
      break;
    }
    await setTimeout(LOCK.lookMs);
    if (Date.now() > until)
      throw new LoanloomError(
        'KEYS_UNAVAILABLE',
        `another change of the key ring is running; where none is, one was killed: remove ${lock}`,
      );
  }
  try {
    return await change();
  } finally {
    await rm(lock, { force: true });
  }
}

/**
 * Keys in a file, outside the database and its backups. `file` is a key ring (*.json), or a master key: that is version 1 of
 * every purpose, and the first rotation writes `keys.json` beside it, which counts from then on. Another process's rotation
 * is seen when a version is asked for that this one does not know.
 */
export function createFileKeys(file: string): KeyProvider {
  const ringFile = file.endsWith('.json') ? file : join(dirname(file), 'keys.json');
  const load = (): Ring => (ringFile === file || existsSync(ringFile) ? readRing(textOf(ringFile), ringFile) : fromMasterKey(textOf(file)));
  let ring = load();
  let seen = stateOf(ringFile);
  // What another process has added or retired counts from the next use on.
  const fresh = (): Ring => {
    const now = stateOf(ringFile);
    if (now !== seen) [ring, seen] = [load(), now];
    return ring;
  };
  const keyOf = (purpose: KeyPurpose, version: number): Buffer => {
    const key = fresh()[purpose][String(version)];
    if (key === undefined) throw unknownVersion(purpose, version);
    return Buffer.from(key, 'hex');
  };
  const change = (purpose: KeyPurpose, versions: (now: Record<string, string>) => Record<string, string>): Promise<void> =>
    aloneChanging(ringFile, async () => {
      const now = load();
      await writeRing(ringFile, { ...now, [purpose]: versions(now[purpose]) });
    });
  const versionsOf = (purpose: KeyPurpose): number[] =>
    Object.keys(load()[purpose])
      .map(Number)
      .sort((one, other) => one - other);
  // Async, so that a refusal is a rejection, as with every other provider.
  return {
    wrap: (version, dataKey, address) => settled(() => named(version, seal(keyOf('key-encryption', version), dataKey, address))),
    unwrap: (blob, address) =>
      settled(() => {
        const { version, sealed } = readNamed(blob, address);
        return open(keyOf('key-encryption', version), sealed, address);
      }),
    mac: (purpose, version, data) => settled(() => createHmac('sha256', keyOf(purpose, version)).update(data).digest()),
    versions: (purpose) => settled(() => versionsOf(purpose)),
    async rotate(purpose) {
      let next = 0;
      await change(purpose, (now) => {
        next = Math.max(0, ...Object.keys(now).map(Number)) + 1;
        return { ...now, [String(next)]: freshKey() };
      });
      return next;
    },
    async retire(purpose, version) {
      const isKept = ([name]: [string, string]) => Number(name) > version;
      if (versionsOf(purpose).some((each) => each <= version))
        await change(purpose, (now) => Object.fromEntries(Object.entries(now).filter(isKept)));
    },
  };
}

/** Of one file after another under a name; '' while there is none. */
function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${String(found.ino)}/${String(found.mtimeMs)}`;
}

const settled = <T>(work: () => T): Promise<T> => Promise.resolve().then(work);

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new LoanloomError(
      'CONFIGURATION',
      `the key file ${file} cannot be read: put it back (docs/runbooks/keys.md); never make a new one`,
    );
  }
}
