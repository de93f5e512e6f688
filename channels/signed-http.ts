import { createHmac, timingSafeEqual } from 'node:crypto';

/** How a request over the wire ended, before any adapter has read the body. */
export type WireResult =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'nothing-sent'; readonly code: string }
  | { readonly kind: 'in-doubt'; readonly code: string };

export interface SignedHttpOptions {
  readonly baseUrl: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

export function sign(secret: string, ...parts: readonly string[]): string {
  return createHmac('sha256', secret).update(parts.join('\n')).digest('hex');
}

function signatureMatches(expected: string, given: string | null): boolean {
  return given?.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

/** Connection errors after which not one byte of the request can have arrived. */
const NOTHING_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Reads a property of an error by name: fetch's errors may come from another realm, where instanceof fails. */
function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error ? (error as Record<string, unknown>)[name] : undefined;
}

function wireFault(error: unknown): WireResult {
  const code = property(property(error, 'cause'), 'code');
  if (typeof code === 'string' && NOTHING_SENT.has(code)) return { kind: 'nothing-sent', code };
  const name = property(error, 'name');
  if (name === 'TimeoutError' || name === 'AbortError') return { kind: 'in-doubt', code: 'TIMEOUT' };
  return { kind: 'in-doubt', code: typeof code === 'string' ? code : 'CONNECTION_LOST' };
}

/**
 * JSON over HTTP with both directions signed (HMAC-SHA256 over method, path, time and body; over status,
 * time and body in the answer). An answer that is not signed by the channel is no answer: in doubt.
 */
export async function signedRequest(
  options: SignedHttpOptions,
  request: { method: 'GET' | 'POST'; path: string; body?: object },
  signal: AbortSignal,
): Promise<WireResult> {
  const timestamp = new Date().toISOString();
  const body = request.body === undefined ? '' : JSON.stringify(request.body);
  try {
    const response = await fetch(`${options.baseUrl}${request.path}`, {
      method: request.method,
      headers: {
        'content-type': 'application/json',
        'x-timestamp': timestamp,
        'x-signature': sign(options.secret, request.method, request.path, timestamp, body),
      },
      ...(body === '' ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
    });
    const text = await response.text();
    const expected = sign(options.secret, String(response.status), response.headers.get('x-timestamp') ?? '', text);
    if (!signatureMatches(expected, response.headers.get('x-signature')))
      return { kind: 'in-doubt', code: response.status >= 500 ? `HTTP_${String(response.status)}` : 'UNSIGNED' };
    return { kind: 'answer', status: response.status, body: JSON.parse(text) as unknown };
  } catch (error) {
    return wireFault(error);
  }
}
