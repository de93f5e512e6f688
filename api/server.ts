import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { readEnv, type Env } from '../config/env';
import { Borrowers } from '../db/party/borrowers';
import { createVault } from '../db/party/vault';
import { createDb } from '../db/pool';
import { LoanloomError } from '../domain/errors';
import { createCatalogue } from '../domain/product/products';
import { createLog } from '../config/log';
import { keySettings } from '../config/keys';
import { readRestoreEpoch } from '../config/restore-epoch';
import { createApp } from './app';
import type { ApiDeps } from './deps';
import { createLimits } from './limits';
import { lazyClient } from '../temporal/client';
import { required } from '../config/required';
import { assertKeys } from '../services/party/key-check';
import { createIdentitySources } from '../providers/identity/index';
import { createKeyProvider } from '../providers/keys/index';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** TLS where a certificate is configured; plain HTTP on loopback only. */
function createServer(env: Env, app: ReturnType<typeof createApp>) {
  const { API_TLS_CERT_FILE: certificate, API_TLS_KEY_FILE: key } = env;
  if (certificate !== undefined && key !== undefined)
    return createHttpsServer({ cert: readFileSync(certificate), key: readFileSync(key), minVersion: 'TLSv1.2' }, app);
  if (!LOOPBACK.has(env.API_HOST))
    throw new LoanloomError(
      'CONFIGURATION',
      `plain HTTP is served on loopback only: set API_TLS_CERT_FILE and API_TLS_KEY_FILE to listen on ${env.API_HOST}`,
    );
  return createHttpServer(app);
}

async function main(): Promise<void> {
  const env = readEnv();
  const log = createLog('api', env.LOG_LEVEL);
  const vault = createVault(createKeyProvider(keySettings(env)));
  const db = createDb(required(env, 'DATABASE_URL'), 10);
  const secrets = JSON.parse(readFileSync(required(env, 'CHANNEL_SECRETS_FILE'), 'utf8')) as Record<string, string>;
  const deps: ApiDeps = {
    db,
    borrowers: new Borrowers(vault),
    catalogue: createCatalogue(),
    identitySources: createIdentitySources({ baseUrl: env.IDENTITY_URL, secrets, timeoutMs: env.CHANNEL_TIMEOUT_MS }),
    client: lazyClient(env),
    tokenSecret: readFileSync(required(env, 'LOANLOOM_TOKEN_SECRET_FILE')),
    restoreEpoch: () => readRestoreEpoch(env),
    channelSecrets: secrets,
    ...(env.METRICS_TOKEN_FILE === undefined ? {} : { metricsToken: readFileSync(env.METRICS_TOKEN_FILE, 'utf8').trim() }),
    ...(env.LOANLOOM_RATE_LIMITS ? { limits: createLimits(db) } : {}),
    log,
    verdictTimeoutMs: 5_000,
  };
  await assertKeys({ db, vault, log });
  const server = createServer(env, createApp(deps));
  server.listen(env.API_PORT, env.API_HOST, () => process.stdout.write('api ready\n'));
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => {
    server.close(() => {
      void Promise.all([db.destroy(), deps.client.connection.close()]).finally(() => process.exit(0));
    });
    server.closeIdleConnections();
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`the API cannot run: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
