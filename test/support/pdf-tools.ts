import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, runTool } from '../../dev/pdf-tools';

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
    await runTool('pdftoppm', ['-gray', '-r', String(DOTS_PER_INCH), file, join(folder, 'page')]);
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
    const html = await runTool('pdftotext', ['-bbox', file, '-']);
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
