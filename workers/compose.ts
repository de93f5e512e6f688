import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { ActivityDeps, Log } from '../activities/deps';
import { createSmtpMailer } from '../activities/mail';
import { withBreaker } from '../channels/breaker';
import { createHouseBank } from '../channels/house-bank';
import { createChannels, linkTo } from '../channels/index';
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

interface TemporalTarget {
  readonly address: string;
  readonly apiKey?: string;
  readonly tls?: true | { clientCertPair: { crt: Buffer; key: Buffer } };
}

export function openVault(env: Env): Vault {
  return createVault(Buffer.from(readFileSync(required(env, 'LOANLOOM_KEY_FILE'), 'utf8').trim(), 'hex'));
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

/** Where the restore epoch stands: outside the database and its backups, beside the keys. */
export function restoreEpochFile(env: Env): string {
  return env.LOANLOOM_RESTORE_EPOCH_FILE ?? join(dirname(required(env, 'LOANLOOM_KEY_FILE')), 'restore-epoch');
}

/** CONFIGURATION where it cannot be read: a missing file is no permission. */
export async function readRestoreEpoch(env: Env): Promise<number> {
  const file = restoreEpochFile(env);
  const epoch = Number((await readFile(file, 'utf8').catch(() => '')).trim());
  if (!Number.isSafeInteger(epoch) || epoch < 1)
    throw new LoanloomError('CONFIGURATION', `${file} holds no restore epoch: see docs/runbooks/restore.md before a payment moves`);
  return epoch;
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
    channels: new Map(
      [...createChannels({ baseUrl: env.CHANNELS_URL, secrets, timeoutMs: env.CHANNEL_TIMEOUT_MS })].map(([name, channel]) => [
        name,
        withBreaker(channel),
      ]),
    ),
    houseBank: createHouseBank(linkTo({ baseUrl: env.CHANNELS_URL, secrets, timeoutMs: env.CHANNEL_TIMEOUT_MS }, 'housebank')),
    mailer: createSmtpMailer({ url: env.SMTP_URL, from: env.MAIL_FROM }),
    identityVerifier: createFormalIdentityVerifier(),
    log,
    restoreEpoch: () => readRestoreEpoch(env),
  };
}
