import { onePersonUnder, readKeyVersions } from '../../db/party/key-versions';
import { LoanloomError } from '../../domain/errors';
import { KEY_PURPOSES } from '../../providers/keys/port';
import type { ActivityDeps } from '../deps';

type Deps = Pick<ActivityDeps, 'db' | 'vault'>;

/** What of the keys this database needs is not with the provider, in sentences; empty where everything is. KEYS_UNAVAILABLE. */
export async function missingKeys({ db, vault }: Deps): Promise<string[]> {
  const live = (await readKeyVersions(db)).filter(({ state }) => state === 'ACTIVE' || state === 'RETIRING');
  const missing: string[] = [];
  for (const purpose of KEY_PURPOSES) {
    const there = await vault.keys.versions(purpose);
    const needed = live.filter((each) => each.purpose === purpose && !there.includes(each.version)).map(({ version }) => version);
    if (needed.length === 0) continue;
    const age =
      Math.max(0, ...there) < Math.max(...needed)
        ? 'the keys are older than this database'
        : 'this database is older than the keys that are left';
    missing.push(`${purpose}: version ${needed.join(', ')} is needed and not there (there is ${there.join(', ') || 'none'}): ${age}`);
  }
  if (missing.length > 0) return missing;
  for (const { version } of live.filter(({ purpose }) => purpose === 'key-encryption')) {
    const person = await onePersonUnder(db, version);
    const isOpen = await Promise.resolve(person && vault.person(person.id, person.wrapped_key)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof LoanloomError && error.code === 'DECRYPTION_FAILED') return false;
        throw error;
      },
    );
    if (!isOpen) missing.push(`key-encryption: version ${String(version)} is another database's: it does not open a key of this one`);
  }
  return missing;
}

/**
 * Before a process begins: KEY_VERSION_UNKNOWN where its keys do not belong to the database. Where that cannot be found out for
 * the moment the process begins all the same: what needs a key waits for it.
 */
export async function assertKeys(deps: Deps & Pick<ActivityDeps, 'log'>): Promise<void> {
  const missing = await missingKeys(deps).catch((error: unknown) => {
    if (error instanceof LoanloomError && error.code === 'CONFIGURATION') throw error;
    deps.log.warn(
      { error: error instanceof Error ? error.name : 'unknown' },
      'whether the keys belong to this database cannot be found out now',
    );
    return [];
  });
  if (missing.length > 0)
    throw new LoanloomError('KEY_VERSION_UNKNOWN', `${missing.join('; ')}. Put the newest keys back: docs/runbooks/keys.md`);
}
