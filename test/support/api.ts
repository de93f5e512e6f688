import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { createApp } from '../../api/app';
import { mintToken, type Role } from '../../api/auth';
import type { ApiDeps } from '../../api/deps';
import type { Limits } from '../../api/limits';
import type { ActivityDeps } from '../../activities/deps';
import { quiet } from './world';

export const TOKEN_SECRET = new TextEncoder().encode('a-secret-for-tests-of-32-bytes-or-more');

export interface Api {
  readonly url: string;
  request(
    method: string,
    path: string,
    options?: { as?: string; role?: Role; token?: string; body?: unknown; key?: string | null; headers?: Record<string, string> },
  ): Promise<ApiAnswer>;
  close(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Test code reads whatever the API answered.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** A client to a Temporal server that is not there. */
export const unreachableTemporal = (port: number) => new Client({ connection: Connection.lazy({ address: `127.0.0.1:${String(port)}` }) });

/** The real API over real HTTP. */
export async function startApi(deps: ActivityDeps, client: Client, verdictTimeoutMs = 5_000, limits?: Limits): Promise<Api> {
  const apiDeps: ApiDeps = {
    db: deps.db,
    vault: deps.vault,
    borrowers: deps.borrowers,
    catalogue: deps.catalogue,
    client,
    tokenSecret: TOKEN_SECRET,
    channelSecrets: { wallet: 'secret-of-wallet' },
    ...(limits ? { limits } : {}),
    log: quiet,
    verdictTimeoutMs,
  };
  const server: Server = createApp(apiDeps).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    async request(method, path, options = {}) {
      const token =
        options.token ?? (options.as === undefined ? undefined : await mintToken(TOKEN_SECRET, options.role ?? 'borrower', options.as, 1));
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(options.key === null ? {} : { 'idempotency-key': options.key ?? randomUUID() }),
          'content-type': 'application/json',
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? undefined : response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as unknown) : text,
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
