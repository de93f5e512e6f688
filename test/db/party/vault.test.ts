import { randomBytes } from 'node:crypto';
import { createVault } from '../../../db/party/vault';
import type { KeyProvider } from '../../../providers/keys/port';
import { fileKeys } from '../../support/keepers';

const address = (row: string, column = 'name_enc') => ({ table: 'borrowers', column, row });
const refused = expect.objectContaining({ code: 'DECRYPTION_FAILED' }) as Error;

describe('the vault', () => {
  const keys = fileKeys();
  const vault = createVault(keys);
  const personOf = async (id: string) => vault.person(id, await vault.createPersonKey(id, 1));

  it('opens what it sealed, and seals the same value differently each time', async () => {
    const person = await personOf('alice');
    const blob = person.encrypt(address('alice'), '王小明');
    expect(person.decrypt(address('alice'), blob)).toBe('王小明');
    expect(person.encrypt(address('alice'), '王小明').equals(blob)).toBe(false);
    expect(blob.includes(Buffer.from('王小明'))).toBe(false);
  });

  it('refuses a value that was moved, changed, cut short or belongs to another person', async () => {
    const person = await personOf('alice');
    const blob = person.encrypt(address('alice'), 'secret');
    const flipped = Buffer.from(blob);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    expect(() => person.decrypt(address('bob'), blob)).toThrow(refused);
    expect(() => person.decrypt(address('alice', 'phone_enc'), blob)).toThrow(refused);
    expect(() => person.decrypt(address('alice'), flipped)).toThrow(refused);
    // Node 20 accepts a 4-byte tag unless its length is fixed.
    for (const length of [0, 1, 12, 28, blob.length - 12])
      expect(() => person.decrypt(address('alice'), blob.subarray(0, length))).toThrow(refused);
    const bob = await personOf('bob');
    expect(() => bob.decrypt(address('alice'), blob)).toThrow(refused);
    await expect(vault.person('bob', await vault.createPersonKey('alice', 1))).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    await expect(createVault(fileKeys()).person('alice', await vault.createPersonKey('alice', 1))).rejects.toMatchObject({
      code: 'DECRYPTION_FAILED',
    });
  });

  it('hashes by the person’s own key, bound to what it is for', async () => {
    const [alice, bob] = [await personOf('alice'), await personOf('bob')];
    const hash = alice.hash('123456', 'sign');
    expect(alice.hashMatches('123456', 'sign', hash)).toBe(true);
    for (const other of [alice.hash('123456', 'card'), alice.hash('123457', 'sign'), bob.hash('123456', 'sign')])
      expect(other.equals(hash)).toBe(false);
    expect(alice.hashMatches('123456', 'sign', hash.subarray(0, 31))).toBe(false);
  });

  it('indexes the same value equally however it is written, and differently for each column', async () => {
    const index = await vault.blindIndex('index-id-number', 1, '11010119900307457x');
    expect((await vault.blindIndex('index-id-number', 1, ' 110101 19900307457X')).equals(index)).toBe(true);
    expect((await vault.blindIndex('index-phone', 1, '11010119900307457X')).equals(index)).toBe(false);
  });

  it('asks for a data key once a minute, and again for another wrapping of it', async () => {
    let asked = 0;
    let now = 0;
    const counting: KeyProvider = {
      ...keys,
      unwrap: (blob, where) => {
        asked += 1;
        return keys.unwrap(blob, where);
      },
    };
    const counted = createVault(counting, () => now);
    const wrapped = await counted.createPersonKey('alice', 1);
    const blob = (await counted.person('alice', wrapped)).encrypt(address('alice'), 'secret');
    now = 59_999;
    await counted.person('alice', wrapped);
    expect(asked).toBe(1);
    now = 60_000;
    await counted.person('alice', wrapped);
    expect(asked).toBe(2);
    // What the row no longer holds is asked for, whatever was known: an erased person's key is served by no memory.
    const again = await counted.rewrap('alice', wrapped, await keys.rotate('key-encryption'));
    expect((await counted.person('alice', again)).decrypt(address('alice'), blob)).toBe('secret');
    expect(asked).toBe(3);
    await expect(counted.person('alice', Buffer.alloc(0))).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    await expect(counted.person('bob', again)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  });

  it('keeps two thousand data keys in memory at most', async () => {
    let asked = 0;
    const same = randomBytes(32);
    const counting: KeyProvider = {
      ...keys,
      unwrap: () => {
        asked += 1;
        return Promise.resolve(same);
      },
    };
    const counted = createVault(counting, () => 0);
    for (let person = 0; person <= 2_000; person += 1) await counted.person(String(person), same);
    await counted.person('2000', same);
    expect(asked).toBe(2_001);
    await counted.person('0', same);
    expect(asked).toBe(2_002);
  });
});
