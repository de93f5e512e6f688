import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { BusinessDate } from '../domain/dates';
import { LoanloomError } from '../domain/errors';
import { businessDate } from '../domain/dates';
import { fen, type Fen } from '../domain/money';
import { signedAmount, type StatementLine } from '../domain/reconciliation';

/** A file is refused whole; the message names the file's fault, never a line's content. */
export function refused(reason: 'FORM' | 'DATE' | 'EMPTY' | 'TRAILER' | 'TRUNCATED' | 'HASH', message: string): LoanloomError {
  return new LoanloomError('FILE_REFUSED', message, { reason });
}

/** Lines in portions: a file of any length is read in constant memory. */
const PORTION = 5_000;

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

/**
 * Reads a text file line by line through `read`, which returns a line of the statement or nothing (a
 * header, a trailer). FILE_REFUSED for an empty file and for one that ends before its trailer.
 */
export async function* readLines(
  content: Readable,
  trailer: Trailer,
  read: (text: string, index: number) => StatementLine | undefined,
): AsyncGenerator<readonly StatementLine[]> {
  let [portion, index] = [[] as StatementLine[], 0];
  for await (const text of createInterface({ input: content, crlfDelay: Infinity })) {
    if (text === '') continue;
    const line = read(text, index);
    index += 1;
    if (line === undefined) continue;
    trailer.add(line);
    portion.push(line);
    if (portion.length < PORTION) continue;
    yield portion;
    portion = [];
  }
  if (index === 0) throw refused('EMPTY', 'the file is empty: a day without payments still has a header and a trailer');
  trailer.end();
  if (portion.length > 0) yield portion;
}
