import { LoanloomError } from '../../domain/errors';

/**
 * Incremental updates of PDF (ISO 32000-1, 7.5.6) on documents of our own making: classic cross-reference tables, one
 * dictionary to an object. Bytes that are there stay as they are; a revision is appended.
 */
const broken = (what: string) => new LoanloomError('INTERNAL', `a document of ours cannot be read: ${what}`);

interface Trailer {
  readonly size: number;
  readonly root: number;
  readonly rest: string;
  readonly previous: number | undefined;
}

const numberIn = (text: string, pattern: RegExp): number | undefined => {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** A PDF as its latest revision shows it. */
export class PdfFile {
  private readonly text: string;
  private readonly offsets = new Map<number, number>();
  private readonly startOfTable: number;
  private readonly trailer: Trailer;

  constructor(readonly bytes: Buffer) {
    this.text = bytes.toString('latin1');
    const start = numberIn(this.text.slice(this.text.lastIndexOf('startxref')), /^startxref\s+(\d+)/);
    if (start === undefined) throw broken('no cross-reference table');
    this.startOfTable = start;
    this.trailer = this.readTable(start);
    for (let previous = this.trailer.previous; previous !== undefined;) previous = this.readTable(previous).previous;
  }

  get size(): number {
    return this.trailer.size;
  }

  get root(): number {
    return this.trailer.root;
  }

  /** The body of an object that holds one dictionary. */
  dictionary(object: number): string {
    const offset = this.offsets.get(object);
    const head = `${String(object)} 0 obj`;
    if (offset === undefined || !this.text.startsWith(head, offset)) throw broken(`no object ${String(object)}`);
    return this.text.slice(offset + head.length, this.text.indexOf('endobj', offset)).trim();
  }

  /** The number of the object that a dictionary names under a key. */
  reference(object: number, key: string): number {
    const found = numberIn(this.dictionary(object), new RegExp(`/${key} (\\d+) 0 R`));
    if (found === undefined) throw broken(`no ${key}`);
    return found;
  }

  /** The signature field of a name. */
  field(name: string): number {
    const fields = /\/Fields \[([^\]]*)\]/.exec(this.dictionary(this.reference(this.root, 'AcroForm')))?.[1] ?? '';
    const numbers = [...fields.matchAll(/(\d+) 0 R/g)].map(([, number]) => Number(number));
    const found = numbers.find((number) => this.dictionary(number).includes(`/T (${name})`));
    if (found === undefined) throw broken(`no field ${name}`);
    return found;
  }

  /** The same file with a revision appended that holds these objects, new ones and new versions of old ones. */
  withRevision(objects: ReadonlyMap<number, Buffer>): Buffer {
    const parts: Buffer[] = [this.bytes];
    let at = this.bytes.length;
    const add = (part: Buffer) => {
      parts.push(part);
      at += part.length;
    };
    if (!this.text.endsWith('\n')) add(Buffer.from('\n'));
    const entries = [...objects].sort(([a], [b]) => a - b);
    const rows: string[] = [];
    for (const [number, body] of entries) {
      rows.push(`${String(number)} 1\n${String(at).padStart(10, '0')} 00000 n \n`);
      add(Buffer.concat([Buffer.from(`${String(number)} 0 obj\n`), body, Buffer.from('\nendobj\n')]));
    }
    const size = Math.max(this.size, ...entries.map(([number]) => number + 1));
    const trailer = `<<\n/Size ${String(size)}\n/Root ${String(this.root)} 0 R\n${this.trailer.rest}/Prev ${String(this.startOfTable)}\n>>`;
    const start = String(at);
    add(Buffer.from(`xref\n${rows.join('')}trailer\n${trailer}\nstartxref\n${start}\n%%EOF\n`));
    return Buffer.concat(parts);
  }

  private readTable(start: number): Trailer {
    const table = /^xref\s+([\d\s nf]*?)trailer\s*<<([\s\S]*?)>>\s*startxref/.exec(this.text.slice(start));
    if (!table) throw broken('an unreadable cross-reference table');
    const [, rows = '', dictionary = ''] = table;
    let number = 0;
    for (const row of rows.split(/\r?\n/)) {
      const [first = '', second = '', kind] = row.trim().split(/\s+/);
      if (kind === undefined) {
        if (second !== '') number = Number(first);
        continue;
      }
      // The latest revision is read first, and stands.
      if (kind === 'n' && !this.offsets.has(number)) this.offsets.set(number, Number(first));
      number += 1;
    }
    const [size, root] = [numberIn(dictionary, /\/Size (\d+)/), numberIn(dictionary, /\/Root (\d+) 0 R/)];
    if (size === undefined || root === undefined) throw broken('no root');
    const info = /\/Info \d+ 0 R/.exec(dictionary)?.[0];
    const id = /\/ID \[[^\]]*\]/.exec(dictionary)?.[0];
    const rest = [info, id].filter((each) => each !== undefined).map((each) => `${each}\n`);
    return { size, root, rest: rest.join(''), previous: numberIn(dictionary, /\/Prev (\d+)/) };
  }
}

/** A dictionary with something added before its end. */
export const extended = (dictionary: string, addition: string): Buffer =>
  Buffer.from(`${dictionary.slice(0, dictionary.lastIndexOf('>>'))}${addition}\n>>`, 'latin1');

export const stream = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`<<\n/Length ${String(content.length)}\n>>\nstream\n`), content, Buffer.from('\nendstream')]);
