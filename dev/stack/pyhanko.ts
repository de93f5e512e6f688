import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StackFault } from '../../ops/fault';
import { defaultCacheDir, type Progress } from './temporal-binaries';

const run = promisify(execFile);
const VERSION = '0.38.0';
const REQUIREMENTS = resolve(__dirname, 'pyhanko.txt');

/** Runs pyHanko, an independent validator of PDF signatures, and returns what it prints; it ends with 1 for what is not valid. */
export type PyHanko = (...args: string[]) => Promise<{ readonly isValid: boolean; readonly output: string }>;

/** pyHanko from our cache, else from PyPI at pinned versions, once. One sentence when that does not work. */
export async function findPyHanko(options: { cacheDir?: string; progress?: Progress } = {}): Promise<PyHanko> {
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const folder = join(cacheDir, `pyhanko-${VERSION}`);
  if (!existsSync(folder)) {
    options.progress?.(`fetching pyHanko ${VERSION} (one time, kept in ${cacheDir})`);
    await fetchPyHanko(cacheDir, folder);
  }
  const env = { ...process.env, PYTHONPATH: folder };
  return async (...args) => {
    try {
      const { stdout, stderr } = await run('python3', ['-m', 'pyhanko', ...args], { env });
      return { isValid: true, output: stdout + stderr };
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      return { isValid: false, output: stdout + stderr };
    }
  };
}

async function fetchPyHanko(cacheDir: string, folder: string): Promise<void> {
  const partial = `${folder}.${String(process.pid)}`;
  try {
    await mkdir(cacheDir, { recursive: true });
    const quietly = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    await run('python3', ['-m', 'pip', 'install', ...quietly, '--target', partial, '-r', REQUIREMENTS]);
    // Under its name at the end only: a reader never sees half of it. Who was second finds it there.
    await rename(partial, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } catch (error) {
    throw new StackFault(
      `pyHanko could not be fetched: make "python3 -m pip install -r dev/stack/pyhanko.txt" work`,
      error instanceof Error ? error.message : String(error),
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
