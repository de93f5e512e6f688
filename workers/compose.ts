import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { ActivityDeps, Log } from '../activities/deps';
import { createSmtpMailer } from '../activities/mail';
import { createChannels } from '../channels/index';
import type { Env } from '../config/env';
import { Borrowers } from '../db/borrowers';
import { createDb } from '../db/pool';
import { createVault, type Vault } from '../db/vault';
import { LoanloomError } from '../domain/errors';
import { createCatalogue } from '../domain/products';
import { createFormalIdentityVerifier } from '../risk/identity';

/** A setting that this process cannot do without. */
export function required<K extends keyof Env>(env: Env, name: K): NonNullable<Env[K]> {
  const value = env[name];
  if (value === undefined) throw new LoanloomError('CONFIGURATION', `${name} is not set: "npx loan config" says what it is for`);
  return value;
}

export function openVault(env: Env): Vault {
  return createVault(Buffer.from(readFileSync(required(env, 'LOANLOOM_KEY_FILE'), 'utf8').trim(), 'hex'));
}

export function temporalConnection(env: Env): NativeConnectionOptions & { address: string } {
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
  const { address, ...rest } = temporalConnection(env);
  return new Client({
    connection: Connection.lazy({
      address,
      ...(rest.apiKey === undefined ? {} : { apiKey: rest.apiKey }),
      ...(rest.tls === undefined ? {} : { tls: rest.tls }),
    }),
    namespace: env.TEMPORAL_NAMESPACE,
  });
}

/** Everything that activities need, from the environment. */
export function composeDeps(env: Env, log: Log): ActivityDeps {
  const vault = openVault(env);
  const secrets = JSON.parse(readFileSync(required(env, 'CHANNEL_SECRETS_FILE'), 'utf8')) as Record<string, string>;
  return {
    db: createDb(required(env, 'DATABASE_URL'), 20),
    vault,
    borrowers: new Borrowers(vault),
    catalogue: createCatalogue(),
    channels: createChannels({ baseUrl: env.CHANNELS_URL, secrets, timeoutMs: env.CHANNEL_TIMEOUT_MS }),
    mailer: createSmtpMailer({ url: env.SMTP_URL, from: env.MAIL_FROM }),
    identityVerifier: createFormalIdentityVerifier(),
    log,
  };
}
