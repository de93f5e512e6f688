import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ActivityDeps } from '../services/deps';
import { withBreaker } from '../channels/breaker';
import { createHouseBank } from '../channels/adapters/house-bank';
import { createChannels, linkTo } from '../channels/index';
import type { Env } from '../config/env';
import { Borrowers } from '../db/party/borrowers';
import { createVault } from '../db/party/vault';
import { createDb } from '../db/pool';
import { createCatalogue } from '../domain/product/products';
import { readRestoreEpoch } from '../config/restore-epoch';
import { required } from '../config/required';
import { keySettings } from '../config/keys';
import { fileTombstones } from '../config/tombstones';
import type { Log } from '../config/log';
import { createIdentitySources } from '../providers/identity/index';
import { createKeyProvider } from '../providers/keys/index';
import { createPadesProvider } from '../providers/signature/pades';
import { createSmtpMailer } from '../providers/messages/smtp';

/** Everything that activities need, from the environment. */
export function composeDeps(env: Env, log: Log): ActivityDeps {
  const vault = createVault(createKeyProvider(keySettings(env)));
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
    identitySources: createIdentitySources({ baseUrl: env.IDENTITY_URL, secrets, timeoutMs: env.CHANNEL_TIMEOUT_MS }),
    signing: createPadesProvider({
      link: { baseUrl: env.SIGNATURE_URL, secret: secrets.ca ?? '', timeoutMs: env.CHANNEL_TIMEOUT_MS },
      trustedRoots: () => readFile(required(env, 'SIGNATURE_ROOTS_FILE'), 'utf8'),
    }),
    tombstones: fileTombstones(env),
    log,
    restoreEpoch: () => readRestoreEpoch(env),
  };
}
