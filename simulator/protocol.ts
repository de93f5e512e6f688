import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Bank, Delivery, FileLine } from './bank';

/** One request to a bank, its body read. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The sandbox's business time; real banks have clocks of their own. */
  readonly asOf: string;
}

/** One answer, still unsigned: the protocol signs it. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly delivery: Delivery;
}

/** An answer whose body may be bytes. */
export type BinaryAnswer = Omit<WireAnswer, 'body'> & { readonly body: string | Buffer };

/** A bank's public face: its own paths, formats, codes and signatures. */
export interface Protocol {
  readonly habits: Bank['habits'];
  /** Undefined where the path is not one of this bank's. */
  handle(bank: Bank, request: WireRequest, secret: string): WireAnswer | undefined;
}

export const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');

export function equals(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Spoils the lines of a file as its fault says; trailers are counted over what they should say. */
export function spoil(lines: FileLine[], fault: string | undefined): { lines: FileLine[]; countOff: number; sumOff: number } {
  if (fault === 'edited')
    return { lines: lines.map((line, index) => (index === 0 ? { ...line, amountFen: line.amountFen + 1 } : line)), countOff: 0, sumOff: 0 };
  return { lines, countOff: fault === 'wrong-count' ? 1 : 0, sumOff: fault === 'wrong-sum' ? 1 : 0 };
}

/** Net of a file: what came in less what went out. */
export const netOf = (lines: readonly FileLine[]) =>
  lines.reduce((sum, line) => sum + (line.booked ? (line.comesIn ? line.amountFen : -line.amountFen) : 0), 0);

export const nextDay = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
