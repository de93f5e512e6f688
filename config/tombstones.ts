import { appendFile, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LoanloomError } from '../domain/errors';
import type { BusinessDate, Instant } from '../domain/time/dates';
import type { Env } from './env';
import { required } from './required';

/** Who was forgotten, and by which wish. Ids only. */
export interface Tombstone {
  readonly borrowerId: string;
  readonly askedAt: Instant;
  readonly dueOn: BusinessDate;
  readonly at: Instant;
}

/** Kept outside the database and its backups: a backup that comes back knows people who were forgotten since. */
export interface Tombstones {
  /** On disk when it returns. */
  add(tombstone: Tombstone): Promise<void>;
  /** Every one, oldest first. CONFIGURATION where they cannot be read: a missing file is no proof that nobody was forgotten. */
  all(): Promise<Tombstone[]>;
}

/** One JSON line each, beside the keys. */
export function fileTombstones(env: Env): Tombstones {
  const file = env.LOANLOOM_TOMBSTONES_FILE ?? join(dirname(required(env, 'LOANLOOM_KEY_FILE')), 'tombstones.jsonl');
  return {
    async add(tombstone) {
      await appendFile(file, `${JSON.stringify(tombstone)}\n`, { mode: 0o600 });
      const handle = await open(file, 'r+');
      await handle.sync().finally(() => handle.close());
    },
    async all() {
      const text = await readFile(file, 'utf8').catch(() => {
        throw new LoanloomError('CONFIGURATION', `${file} cannot be read: put it back, or an empty one where nobody was ever forgotten`);
      });
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          try {
            return JSON.parse(line) as Tombstone;
          } catch {
            throw new LoanloomError('CONFIGURATION', `${file} holds a line that is no tombstone: put the file back as it was`);
          }
        });
    },
  };
}
