import { mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServer, type Server, type AddressInfo } from 'node:net';
import { nodeChild, type Child } from '../../dev/stack/child';
import type { Banks } from './world';
import { shared } from './shared';

export const ROOT = resolve(__dirname, '../..');

export interface ProcessSettings {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly banks: Banks;
  readonly keyFile: string;
  readonly tokenSecret: string;
  readonly apiPort?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a real process of ours (worker or API) against the test's own servers. */
export function startProcess(script: 'workers/main.ts' | 'api/server.ts', settings: ProcessSettings): Child {
  const folder = mkdtempSync(join(shared().folder, 'process-'));
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const env = {
    PATH: process.env.PATH,
    LOANLOOM_PROFILE: 'test',
    DATABASE_URL: settings.databaseUrl,
    TEMPORAL_ADDRESS: settings.temporalAddress,
    LOANLOOM_KEY_FILE: settings.keyFile,
    LOANLOOM_RESTORE_EPOCH_FILE: file('restore-epoch', '1'),
    LOANLOOM_TOKEN_SECRET_FILE: file('token.secret', settings.tokenSecret),
    CHANNEL_SECRETS_FILE: file('channels.json', JSON.stringify(settings.banks.secrets)),
    CHANNELS_URL: settings.banks.url,
    SIGNATURE_URL: `${settings.banks.url}/ca`,
    SIGNATURE_ROOTS_FILE: file('root.pem', settings.banks.rootPem),
    IDENTITY_URL: `${settings.banks.url}/identity`,
    CHANNEL_TIMEOUT_MS: '60000',
    API_PORT: String(settings.apiPort ?? 0),
    LOG_LEVEL: 'warn',
    ...settings.env,
  };
  return nodeChild(ROOT, script, { name: script.replace(/\W/g, '-'), env, logDir: folder });
}

/** A server that accepts connections and never says anything: what an unreachable machine looks like. */
export async function startBlackHole(): Promise<{ address: string; server: Server }> {
  const server = createServer(() => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, address: `127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}
