import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program of poppler-utils or libnss3-tools. They are no part of npm: who lacks them is told what to install. */
export async function runTool(program: string, args: readonly string[], encoding: BufferEncoding = 'utf8'): Promise<string> {
  try {
    return (await execute(program, [...args], { encoding, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT')
      throw new Error(`${program} is not installed: apt-get install poppler-utils libnss3-tools`, { cause: error });
    throw error;
  }
}

export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'loanloom-pdf-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What poppler's pdfsig says of each signature, with one trusted root and no other. */
export async function pdfsig(document: Buffer, rootPem: string): Promise<string> {
  return inFolder(async (folder) => {
    const [file, root, trust] = [join(folder, 'file.pdf'), join(folder, 'root.pem'), join(folder, 'trust')];
    await writeFile(file, document);
    await writeFile(root, rootPem);
    await mkdir(trust);
    await runTool('certutil', ['-N', '-d', trust, '--empty-password']);
    await runTool('certutil', ['-A', '-d', trust, '-n', 'root', '-t', 'CT,CT,CT', '-i', root]);
    return runTool('pdfsig', ['-nssdir', trust, file]);
  });
}
