import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SecretFiles {
  readonly masterKey: string;
  readonly tokenSecret: string;
  readonly channelSecrets: string;
}

async function once(file: string, content: () => string): Promise<string> {
  if (!existsSync(file)) await writeFile(file, content(), { mode: 0o600 });
  return file;
}

/** Keys of a local stack: made on its first start, mode 0600, outside the database. */
export async function ensureSecrets(folder: string, channels: readonly string[]): Promise<SecretFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    masterKey: await once(join(folder, 'master.key'), () => randomBytes(32).toString('hex')),
    tokenSecret: await once(join(folder, 'token.secret'), () => randomBytes(32).toString('hex')),
    channelSecrets: await once(join(folder, 'channel-secrets.json'), () =>
      JSON.stringify(Object.fromEntries(channels.map((channel) => [channel, randomBytes(24).toString('hex')]))),
    ),
  };
}
