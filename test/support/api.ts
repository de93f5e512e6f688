import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { createApp } from '../../api/app';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult } from 'jose';
import { mintToken, signAsOperator, type Role } from '../../api/auth';
import { enlistOperator } from '../../db/party/operators';
import { createDb, type Db } from '../../db/pool';
import type { OperatorRole } from '../../domain/party/operators';
import { urlsOf } from './database';
import type { ApiDeps } from '../../api/deps';
import type { Limits } from '../../api/limits';
import type { ActivityDeps } from '../../services/deps';
import { quiet } from './world';

export const TOKEN_SECRET = new TextEncoder().encode('a-secret-for-tests-of-32-bytes-or-more');

export interface Api {
  readonly url: string;
  request(
    method: string,
    path: string,
    options?: {
      as?: string;
      role?: Role;
      roles?: readonly OperatorRole[];
      token?: string;
      body?: unknown;
      key?: string | null;
      headers?: Record<string, string>;
    },
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

/** Operators of tests, each with a key of their own. */
const keys = new Map<string, Promise<GenerateKeyPairResult>>();
const enlisted = new WeakMap<Db, Map<string, string>>();
const EVERYTHING: readonly OperatorRole[] = ['clerk', 'approver', 'treasurer'];

export function keyOf(name: string): Promise<GenerateKeyPairResult> {
  const known = keys.get(name) ?? generateKeyPair('EdDSA');
  keys.set(name, known);
  return known;
}

/** Enters an operator of the test's database, as the schema's owner does. */
export async function enlist(db: Db, name: string, roles: readonly OperatorRole[] = EVERYTHING): Promise<void> {
  const here = enlisted.get(db) ?? new Map<string, string>();
  enlisted.set(db, here);
  if (here.get(name) === roles.join(',')) return;
  const { rows } = await db.raw<{ rows: { name: string }[] }>('SELECT current_database() AS name');
  const owner = createDb(urlsOf(rows[0]?.name ?? '').ownerUrl, 1);
  const { x = '' } = await exportJWK((await keyOf(name)).publicKey);
  await enlistOperator(owner, { name, staff_number: name.toUpperCase(), roles, public_key: x, epoch: 1 }, 'works in a test').finally(() =>
    owner.destroy(),
  );
  here.set(name, roles.join(','));
}

async function tokenFor(db: Db, who: { as?: string; role?: Role; roles?: readonly OperatorRole[] }): Promise<string | undefined> {
  if (who.as === undefined) return undefined;
  if (who.role !== 'operator') return mintToken(TOKEN_SECRET, who.as, 1);
  await enlist(db, who.as, who.roles);
  return signAsOperator((await keyOf(who.as)).privateKey, who.as);
}

/** The real API over real HTTP. */
export async function startApi(deps: ActivityDeps, client: Client, verdictTimeoutMs = 5_000, limits?: Limits): Promise<Api> {
  const apiDeps: ApiDeps = {
    db: deps.db,
    borrowers: deps.borrowers,
    catalogue: deps.catalogue,
    identitySources: deps.identitySources,
    client,
    tokenSecret: TOKEN_SECRET,
    restoreEpoch: deps.restoreEpoch,
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
      const token = options.token ?? (await tokenFor(deps.db, options));
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
