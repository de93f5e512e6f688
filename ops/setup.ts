import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readEnv } from '../config/env';
import { keySettings } from '../config/keys';
import { migrateToLatest } from '../db/migrate';
import { ALL_SEARCH_ATTRIBUTES } from '../workflows/search-attributes';
import { ensureRateLimits } from '../temporal/rate-limits';
import { ensureSchedules } from '../temporal/schedules';
import { createKeyProvider, ensureFirstKeys } from '../providers/keys/index';
import { ensureSecrets, OUTSIDE_SECRET_NAMES } from './secrets';
import { connectedClient } from '../temporal/client';
import { required } from '../config/required';
import { APP_ROLE, withClient } from '../db/owner';

const run = promisify(execFile);

/** Temporal's numbers for the types of search attributes. */
const INDEXED_TYPE: Readonly<Record<string, number>> = { TEXT: 1, KEYWORD: 2, INT: 3, DOUBLE: 4, BOOL: 5, DATETIME: 6, KEYWORD_LIST: 7 };

/**
 * Prepares a Postgres and a Temporal namespace that others run: migrations, the application role's
 * password (taken from DATABASE_URL), search attributes, schedules. Repeating it changes nothing.
 */
export async function setUp(print: (line: string) => void): Promise<void> {
  const env = readEnv();
  const ownerUrl = required(env, 'DATABASE_OWNER_URL');
  const applied = await migrateToLatest(ownerUrl);
  print(applied.length === 0 ? 'schema: up to date' : `schema: ${String(applied.length)} migrations applied`);
  const { password } = new URL(required(env, 'DATABASE_URL'));
  await withClient(ownerUrl, (client) =>
    client.query(`ALTER ROLE ${APP_ROLE} PASSWORD ${client.escapeLiteral(decodeURIComponent(password))}`),
  );
  if (env.LOANLOOM_KEYS !== 'file')
    print(`keys: ${String(await ensureFirstKeys(createKeyProvider(keySettings(env))))} made at the key provider`);
  const client = await connectedClient(env);
  const { connection } = client;
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace: env.TEMPORAL_NAMESPACE });
    const missing = ALL_SEARCH_ATTRIBUTES.filter((key) => !(key.name in known.customAttributes));
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map((key) => [key.name, INDEXED_TYPE[key.type] ?? 2]));
      await connection.operatorService.addSearchAttributes({ namespace: env.TEMPORAL_NAMESPACE, searchAttributes });
    }
    print(`search attributes: ${String(missing.length)} added, ${String(ALL_SEARCH_ATTRIBUTES.length)} in all`);
    await ensureSchedules(client);
    await ensureRateLimits(client);
    print('rate limits: one per channel, on its task queue');
    print('schedules: reconciliation of each channel at 10:15, close-business-day at 12:30, in Shanghai');
  } finally {
    await connection.close();
  }
}

/** Makes secrets/ and .env for docker-compose.yml, with a self-signed certificate for the API on localhost. Existing ones stay. */
export async function writeComposeSecrets(print: (line: string) => void): Promise<void> {
  const folder = resolve('secrets');
  const keyFolder = join(folder, 'keyring');
  const { keyFile } = await ensureSecrets(folder, OUTSIDE_SECRET_NAMES, keyFolder);
  await writeFile('.env', `LOANLOOM_DB_PASSWORD=${randomBytes(18).toString('hex')}\n`, { mode: 0o600, flag: 'wx' }).catch(() => {
    print('.env exists and stays');
  });
  if (!existsSync(join(folder, 'api.crt')))
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '365',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      join(folder, 'api.key'),
      '-out',
      join(folder, 'api.crt'),
    ]);
  // Compose mounts the files for the image's own user.
  for (const file of ['token.secret', 'channel-secrets.json', 'restore-epoch', 'api.key', 'api.crt'])
    await chmod(join(folder, file), 0o644);
  // A rotation writes the key ring anew from within the image; nobody else gets past the folder around it.
  await chmod(keyFile, 0o644);
  await chmod(keyFolder, 0o777);
  await chmod(folder, 0o700);
  print(`${folder} and .env are ready: docker compose up --build`);
}
