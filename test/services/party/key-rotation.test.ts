import { randomUUID } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { inventPerson } from '../../../dev/demo/person';
import { freePort } from '../../../dev/stack/ports';
import { readAudit } from '../../../db/audit';
import { beginRotation, endRotation, liveVersions, readKeyVersions } from '../../../db/party/key-versions';
import { insertErasure, erasePerson } from '../../../db/party/erasures';
import { isGuardViolation, type Tx } from '../../../db/pool';
import { instant, businessDateOf } from '../../../domain/time/dates';
import { createFileKeys } from '../../../providers/keys/file';
import { KEY_PURPOSES, type KeyProvider } from '../../../providers/keys/port';
import { LoanloomError } from '../../../domain/errors';
import type { ActivityDeps } from '../../../services/deps';
import { assertKeys, missingKeys } from '../../../services/party/key-check';
import { retireKeys, rotateKeys } from '../../../services/party/key-rotation';
import { createTestDatabase } from '../../support/database';
import { newKeyFile } from '../../support/keepers';
import { startProcess } from '../../support/processes';
import { seedBorrower } from '../../support/seed';
import { createDeps, eventually, openDesk, type Desk } from '../../support/world';

const act = { actor: 'operator:li', reason: 'yearly rotation' };
const silent = () => undefined;
const codeOf = (error: unknown) => (error as { code?: string }).code;

let serial = 40_000;
const invent = () => inventPerson((serial += 1), 1);

describe('a rotation of keys', () => {
  let desk: Desk;
  let deps: ActivityDeps;
  let file: string;

  const open = async (keyFile = newKeyFile()) => {
    file = keyFile;
    desk = await openDesk();
    deps = createDeps(desk.database, desk.banks, [], { keys: createFileKeys(file) });
  };
  beforeEach(() => open());
  afterEach(() => desk.close());

  /** Whoever has nothing in memory. */
  const stranger = (keyFile = file) => createDeps(desk.database, desk.banks, [], { keys: createFileKeys(keyFile) });
  const statesOf = async (purpose: string) =>
    (await readKeyVersions(deps.db)).filter((each) => each.purpose === purpose).map(({ version, state }) => `${String(version)} ${state}`);
  const claims = (of: ActivityDeps, borrowerId: string) => of.db.transaction((tx) => of.borrowers.claimIdentity(tx, borrowerId));
  async function comes(of: ActivityDeps, person: ReturnType<typeof invent>, borrowerId = person.borrowerId): Promise<string> {
    await of.db.transaction(async (tx) => {
      await of.borrowers.ensure(tx, borrowerId);
      await of.borrowers.saveIdentity(tx, borrowerId, person);
    });
    return of.borrowers.saveCard(of.db, borrowerId, person.cardNumber);
  }

  it('goes through while people come and claim ID numbers: one person has one, all is readable at each moment, and old versions are retired', async () => {
    const known: { person: ReturnType<typeof invent>; cardId: string }[] = [];
    for (let count = 0; count < 30; count += 1) {
      const person = invent();
      known.push({ person, cardId: await comes(deps, person) });
      expect(await claims(deps, person.borrowerId)).toBe(true);
    }
    // Two processes that work on, each with a memory of its own.
    const others = [stranger(), stranger()];
    let isRotating = true;
    const came: ReturnType<typeof invent>[] = [];
    let won = 0;
    let reads = 0;
    const pairs = async () => {
      while (isRotating) {
        const person = invent();
        const [one, other] = others as [ActivityDeps, ActivityDeps];
        await Promise.all([comes(one, person), comes(other, person, `${person.borrowerId}-twin`)]);
        const words = await Promise.all([claims(one, person.borrowerId), claims(other, `${person.borrowerId}-twin`)]);
        expect(words.filter(Boolean)).toHaveLength(1);
        // Nor may anybody take the number of who had it before all this.
        const thief = `${person.borrowerId}-thief`;
        await comes(one, known[won % known.length]!.person, thief);
        expect(await claims(one, thief)).toBe(false);
        came.push(person);
        won += 1;
      }
    };
    const reading = async () => {
      while (isRotating) {
        const { person, cardId } = known[reads % known.length]!;
        const reader = stranger();
        expect((await reader.borrowers.identity(reader.db, person.borrowerId)).idNumber).toBe(person.idNumber);
        expect(await reader.borrowers.saveCard(reader.db, person.borrowerId, person.cardNumber)).toBe(cardId);
        reads += 1;
      }
    };
    const rotating = async () => {
      for (let round = 0; round < 3; round += 1) {
        await rotateKeys(deps, KEY_PURPOSES, act, silent);
        await retireKeys(deps, 0, act, silent);
      }
      isRotating = false;
    };
    await Promise.all([rotating(), pairs(), pairs(), reading()]);
    expect([won, reads].every((count) => count >= 3)).toBe(true);
    const fresh = stranger();
    for (const purpose of KEY_PURPOSES) {
      expect(await statesOf(purpose)).toEqual(['1 RETIRED', '2 RETIRED', '3 RETIRED', '4 ACTIVE']);
      expect(await fresh.vault.keys.versions(purpose)).toEqual([4]);
    }
    for (const person of [...known.map((each) => each.person), ...came]) {
      expect(await fresh.borrowers.identity(fresh.db, person.borrowerId)).toMatchObject({ idNumber: person.idNumber, name: person.name });
      const late = `${person.borrowerId}-late`;
      await comes(fresh, person, late);
      expect(await claims(fresh, late)).toBe(false);
    }
    const indexed = await deps.db('blind_indexes').distinct('key_version').pluck<number[]>('key_version');
    expect(indexed).toEqual([4]);
    const lines = (await readAudit(deps.db, { actor: act.actor, limit: 100 })).map(({ action }) => action);
    for (const action of ['KEY_ROTATION_BEGUN', 'KEY_ROTATED', 'KEY_RETIRED'])
      expect(lines.filter((each) => each === action)).toHaveLength(12);
  });

  it('that dies at any point is gone on with by the next run, and ends the same', async () => {
    const people = [invent(), invent(), invent()];
    for (const person of people) {
      await comes(deps, person);
      expect(await claims(deps, person.borrowerId)).toBe(true);
    }
    const dies = (after: number): { provider: KeyProvider; count: () => void } => {
      let left = after;
      const count = () => {
        left -= 1;
        if (left < 0) throw new Error('killed');
      };
      const counted =
        <A extends unknown[], T>(call: (...given: A) => Promise<T>) =>
        async (...given: A): Promise<T> => {
          count();
          const said = await call(...given);
          count();
          return said;
        };
      const { keys } = deps.vault;
      const provider = {
        wrap: counted(keys.wrap),
        unwrap: counted(keys.unwrap),
        mac: counted(keys.mac),
        rotate: counted(keys.rotate),
        versions: counted(keys.versions),
        retire: counted(keys.retire),
      };
      return { provider, count };
    };
    let rounds = 0;
    for (let after = 0, isOver = false; !isOver; after += 3) {
      const { provider, count } = dies(after);
      const dying = createDeps(desk.database, desk.banks, [], { keys: provider });
      isOver = await rotateKeys(dying, KEY_PURPOSES, act, count)
        .then(() => retireKeys(dying, 0, act, count))
        .then(
          () => true,
          (error: unknown) => {
            expect(String(error)).toContain('killed');
            return false;
          },
        );
      await rotateKeys(deps, KEY_PURPOSES, act, silent);
      await retireKeys(deps, 0, act, silent);
      rounds += 1;
      const fresh = stranger();
      for (const person of people) {
        expect((await fresh.borrowers.identity(fresh.db, person.borrowerId)).phone).toBe(person.phone);
        expect(await claims(fresh, person.borrowerId)).toBe(true);
      }
      for (const purpose of KEY_PURPOSES) {
        const states = (await statesOf(purpose)).map((line) => line.split(' ')[1]);
        expect(states.filter((state) => state === 'ACTIVE')).toHaveLength(1);
        expect(states.filter((state) => state === 'RETIRING' || state === 'KEPT')).toEqual([]);
        expect(await fresh.vault.keys.versions(purpose)).toHaveLength(1);
      }
    }
    expect(rounds).toBeGreaterThan(8);
  });

  it('waits for who writes with the old version, and lets nobody begin with it afterwards', async () => {
    let commit: () => void = silent;
    const held = new Promise<void>((done) => {
      commit = done;
    });
    let seen: number[] = [];
    const writing = deps.db.transaction(async (tx) => {
      seen = await liveVersions(tx, 'index-phone');
      await held;
    });
    await eventually('the writer', () => Promise.resolve(seen.length > 0));
    let isBegun = false;
    const beginning = deps.db
      .transaction((tx) => beginRotation(tx, 'index-phone', 2))
      .then(() => {
        isBegun = true;
      });
    await eventually('the rotation waits', async () => {
      const { rows } = await deps.db.raw<{ rows: unknown[] }>(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
      return rows.length > 0;
    });
    expect(isBegun).toBe(false);
    commit();
    await Promise.all([writing, beginning]);
    expect(seen).toEqual([1]);
    expect(await deps.db.transaction((tx) => liveVersions(tx, 'index-phone'))).toEqual([2, 1]);
  });

  describe('is guarded by the database, which refuses', () => {
    const refused = async (work: (tx: Tx) => Promise<unknown>) => {
      const error: unknown = await deps.db.transaction(work).then(
        () => undefined,
        (fault: unknown) => fault,
      );
      expect([codeOf(error), isGuardViolation(error)]).toEqual(['LL007', true]);
    };
    const row = (borrowerId: string, key_version: number) => ({
      purpose: 'index-phone',
      owner: borrowerId,
      key_version,
      borrower_id: borrowerId,
      value: Buffer.alloc(32, key_version),
    });
    const born = async () => {
      const id = randomUUID();
      await deps.db.transaction((tx) => deps.borrowers.ensure(tx, id));
      return id;
    };

    it('a value that is indexed under one of two live versions alone, or under one that is out of use', async () => {
      const id = await born();
      await deps.db.transaction(async (tx) => beginRotation(tx, 'index-phone', await deps.vault.keys.rotate('index-phone')));
      await refused((tx) => tx('blind_indexes').insert(row(id, 2)));
      await refused((tx) => tx('blind_indexes').insert(row(id, 1)));
      await deps.db('blind_indexes').insert([row(id, 1), row(id, 2)]);
      await deps.db('blind_indexes').delete();
      await deps.db.transaction((tx) => endRotation(tx, 'index-phone'));
      await refused((tx) => tx('blind_indexes').insert([row(id, 1), row(id, 2)]));
      await deps.db('blind_indexes').insert(row(id, 2));
    });

    it('the end of a rotation while a value or a data key still needs the old version', async () => {
      const { person } = await seedBorrower(deps);
      for (const purpose of KEY_PURPOSES) {
        if (purpose === 'index-id-number') expect(await claims(deps, person.borrowerId)).toBe(true);
        await deps.db.transaction(async (tx) => beginRotation(tx, purpose, await deps.vault.keys.rotate(purpose)));
        await refused((tx) => endRotation(tx, purpose));
        await refused((tx) => beginRotation(tx, purpose, 3));
      }
    });

    it('a data key that is wrapped by a version out of use', async () => {
      await deps.db.transaction(async (tx) => beginRotation(tx, 'key-encryption', await deps.vault.keys.rotate('key-encryption')));
      const late = async (version: number) => ({ id: randomUUID(), wrapped_key: await deps.vault.createPersonKey('late', version) });
      const [stale, current] = [await late(1), await late(2)];
      await refused((tx) => tx('borrowers').insert(stale));
      await deps.db('borrowers').insert(current);
    });
  });

  it('is not begun while another runs', async () => {
    await comes(deps, invent());
    let second: unknown;
    await rotateKeys(deps, KEY_PURPOSES, act, () => {
      second ??= rotateKeys(stranger(), KEY_PURPOSES, act, silent).catch(codeOf);
    });
    expect(await second).toBe('ILLEGAL_TRANSITION');
  });

  it('keeps old versions for as long as backups are kept', async () => {
    await comes(deps, invent());
    await rotateKeys(deps, KEY_PURPOSES, act, silent);
    expect(await retireKeys(deps, 35, act, silent)).toBe(0);
    expect(await statesOf('index-card')).toEqual(['1 KEPT', '2 ACTIVE']);
    expect(await deps.vault.keys.versions('index-card')).toEqual([1, 2]);
    expect(await retireKeys(deps, 0, act, silent)).toBe(KEY_PURPOSES.length);
    expect(await retireKeys(deps, 0, act, silent)).toBe(0);
    expect(await deps.vault.keys.versions('index-card')).toEqual([2]);
  });

  it('brings back nobody who was erased, and an erasure in between is not undone', async () => {
    const person = invent();
    await comes(deps, person);
    expect(await claims(deps, person.borrowerId)).toBe(true);
    const at = instant(Date.now());
    await rotateKeys(deps, ['key-encryption'], act, silent);
    await deps.db.transaction(async (tx) => beginRotation(tx, 'index-id-number', await deps.vault.keys.rotate('index-id-number')));
    await insertErasure(deps.db, { id: randomUUID(), borrowerId: person.borrowerId, askedAt: at, dueOn: businessDateOf(at), why: 'wish' });
    expect(await erasePerson(deps.db, person.borrowerId, businessDateOf(at), at)).toBe(true);
    await rotateKeys(deps, KEY_PURPOSES, act, silent);
    expect(await deps.db('blind_indexes').where({ borrower_id: person.borrowerId })).toEqual([]);
    const { wrapped_key: wrapped } = await deps.db('borrowers').where({ id: person.borrowerId }).first<{ wrapped_key: Buffer }>();
    expect(wrapped).toHaveLength(0);
  });

  describe('and a restore', () => {
    it('with keys that are older than the database is refused, and says so, by worker and API too', async () => {
      const person = invent();
      const old = newKeyFile();
      copyFileSync(file, old);
      await comes(deps, person);
      await rotateKeys(deps, KEY_PURPOSES, act, silent);
      expect(await missingKeys(deps)).toEqual([]);
      const restored = stranger(old);
      const lines = await missingKeys(restored);
      expect(lines).toHaveLength(KEY_PURPOSES.length);
      for (const line of lines) expect(line).toContain('the keys are older than this database');
      await expect(assertKeys(restored)).rejects.toMatchObject({ code: 'KEY_VERSION_UNKNOWN' });
      await expect(restored.borrowers.identity(restored.db, person.borrowerId)).rejects.toMatchObject({ code: 'KEY_VERSION_UNKNOWN' });
      const settings = {
        databaseUrl: desk.database.appUrl,
        temporalAddress: '127.0.0.1:1',
        banks: desk.banks,
        tokenSecret: 'x'.repeat(32),
      };
      for (const script of ['workers/main.ts', 'api/server.ts'] as const) {
        const child = startProcess(script, { ...settings, keyFile: old, apiPort: await freePort() });
        expect(await child.exited).toBe(1);
        await expect(child.ready(() => Promise.resolve(false), 1_000)).rejects.toMatchObject({
          output: expect.stringContaining('the keys are older than this database') as string,
        });
      }
    });

    it('of a database from before the rotation opens with the newer keys', async () => {
      const person = invent();
      await comes(deps, person);
      const elsewhere = await createTestDatabase();
      const now = createDeps(elsewhere, desk.banks, [], { keys: createFileKeys(file) });
      await rotateKeys(now, KEY_PURPOSES, act, silent);
      await elsewhere.close();
      const restored = stranger();
      expect(await missingKeys(restored)).toEqual([]);
      expect((await restored.borrowers.identity(restored.db, person.borrowerId)).name).toBe(person.name);
      await comes(restored, invent());
      await rotateKeys(restored, KEY_PURPOSES, act, silent);
      expect((await restored.borrowers.identity(restored.db, person.borrowerId)).name).toBe(person.name);
    });

    it('with another database’s keys is refused, and so is one from before a version was retired', async () => {
      const person = invent();
      await comes(deps, person);
      const foreign = stranger(newKeyFile());
      await expect(assertKeys(foreign)).rejects.toMatchObject({ message: expect.stringContaining('another database') as string });
      for (const purpose of KEY_PURPOSES) {
        await deps.vault.keys.rotate(purpose);
        await deps.vault.keys.retire(purpose, 1);
      }
      await expect(assertKeys(stranger())).rejects.toMatchObject({
        message: expect.stringContaining('this database is older than the keys that are left') as string,
      });
    });
  });

  it('whose keeper is away changes nothing: a confirmed ID number is not lost over it, and everything goes on when it is back', async () => {
    const person = invent();
    await comes(deps, person);
    expect(await claims(deps, person.borrowerId)).toBe(true);
    const { keys } = deps.vault;
    let faults = 1;
    const away = () => new LoanloomError('KEYS_UNAVAILABLE', 'away');
    const flickering: KeyProvider = { ...keys, unwrap: (...given) => (faults-- > 0 ? Promise.reject(away()) : keys.unwrap(...given)) };
    const flaky = createDeps(desk.database, desk.banks, [], { keys: flickering });
    const save = () =>
      flaky.db.transaction((tx) => flaky.borrowers.saveIdentity(tx, person.borrowerId, { ...person, email: 'new@example.org' }));
    await expect(save()).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    const indexes = () => deps.db('blind_indexes').where({ borrower_id: person.borrowerId, purpose: 'index-id-number' });
    expect(await indexes()).toHaveLength(1);
    await save();
    expect(await indexes()).toHaveLength(1);
    // Whether the keys belong to the database cannot be found out: a process begins all the same.
    const dead: KeyProvider = { ...keys, versions: () => Promise.reject(away()) };
    await assertKeys(createDeps(desk.database, desk.banks, [], { keys: dead }));
  });
});
