import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { Env } from '../config/env';
import { required } from '../config/required';

interface TemporalTarget {
  readonly address: string;
  readonly apiKey?: string;
  readonly tls?: true | { clientCertPair: { crt: Buffer; key: Buffer } };
}

/** How to reach Temporal: with a certificate (mTLS) or an API key where they are set. */
export function temporalConnection(env: Env): TemporalTarget {
  const certificate = env.TEMPORAL_TLS_CERT_FILE;
  const key = env.TEMPORAL_TLS_KEY_FILE;
  return {
    address: required(env, 'TEMPORAL_ADDRESS'),
    ...(env.TEMPORAL_API_KEY === undefined ? {} : { apiKey: env.TEMPORAL_API_KEY, tls: true }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { tls: { clientCertPair: { crt: readFileSync(certificate), key: readFileSync(key) } } }),
  };
}

/** A client that connects when it is first used: a process starts, and serves, while Temporal is down. */
export function lazyClient(env: Env): Client {
  return new Client({ connection: Connection.lazy(temporalConnection(env)), namespace: env.TEMPORAL_NAMESPACE });
}

/** A client on a connection that stands, or fails within seconds: for commands that a person waits for. Close it after use. */
export async function connectedClient(env: Env): Promise<Client> {
  const connection = await Connection.connect({ ...temporalConnection(env), connectTimeout: 3_000 });
  return new Client({ connection, namespace: env.TEMPORAL_NAMESPACE });
}
