import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { BusinessDate } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import { businessDate } from '../domain/time/dates';
import { fen, type Fen } from '../domain/money/money';
import { signedAmount, type StatementLine } from '../domain/reconciliation/reconciliation';

/** A file is refused whole; the message names the file's fault, never a line's content. */
export function refused(reason: 'FORM' | 'DATE' | 'EMPTY' | 'TRAILER' | 'TRUNCATED' | 'HASH', message: string): LoanloomError {
  return new LoanloomError('FILE_REFUSED', message, { reason });
}

/** Counts and sums what a file holds, to be compared with what its trailer says. */
export class Trailer {
  private count = 0;
  private net = 0;
  private isSeen = false;

  add(line: StatementLine): void {
    this.count += 1;
    this.net += line.booked ? signedAmount(line) : 0;
  }

  /** FILE_REFUSED where the trailer's count or net differs from what was read. */
  check(count: number, net: number): void {
    this.isSeen = true;
    if (count !== this.count) throw refused('TRAILER', `the trailer counts ${String(count)} lines, the file has ${String(this.count)}`);
    if (net !== this.net) throw refused('TRAILER', `the trailer's net is ${String(net)} fen, the lines' is ${String(this.net)}`);
  }

  end(): void {
    if (!this.isSeen) throw refused('TRUNCATED', 'the file ends before its trailer');
  }
}

export function assertDay(stated: string, date: BusinessDate): void {
  if (stated !== date) throw refused('DATE', `the file is for ${stated.slice(0, 10)}, ${date} was asked for`);
}

export function amountOf(text: string): Fen {
  if (!/^-?\d{1,15}$/.test(text)) throw refused('FORM', 'a line has an amount that is no whole number of fen');
  return fen(Number(text));
}

export function dayOf(text: string): BusinessDate {
  try {
    return businessDate(text);
  } catch {
    throw refused('FORM', 'a line has a date that does not exist');
  }
}

export function kindOf(text: string): StatementLine['kind'] {
  if (text !== 'PAYOUT' && text !== 'DEBIT' && text !== 'RETURN') throw refused('FORM', 'a line is of a kind that is not known');
  return text;
}

/** Whole lines of a text, chunk by chunk. */
async function* linesOf(content: Readable): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of content) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.write(chunk as Buffer))).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
  rest += decoder.end();
  if (rest !== '') yield [rest];
}

/**
 * Reads a text file line by line through `read`, which returns a line of the statement or nothing (a
 * header, a trailer). Portions are as large as the chunks that come in. FILE_REFUSED for an empty file and for
 * one that ends before its trailer.
 */
export async function* readLines(
  content: Readable,
  trailer: Trailer,
  read: (text: string, index: number) => StatementLine | undefined,
): AsyncGenerator<readonly StatementLine[]> {
  let index = 0;
  for await (const texts of linesOf(content)) {
    const portion: StatementLine[] = [];
    for (const each of texts) {
      const text = each.endsWith('\r') ? each.slice(0, -1) : each;
      if (text === '') continue;
      const line = read(text, index);
      index += 1;
      if (line === undefined) continue;
      trailer.add(line);
      portion.push(line);
    }
    if (portion.length > 0) yield portion;
  }
  if (index === 0) throw refused('EMPTY', 'the file is empty: a day without payments still has a header and a trailer');
  trailer.end();
}
