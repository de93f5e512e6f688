import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { KEY_PURPOSES, type KeyProvider } from '../../../providers/keys/port';
import { createFileKeys } from '../../../providers/keys/file';
import { insertErasure, erasePerson } from '../../../db/party/erasures';
import { businessDateOf, instant } from '../../../domain/time/dates';
import { rotateKeys } from '../../../services/party/key-rotation';
import { inventPerson } from '../../../dev/demo/person';
import { newKeyFile } from '../../support/keepers';
import { createDeps, openDesk, type Desk } from '../../support/world';

const act = { actor: 'operator:li', reason: 'attack' };
const silent = () => undefined;

/** Guarantee: whatever is done to keys at the same time, no key is lost, and nothing of a person who is forgotten is left. */
describe('keys that are changed at once', () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await openDesk();
  });
  afterEach(() => desk.close());

  it('rotate and retire at once never leave a ring that cannot be read, or lacks what was made', async () => {
    const seen: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      const file = newKeyFile();
      const [a, b] = [createFileKeys(file), createFileKeys(file)];
      await a.rotate('index-card');
      await a.rotate('index-phone');
      const made = await Promise.allSettled([a.rotate('key-encryption'), b.retire('index-card', 1)]);
      let state = 'fine';
      try {
        const ring = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>;
        if (made[0].status === 'fulfilled' && !('2' in ring['key-encryption']!)) state = 'rotate said done, its version is lost';
        else if (made[1].status === 'fulfilled' && '1' in ring['index-card']!) state = 'retire said done, version is there';
        else if (made.some((m) => m.status === 'rejected')) state = 'one was refused';
      } catch {
        state = 'RING UNREADABLE: every key is lost';
      }
      seen.push(state);
    }
    const counts = Object.fromEntries([...new Set(seen)].map((s) => [s, seen.filter((x) => x === s).length]));
    expect(counts).toEqual({ fine: 60 });
  });

  async function born(deps: ReturnType<typeof createDeps>, serial: number) {
    const person = inventPerson(serial, 1);
    await deps.db.transaction(async (tx) => {
      await deps.borrowers.ensure(tx, person.borrowerId);
      await deps.borrowers.saveIdentity(tx, person.borrowerId, person);
    });
    return person;
  }

  it('a card that is named while its owner is erased leaves nothing of them, and the next rotation ends', async () => {
    const file = newKeyFile();
    const keys = createFileKeys(file);
    const deps = createDeps(desk.database, desk.banks, [], { keys });
    const person = await born(deps, 78_001);
    let asked: () => void = silent;
    let go: () => void = silent;
    const isAsked = new Promise<void>((d) => {
      asked = d;
    });
    const gate = new Promise<void>((d) => {
      go = d;
    });
    const slow: KeyProvider = {
      ...keys,
      unwrap: async (...given) => {
        asked();
        await gate;
        return keys.unwrap(...given);
      },
    };
    const api = createDeps(desk.database, desk.banks, [], { keys: slow });
    const saving = api.borrowers.saveCard(api.db, person.borrowerId, person.cardNumber).then(
      () => 'saved',
      (e: unknown) => String(e),
    );
    await isAsked;
    const at = instant(Date.now());
    // Its wish, and its carrying out, wait for what is being written of them.
    const wish = { id: randomUUID(), borrowerId: person.borrowerId, askedAt: at, dueOn: businessDateOf(at), why: 'wish' };
    const erasing = insertErasure(deps.db, wish).then(() => erasePerson(deps.db, person.borrowerId, businessDateOf(at), at));
    go();
    await saving;
    expect(await erasing).toBe(true);
    const left = await deps.db('blind_indexes').where({ borrower_id: person.borrowerId }).select('purpose', 'key_version');
    const rotated = await rotateKeys(deps, KEY_PURPOSES, act, silent).then(
      () => 'ended',
      (e: unknown) => String(e),
    );
    const again = await rotateKeys(deps, KEY_PURPOSES, act, silent).then(
      () => 'ended',
      (e: unknown) => String(e),
    );
    expect({ left, rotated, again }).toEqual({ left: [], rotated: 'ended', again: 'ended' });
  });
});
