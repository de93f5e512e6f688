import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program of poppler-utils or libnss3-tools. They are no part of npm: who lacks them is told what to install. */
async function run(program: string, args: readonly string[], encoding: BufferEncoding = 'utf8'): Promise<string> {
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
    await execute('mkdir', [trust]);
    await run('certutil', ['-N', '-d', `sql:${trust}`, '--empty-password']);
    await run('certutil', ['-A', '-d', `sql:${trust}`, '-n', 'root', '-t', 'CT,CT,CT', '-i', root]);
    return run('pdfsig', ['-nssdir', `sql:${trust}`, file]);
  });
}

/** A page as poppler draws it, in shades of grey from 0 (black) to 255. */
export interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly shades: Buffer;
}

/** A word with its place on the page, in points from the top left. */
export interface Word {
  readonly text: string;
  readonly page: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const DOTS_PER_INCH = 144;

/** Draws every page of a document. */
export async function drawn(document: Buffer): Promise<Drawn[]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'file.pdf');
    await writeFile(file, document);
    await run('pdftoppm', ['-gray', '-r', String(DOTS_PER_INCH), file, join(folder, 'page')]);
    const pages = (await readdir(folder)).filter((name) => name.endsWith('.pgm')).sort();
    return Promise.all(
      pages.map(async (name) => {
        const bytes = await readFile(join(folder, name));
        const head = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 40));
        if (!head) throw new Error(`${name} is no picture`);
        return { width: Number(head[1]), height: Number(head[2]), shades: bytes.subarray(head[0].length) };
      }),
    );
  });
}

/** The words of a document with their places. */
export async function words(document: Buffer): Promise<Word[]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'file.pdf');
    await writeFile(file, document);
    const html = await run('pdftotext', ['-bbox', file, '-']);
    return html.split('<page').flatMap((page, index) =>
      [...page.matchAll(/<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)<\/word>/g)].map(
        ([, left, top, right, bottom, text = '']) => ({
          text: text
            .replaceAll('&amp;', '&')
            .replaceAll('&lt;', '<')
            .replaceAll('&gt;', '>')
            .replaceAll('&quot;', '"')
            .replaceAll('&#39;', "'"),
          page: index - 1,
          left: Number(left),
          top: Number(top),
          right: Number(right),
          bottom: Number(bottom),
        }),
      ),
    );
  });
}
