import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exchange, hmac, signatureMatches } from '../../channels/http';

/** Guarantee: "nothing was sent" is said only where not one byte can have arrived; whatever else went wrong is in doubt. */
const request = {
  method: 'POST',
  target: '/pay?n=1',
  headers: { 'x-signature': 's' },
  body: '{}',
  asOf: '2026-11-25T02:00:00.000Z',
} as const;

async function against<T>(listener: RequestListener, work: (baseUrl: string) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ask = (baseUrl: string, timeoutMs = 2_000, signal = new AbortController().signal) =>
  exchange({ baseUrl, secret: 'k', timeoutMs }, request, signal);

describe('one request over the wire', () => {
  it('is answered with status and body, and carries the business time', async () => {
    const answer = await against(
      (req, res) => res.writeHead(202, { 'x-heard': String(req.headers['x-sandbox-as-of']) }).end(`${req.method ?? ''} ${req.url ?? ''}`),
      (url) => ask(url),
    );
    expect(answer).toMatchObject({ kind: 'answer', status: 202, text: 'POST /pay?n=1' });
    expect(answer.kind === 'answer' && answer.headers.get('x-heard')).toBe(request.asOf);
  });

  it('refused at the socket, nothing was sent', async () => {
    const gone = await against(
      (_, res) => res.end(),
      (url) => Promise.resolve(url),
    );
    expect(await ask(gone)).toEqual({ kind: 'nothing-sent', code: 'ECONNREFUSED' });
  });

  it.each<[string, RequestListener, string]>([
    ['the connection is dropped after the request', (_, res) => res.socket?.destroy(), 'UND_ERR_SOCKET'],
    ['the answer breaks off', (_, res) => res.writeHead(200, { 'content-length': '99' }).write('half') && res.socket?.destroySoon(), ''],
    ['no answer comes in time', () => undefined, 'TIMEOUT'],
  ])('%s: in doubt', async (_, listener, code) => {
    const result = await against(listener, (url) => ask(url, 300));
    expect(result.kind).toBe('in-doubt');
    if (code !== '') expect(result).toMatchObject({ code });
  });

  it('stopped by its caller: in doubt', async () => {
    const stop = new AbortController();
    const result = await against(
      () => {
        stop.abort();
      },
      (url) => ask(url, 5_000, stop.signal),
    );
    expect(result).toEqual({ kind: 'in-doubt', code: 'TIMEOUT' });
  });

  it('a signature matches itself alone', () => {
    const good = hmac('k', 'text');
    expect([good, hmac('k', 'texts'), hmac('j', 'text'), good.slice(1), null].map((given) => signatureMatches(good, given))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
