import { randomBytes, randomUUID } from 'node:crypto';
import { KEY_PURPOSES, type KeyProvider } from '../../providers/keys/port';
import { ensureFirstKeys } from '../../providers/keys/index';

export interface KeyProviderUnderTest {
  readonly keys: KeyProvider;
  /** The same keeper, asked where nobody listens. */
  readonly away?: KeyProvider;
  /** The same keeper, asked where nothing is ever answered, with a deadline of 200 ms. */
  readonly slow?: KeyProvider;
}

const DEADLINE_MS = 200;
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'worked',
    (error: unknown) => (error as { code?: string }).code ?? error,
  );

/** What every keeper of keys has to do. */
export function itKeepsKeys(of: () => KeyProviderUnderTest): void {
  const address = () => ({ table: 'borrowers', column: 'wrapped_key', row: randomUUID() });
  const newest = async (purpose: (typeof KEY_PURPOSES)[number]) => (await of().keys.versions(purpose)).at(-1) ?? 0;

  beforeAll(async () => {
    expect(await ensureFirstKeys(of().keys)).toBeGreaterThanOrEqual(0);
    expect(await ensureFirstKeys(of().keys)).toBe(0);
  });

  it('opens what it sealed, at the address that it was sealed for', async () => {
    const { keys } = of();
    const [key, here] = [randomBytes(32), address()];
    const blob = await keys.wrap(await newest('key-encryption'), key, here);
    expect((await keys.unwrap(blob, here)).equals(key)).toBe(true);
    expect(blob.includes(key)).toBe(false);
    expect(blob.equals(await keys.wrap(await newest('key-encryption'), key, here))).toBe(false);
  });

  it('opens nothing that was moved to another row, column or table', async () => {
    const { keys } = of();
    const here = address();
    const blob = await keys.wrap(await newest('key-encryption'), randomBytes(32), here);
    for (const elsewhere of [{ row: 'other' }, { column: 'other' }, { table: 'other' }])
      expect(await codeOf(keys.unwrap(blob, { ...here, ...elsewhere }))).toBe('DECRYPTION_FAILED');
  });

  it('opens nothing of which one bit was flipped, nor what was cut short', async () => {
    const { keys } = of();
    const here = address();
    const blob = await keys.wrap(await newest('key-encryption'), randomBytes(32), here);
    for (const at of [blob.length - 40, blob.length - 20, blob.length - 2]) {
      const flipped = Buffer.from(blob);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(await codeOf(keys.unwrap(flipped, here))).toBe('DECRYPTION_FAILED');
    }
    for (const length of [0, 1, 5, 6, blob.length - 12, blob.length - 1])
      expect(await codeOf(keys.unwrap(blob.subarray(0, length), here))).toBe('DECRYPTION_FAILED');
  });

  it('opens nothing that says it is of another version: it names the one that it does not have', async () => {
    const { keys } = of();
    const here = address();
    const blob = Buffer.from(await keys.wrap(await newest('key-encryption'), randomBytes(32), here));
    blob.writeUInt32BE(9_999, 1);
    expect(['KEY_VERSION_UNKNOWN', 'DECRYPTION_FAILED']).toContain(await codeOf(keys.unwrap(blob, here)));
    expect(await codeOf(keys.wrap(9_999, randomBytes(32), here))).toBe('KEY_VERSION_UNKNOWN');
    expect(await codeOf(keys.mac('index-phone', 9_999, 'x'))).toBe('KEY_VERSION_UNKNOWN');
  });

  it('hashes the same to the same, and differently for each purpose and version', async () => {
    const { keys } = of();
    const first = await newest('index-phone');
    const before = await keys.mac('index-phone', first, '13800000000');
    const second = await keys.rotate('index-phone');
    expect(second).toBeGreaterThan(first);
    const all = [
      before,
      await keys.mac('index-phone', second, '13800000000'),
      await keys.mac('index-phone', first, '13800000001'),
      await keys.mac('index-card', await newest('index-card'), '13800000000'),
      await keys.mac('index-id-number', await newest('index-id-number'), '13800000000'),
    ].map((mac) => mac.toString('hex'));
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((mac) => mac.length === 64)).toBe(true);
    expect((await keys.mac('index-phone', first, '13800000000')).equals(before)).toBe(true);
  });

  it('rotates one purpose alone, and what earlier versions sealed still opens, until they are retired', async () => {
    const { keys } = of();
    const others = KEY_PURPOSES.filter((purpose) => purpose !== 'key-encryption');
    const before = await Promise.all(others.map((purpose) => keys.versions(purpose)));
    const [key, here, old] = [randomBytes(32), address(), await newest('key-encryption')];
    const [oldBlob, oldMac] = [await keys.wrap(old, key, here), await keys.mac('index-card', 1, '6222')];
    const next = await keys.rotate('key-encryption');
    expect(await keys.versions('key-encryption')).toEqual(expect.arrayContaining([old, next]));
    expect(await Promise.all(others.map((purpose) => keys.versions(purpose)))).toEqual(before);
    expect((await keys.unwrap(oldBlob, here)).equals(key)).toBe(true);
    const newBlob = await keys.wrap(next, key, here);
    await keys.retire('key-encryption', old);
    await keys.retire('key-encryption', old);
    expect(await keys.versions('key-encryption')).toEqual([next]);
    expect(await codeOf(keys.unwrap(oldBlob, here))).toBe('KEY_VERSION_UNKNOWN');
    expect(await codeOf(keys.wrap(old, key, here))).toBe('KEY_VERSION_UNKNOWN');
    expect((await keys.unwrap(newBlob, here)).equals(key)).toBe(true);
    expect((await keys.mac('index-card', 1, '6222')).equals(oldMac)).toBe(true);
  });

  it('hashes nothing with a version that was retired', async () => {
    const { keys } = of();
    const old = await newest('index-id-number');
    await keys.rotate('index-id-number');
    await keys.retire('index-id-number', old);
    expect(await codeOf(keys.mac('index-id-number', old, 'x'))).toBe('KEY_VERSION_UNKNOWN');
  });

  it('says that it is away, and that it is slow within its deadline, and does nothing else then', async () => {
    const { keys, away, slow } = of();
    const here = address();
    const blob = await keys.wrap(await newest('key-encryption'), randomBytes(32), here);
    const questions = (asked: KeyProvider) => [
      () => asked.wrap(1, randomBytes(32), here),
      () => asked.unwrap(blob, here),
      () => asked.mac('index-card', 1, '6222'),
      () => asked.versions('index-card'),
      () => asked.rotate('index-card'),
      () => asked.retire('index-card', 1),
    ];
    for (const asked of [away, slow].filter((each) => each !== undefined))
      for (const question of questions(asked)) {
        const began = performance.now();
        expect(await codeOf(question())).toBe('KEYS_UNAVAILABLE');
        expect(performance.now() - began).toBeLessThan(DEADLINE_MS + 1_000);
      }
  });
}
