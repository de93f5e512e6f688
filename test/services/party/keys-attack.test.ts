import { KEY_PURPOSES, type KeyProvider } from '../../../providers/keys/port';
import { createFileKeys } from '../../../providers/keys/file';
import { retireKeys, rotateKeys } from '../../../services/party/key-rotation';
import { inventPerson } from '../../../dev/demo/person';
import { newKeyFile } from '../../support/keepers';
import { createDeps, openDesk, type Desk } from '../../support/world';

const act = { actor: 'operator:li', reason: 'attack' };
const silent = () => undefined;

/** Guarantee: what a rotation made is there for everybody, and what was retired opens nothing any more. Each was proved otherwise once. */
describe('keys under attack', () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await openDesk();
  });
  afterEach(() => desk.close());

  it('a `keys retire` beside a `keys rotate` loses no key version', async () => {
    const file = newKeyFile();
    const deps = createDeps(desk.database, desk.banks, [], { keys: createFileKeys(file) });
    const person = inventPerson(77_001, 1);
    await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, person.borrowerId);
      await deps.borrowers.saveIdentity(tx, person.borrowerId, person);
    });
    // A year ago: version 1 is KEPT, 2 is ACTIVE.
    await rotateKeys(deps, KEY_PURPOSES, act, silent);
    // Now two treasurers, two processes: one rotates key-encryption, the other retires what is over.
    let begun: () => void = silent;
    const gate = new Promise<void>((done) => {
      begun = done;
    });
    const a = createFileKeys(file);
    const b = createFileKeys(file);
    const rotating: KeyProvider = {
      ...a,
      rotate: (purpose) => {
        const said = a.rotate(purpose);
        begun();
        return said;
      },
    };
    const retiring: KeyProvider = {
      ...b,
      retire: async (purpose, version) => {
        if (purpose !== 'key-encryption') await gate;
        return b.retire(purpose, version);
      },
    };
    await Promise.allSettled([
      gate.then(() => retireKeys(createDeps(desk.database, desk.banks, [], { keys: retiring }), 0, act, silent)),
      rotateKeys(createDeps(desk.database, desk.banks, [], { keys: rotating }), ['key-encryption'], act, silent),
    ]);
    const fresh = createDeps(desk.database, desk.banks, [], { keys: createFileKeys(file) });
    expect((await fresh.borrowers.identity(fresh.db, person.borrowerId)).idNumber).toBe(person.idNumber);
  });

  it('a version that is retired opens nothing in any other process', async () => {
    const file = newKeyFile();
    const a = createFileKeys(file);
    const b = createFileKeys(file);
    const address = { table: 'borrowers', column: 'wrapped_key', row: 'x' };
    const blob = await b.wrap(1, Buffer.alloc(32), address);
    await a.rotate('key-encryption');
    await a.retire('key-encryption', 1);
    await expect(b.unwrap(blob, address)).rejects.toMatchObject({ code: 'KEY_VERSION_UNKNOWN' });
  });
});
