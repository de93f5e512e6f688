import { createHmac, timingSafeEqual } from 'node:crypto';
import { Deadline } from './deadline';

type Ended<Body> =
  | ({ readonly kind: 'answer'; readonly status: number; readonly headers: Headers } & Body)
  | { readonly kind: 'nothing-sent'; readonly code: string }
  | { readonly kind: 'in-doubt'; readonly code: string };

/** How a request over the wire ended, before any adapter has read the body. */
export type WireResult = Ended<{ readonly text: string }>;

/** Where a channel is, and the secret shared with it. `timeoutMs` is how long an answer may take. */
export interface ChannelLink {
  readonly baseUrl: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Path with its query, as it is signed. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Business time: only a sandbox reads it. */
  readonly asOf: string;
}

export const hmac = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

/** Compares signatures in constant time. */
export function signatureMatches(expected: string, given: string | null): boolean {
  return given?.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

/** Connection errors after which not one byte of the request can have arrived. */
const NOTHING_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Reads a property of an error by name: fetch's errors may come from another realm, where instanceof fails. */
function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error ? (error as Record<string, unknown>)[name] : undefined;
}

/** What an error of `fetch`, or of reading its body, says about the request. */
export function wireFault(error: unknown): Exclude<WireResult, { kind: 'answer' }> {
  const code = property(property(error, 'cause'), 'code');
  if (typeof code === 'string' && NOTHING_SENT.has(code)) return { kind: 'nothing-sent', code };
  const name = property(error, 'name');
  if (name === 'TimeoutError' || name === 'AbortError') return { kind: 'in-doubt', code: 'TIMEOUT' };
  return { kind: 'in-doubt', code: typeof code === 'string' ? code : 'CONNECTION_LOST' };
}

/** One request and its whole answer, as bytes. What went wrong on the way is a result, never an exception. */
export async function exchangeBytes(
  link: Omit<ChannelLink, 'secret'>,
  request: WireRequest,
  signal: AbortSignal,
): Promise<Ended<{ readonly bytes: Buffer }>> {
  const deadline = new Deadline(signal, link.timeoutMs);
  try {
    const response = await fetch(`${link.baseUrl}${request.target}`, {
      method: request.method,
      headers: { ...request.headers, 'x-sandbox-as-of': request.asOf },
      ...(request.body === undefined ? {} : { body: typeof request.body === 'string' ? request.body : new Uint8Array(request.body) }),
      signal: deadline.signal,
    });
    return { kind: 'answer', status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  } catch (error) {
    return wireFault(error);
  } finally {
    deadline.end();
  }
}

/** The same, as text. */
export async function exchange(link: ChannelLink, request: WireRequest, signal: AbortSignal): Promise<WireResult> {
  const result = await exchangeBytes(link, request, signal);
  if (result.kind !== 'answer') return result;
  const { bytes, ...answer } = result;
  return { ...answer, text: bytes.toString('utf8') };
}

/** An answer that its channel did not sign is no answer. */
export function unsigned(status: number): Exclude<WireResult, { kind: 'answer' }> {
  return { kind: 'in-doubt', code: status >= 500 ? `HTTP_${String(status)}` : 'UNSIGNED' };
}

/** The value of a JSON text; undefined where it is none. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
