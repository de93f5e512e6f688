import { writeAudit } from '../../db/audit';
import { isIndexed, writeIndex } from '../../db/party/blind-indexes';
import { lockPerson } from '../../db/party/borrowers';
import {
  aloneRotating,
  beginRotation,
  dropOldIndexes,
  endRotation,
  indexedBefore,
  readKeyVersions,
  retireVersion,
  rewrapPerson,
  wrappedBefore,
  type KeyVersion,
} from '../../db/party/key-versions';
import type { Tx } from '../../db/pool';
import { assertThat, LoanloomError } from '../../domain/errors';
import { KEY_PURPOSES, type IndexPurpose, type KeyPurpose } from '../../providers/keys/port';
import type { ActivityDeps } from '../deps';

type Deps = Pick<ActivityDeps, 'db' | 'vault' | 'borrowers'>;

/** Who rotates, and why. */
export interface Act {
  readonly actor: string;
  readonly reason: string;
}

export type Progress = (line: string) => void;

const AT_ONCE = 200;
/** Data keys and values under way at once. */
const PARALLEL = 8;
const DAY_MS = 86_400_000;

const note = (tx: Tx, { actor, reason }: Act, action: string, { purpose, version }: Pick<KeyVersion, 'purpose' | 'version'>) =>
  writeAudit(tx, { actor, action, subject: purpose, reason, data: { version } });

/**
 * Gives each purpose a new version and takes the old one out of use, while everybody goes on working: what is new is written
 * with the new version (indexes with both), then what was written before follows in batches, then the old version is KEPT for
 * backups. A run that was broken off is gone on with by the next one. ILLEGAL_TRANSITION where another rotation runs.
 */
export async function rotateKeys(deps: Deps, purposes: readonly KeyPurpose[], act: Act, progress: Progress): Promise<void> {
  const done = await aloneRotating(deps.db, async () => {
    for (const purpose of purposes) await rotateKey(deps, purpose, act, progress);
    return true;
  });
  if (!done) throw new LoanloomError('ILLEGAL_TRANSITION', 'another rotation of keys is running: wait for its end');
}

async function rotateKey(deps: Deps, purpose: KeyPurpose, act: Act, progress: Progress): Promise<void> {
  const version = await newVersion(deps, purpose, act, progress);
  const say = (count: number) => {
    progress(`${purpose}: ${String(count)} moved to version ${String(version)}`);
  };
  await (purpose === 'key-encryption' ? rewrapAll(deps, version, say) : indexAll(deps, purpose, version, say));
  const old = await deps.db.transaction(async (tx) => {
    const ended = await endRotation(tx, purpose);
    if (ended !== undefined) await note(tx, act, 'KEY_ROTATED', { purpose, version: ended });
    return ended;
  });
  if (purpose !== 'key-encryption') while ((await dropOldIndexes(deps.db, purpose, 10 * AT_ONCE)) > 0);
  progress(`${purpose}: version ${String(old ?? 'none')} is needed by nothing but backups`);
}

/** The version that is for what is new from now on: one that a broken-off run has made already, or the next one. */
async function newVersion({ db, vault }: Deps, purpose: KeyPurpose, act: Act, progress: Progress): Promise<number> {
  const known = (await readKeyVersions(db)).filter((each) => each.purpose === purpose);
  const active = known.find(({ state }) => state === 'ACTIVE')?.version ?? 0;
  if (known.some(({ state }) => state === 'RETIRING')) {
    progress(`${purpose}: goes on with the rotation to version ${String(active)}`);
    return active;
  }
  const newest = Math.max(...known.map((each) => each.version));
  const version = (await vault.keys.versions(purpose)).find((each) => each > newest) ?? (await vault.keys.rotate(purpose));
  await db.transaction(async (tx) => {
    await beginRotation(tx, purpose, version);
    await note(tx, act, 'KEY_ROTATION_BEGUN', { purpose, version });
  });
  progress(`${purpose}: version ${String(version)} is in use`);
  return version;
}

/** Moves all of what `next` still finds, a batch at a time, a few at once. */
async function moveAll<T>(next: () => Promise<T[]>, move: (each: T) => Promise<void>, say: (count: number) => void): Promise<void> {
  let count = 0;
  let before = '';
  for (let batch = await next(); batch.length > 0; batch = await next()) {
    const now = JSON.stringify(batch);
    assertThat(now !== before, 'a rotation of keys makes no headway');
    before = now;
    const queue = [...batch];
    const work = async () => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) await move(each);
    };
    const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, work));
    // Whoever fails leaves nobody behind who still works.
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    count += batch.length;
    say(count);
  }
}

/** Wraps every data key anew; one that another has changed meanwhile is left to the next look. */
function rewrapAll({ db, vault }: Deps, version: number, say: (count: number) => void): Promise<void> {
  return moveAll(
    () => wrappedBefore(db, version, AT_ONCE),
    async ({ id, wrapped_key: from }) => {
      await rewrapPerson(db, id, from, await vault.rewrap(id, from, version));
    },
    say,
  );
}

/** Indexes every value under the new version too, under its person's lock. */
function indexAll({ db, vault, borrowers }: Deps, purpose: IndexPurpose, version: number, say: (count: number) => void): Promise<void> {
  const valueOf = async (tx: Tx, owner: string, borrowerId: string): Promise<string> => {
    if (purpose === 'index-card') return borrowers.cardNumber(tx, borrowerId, owner);
    return (await borrowers.identity(tx, borrowerId))[purpose === 'index-phone' ? 'phone' : 'idNumber'];
  };
  return moveAll(
    () => indexedBefore(db, purpose, version, AT_ONCE),
    async ({ owner, borrowerId }) => {
      await db.transaction(async (tx) => {
        await lockPerson(tx, borrowerId);
        // Erased or taken away meanwhile.
        if (!(await isIndexed(tx, purpose, owner))) return;
        await writeIndex(tx, vault, { purpose, owner, borrowerId }, await valueOf(tx, owner, borrowerId));
      });
    },
    say,
  );
}

/**
 * Takes versions away at the provider that nothing has needed for `backupsKeptDays`: no backup of before opens any more.
 * Returns how many. Repeating it changes nothing.
 */
export async function retireKeys(deps: Deps, backupsKeptDays: number, act: Act, progress: Progress): Promise<number> {
  const retired = await aloneRotating(deps.db, () => retireOver(deps, backupsKeptDays, act, progress));
  if (retired === undefined) throw new LoanloomError('ILLEGAL_TRANSITION', 'another rotation of keys is running: wait for its end');
  return retired;
}

async function retireOver(deps: Deps, backupsKeptDays: number, act: Act, progress: Progress): Promise<number> {
  const known = await readKeyVersions(deps.db);
  let retired = 0;
  for (const purpose of KEY_PURPOSES) {
    const there = await deps.vault.keys.versions(purpose);
    // Also one that an earlier run has written down, and not carried out.
    for (const each of known.filter(({ purpose: of, version }) => of === purpose && there.includes(version))) {
      const isOver = each.state === 'KEPT' && each.since.getTime() + backupsKeptDays * DAY_MS <= Date.now();
      if (!isOver && each.state !== 'RETIRED') continue;
      await deps.db.transaction(async (tx) => {
        if (await retireVersion(tx, purpose, each.version)) await note(tx, act, 'KEY_RETIRED', each);
      });
      await deps.vault.keys.retire(purpose, each.version);
      retired += 1;
      progress(`${purpose}: version ${String(each.version)} is retired; no backup from before its rotation opens any more`);
    }
  }
  return retired;
}
