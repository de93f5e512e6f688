import { randomBytes } from 'node:crypto';
import { createVault } from '../../../db/party/vault';

const vault = createVault(randomBytes(32));
const address = { table: 'borrowers', column: 'name_enc', row: 'alice' };
const refused = expect.objectContaining({ code: 'DECRYPTION_FAILED' }) as Error;

describe('the vault', () => {
  const person = vault.person('alice', vault.createPersonKey('alice'));
  const blob = person.encrypt(address, '王小明');

  it('gives back what it sealed, and never the same bytes twice', () => {
    expect(person.decrypt(address, blob)).toBe('王小明');
    expect(person.encrypt(address, '王小明').equals(blob)).toBe(false);
    expect(blob.includes('王小明')).toBe(false);
  });

  it.each([
    ['another row', { ...address, row: 'bob' }],
    ['another column', { ...address, column: 'phone_enc' }],
    ['another table', { ...address, table: 'bank_cards' }],
  ])('does not open a value that was moved to %s', (_where, elsewhere) => {
    expect(() => person.decrypt(elsewhere, blob)).toThrow(refused);
  });

  it('does not open a value of which any byte was flipped', () => {
    for (let index = 0; index < blob.length; index += 1) {
      const changed = Buffer.from(blob);
      changed[index] = changed[index]! ^ 1;
      expect(() => person.decrypt(address, changed)).toThrow(refused);
    }
  });

  it('does not accept a shortened tag', () => {
    expect(() => person.decrypt(address, blob.subarray(0, blob.length - 12))).toThrow(refused);
  });

  it('does not open one person’s values with another’s key, nor a key wrapped under another master key', () => {
    const bob = vault.person('bob', vault.createPersonKey('bob'));
    expect(() => bob.decrypt(address, blob)).toThrow(refused);
    expect(() => createVault(randomBytes(32)).person('alice', vault.createPersonKey('alice'))).toThrow(refused);
  });

  it('indexes equal values equally, columns differently, and ignores spaces and case', () => {
    expect(vault.blindIndex('id_number', '11010119900307457x').equals(vault.blindIndex('id_number', ' 110101 19900307457X'))).toBe(true);
    expect(vault.blindIndex('id_number', '13800000000').equals(vault.blindIndex('phone', '13800000000'))).toBe(false);
  });

  it('refuses a master key of another length', () => {
    expect(() => createVault(randomBytes(16))).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }) as Error);
  });
});
