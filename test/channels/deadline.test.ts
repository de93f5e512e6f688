import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { download } from '../../channels/download';
import { exchange, type ChannelLink } from '../../channels/http';
import { instant } from '../../domain/time/dates';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('a channel that never answers', () => {
  const CALLS = 30;
  const request = { method: 'GET', target: '/', headers: {}, asOf: instant('2026-11-24T02:00:00Z') } as const;
  let server: Server;
  let link: ChannelLink;
  let arrived = 0;

  beforeAll(async () => {
    server = createServer(() => {
      arrived += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    link = { baseUrl: `http://127.0.0.1:${String(port)}`, secret: 'secret', timeoutMs: 400 };
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Node loses a timeout that is combined with another signal when memory is collected (nodejs/node#57736). */
  async function givenUp<T extends { readonly code?: string }>(call: () => Promise<T>): Promise<(string | undefined)[]> {
    arrived = 0;
    const calls = Array.from({ length: CALLS }, call);
    while (arrived < CALLS) await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    return Promise.all(calls.map(async (each) => (await each).code));
  }
  const nobody = () => new AbortController().signal;

  it('is given up in its time, whatever happens to memory meanwhile: the outcome is unknown', async () => {
    const codes = await givenUp(async () => (await exchange(link, request, nobody())) as { code?: string });
    expect(codes).toEqual(Array.from({ length: CALLS }, () => 'TIMEOUT'));
  }, 10_000);

  it('holds up no reconciliation: its file is asked for again later', async () => {
    const scrutiny = { signedHead: () => '', objection: () => undefined };
    const codes = await givenUp(async () => (await download(link, request, nobody(), scrutiny)) as { code?: string });
    expect(codes).toEqual(Array.from({ length: CALLS }, () => 'TIMEOUT'));
  }, 10_000);

  it('is given up at once when the caller is cancelled', async () => {
    const caller = new AbortController();
    const call = exchange({ ...link, timeoutMs: 60_000 }, request, caller.signal);
    caller.abort();
    expect(await call).toEqual({ kind: 'in-doubt', code: 'TIMEOUT' });
  });
});
