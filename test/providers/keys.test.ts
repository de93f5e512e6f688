import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createAwsKmsKeys } from '../../providers/keys/aws-kms';
import { createFileKeys, newKeyRing } from '../../providers/keys/file';
import { createOpenBaoKeys } from '../../providers/keys/openbao';
import { KEY_PURPOSES } from '../../providers/keys/port';
import { freePort } from '../../dev/stack/ports';
import { fileKeys, newKeyFile, startMoto, startOpenBao, startSilence, type Keeper } from '../support/keepers';
import { itKeepsKeys, type KeyProviderUnderTest } from './keys-contract';

let silence: Keeper;
let nobody: string;

beforeAll(async () => {
  silence = await startSilence();
  nobody = `http://127.0.0.1:${String(await freePort())}`;
});
afterAll(() => silence.stop());

describe('keys in a file', () => {
  let keys: ReturnType<typeof fileKeys>;
  beforeAll(() => {
    keys = fileKeys();
  });
  itKeepsKeys(() => ({ keys }));

  const here = { table: 'borrowers', column: 'wrapped_key', row: 'alice' };

  it('are readable by their owner alone, and each follows from no other', async () => {
    const file = newKeyFile();
    await createFileKeys(file).rotate('index-card');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.new`)).toBe(false);
    const ring = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
    const all = KEY_PURPOSES.flatMap((purpose) => Object.values(ring[purpose] ?? {}));
    expect(all).toHaveLength(KEY_PURPOSES.length + 1);
    expect(new Set(all).size).toBe(all.length);
  });

  it('are taken over from a master key, and a rotation leads out of it', async () => {
    const file = join(dirname(newKeyFile()), 'sub.key');
    const folder = dirname(file);
    writeFileSync(file, randomBytes(32).toString('hex'));
    // Beside it there is a ring of another test's: a folder of its own has none.
    const master = join(folder, 'master.key');
    writeFileSync(master, readFileSync(file));
    const ringBeside = join(folder, 'keys.json');
    writeFileSync(`${ringBeside}.aside`, readFileSync(ringBeside));
    const { rmSync } = await import('node:fs');
    rmSync(ringBeside);
    const keys = createFileKeys(master);
    const key = randomBytes(32);
    const blob = await keys.wrap(1, key, here);
    const bare = blob.subarray(5);
    const mac = await keys.mac('index-phone', 1, '138');
    expect(await keys.rotate('key-encryption')).toBe(2);
    expect(existsSync(ringBeside)).toBe(true);
    // What was sealed before versions were named opens too; another process, which began before, sees the new version.
    const other = createFileKeys(master);
    for (const each of [keys, other]) {
      expect((await each.unwrap(bare, here)).equals(key)).toBe(true);
      expect((await each.unwrap(blob, here)).equals(key)).toBe(true);
      expect((await each.mac('index-phone', 1, '138')).equals(mac)).toBe(true);
    }
    await keys.retire('key-encryption', 1);
    await expect(createFileKeys(master).unwrap(bare, here)).rejects.toMatchObject({ code: 'KEY_VERSION_UNKNOWN' });
  });

  it('see what another process rotated, without being started again', async () => {
    const file = newKeyFile();
    const [one, other] = [createFileKeys(file), createFileKeys(file)];
    const version = await one.rotate('key-encryption');
    const blob = await one.wrap(version, randomBytes(32), here);
    await expect(other.unwrap(blob, here)).resolves.toHaveLength(32);
  });

  it('are refused where the file is missing, cut short or none', () => {
    const file = newKeyFile();
    const refused = expect.objectContaining({ code: 'CONFIGURATION' }) as Error;
    expect(() => createFileKeys(join(dirname(file), 'missing.json'))).toThrow(refused);
    writeFileSync(file, newKeyRing().slice(0, -10));
    expect(() => createFileKeys(file)).toThrow(refused);
    writeFileSync(file, '{}');
    expect(() => createFileKeys(file)).toThrow(refused);
  });
});

describe('keys in OpenBao', () => {
  let bao: Keeper;
  let under: KeyProviderUnderTest;
  beforeAll(async () => {
    bao = await startOpenBao();
    const at = (url: string, timeoutMs: number) =>
      createOpenBaoKeys({ url, token: () => Promise.resolve(bao.token), prefix: 'loanloom', timeoutMs });
    under = { keys: at(bao.url, 2_000), away: at(nobody, 2_000), slow: at(silence.url, 200) };
  });
  afterAll(() => bao.stop());
  itKeepsKeys(() => under);

  it('are not given to who has no token', async () => {
    const stranger = createOpenBaoKeys({ url: bao.url, token: () => Promise.resolve('wrong'), prefix: 'loanloom', timeoutMs: 2_000 });
    await expect(stranger.mac('index-card', 1, '6222')).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });
});

describe('keys in AWS KMS', () => {
  let moto: Keeper;
  let under: KeyProviderUnderTest;
  beforeAll(async () => {
    moto = await startMoto();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const at = (endpoint: string, timeoutMs: number) =>
      createAwsKmsKeys({ prefix: 'loanloom', timeoutMs, client: { region: 'cn-north-1', endpoint, credentials } });
    under = { keys: at(moto.url, 2_000), away: at(nobody, 2_000), slow: at(silence.url, 200) };
  });
  afterAll(() => moto.stop());
  itKeepsKeys(() => under);
});
