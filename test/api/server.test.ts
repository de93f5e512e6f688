import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts } from '../../dev/stack/child';
import { freePort } from '../../dev/stack/ports';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startProcess } from '../support/processes';
import { newKeyFile } from '../support/keepers';
import { shared } from '../support/shared';
import { startBanks, type Banks } from '../support/world';

const run = promisify(execFile);

describe('the API process', () => {
  let database: TestDatabase;
  let banks: Banks;

  beforeAll(async () => {
    database = await createTestDatabase();
    banks = await startBanks();
  });

  afterAll(async () => {
    await banks.close();
    await database.close();
  });

  const start = (apiPort: number, env: Record<string, string>) =>
    startProcess('api/server.ts', {
      databaseUrl: database.appUrl,
      temporalAddress: '127.0.0.1:1',
      banks,
      keyFile: newKeyFile(),
      tokenSecret: 'x'.repeat(32),
      apiPort,
      env,
    });

  it('serves TLS when a certificate is configured, also without Temporal', async () => {
    const folder = await mkdtemp(join(shared().folder, 'tls-'));
    const [key, certificate] = [join(folder, 'api.key'), join(folder, 'api.crt')];
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    const port = await freePort();
    const api = start(port, { API_TLS_CERT_FILE: certificate, API_TLS_KEY_FILE: key });
    await api.ready(() => accepts(port), 30_000);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      get(`https://127.0.0.1:${String(port)}/healthz`, { rejectUnauthorized: false }, (response) => {
        resolve(response.resume().statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${String(port)}/healthz`)).rejects.toThrow();
    await api.stop('SIGTERM', 8_000);
  });

  it('refuses plain HTTP on anything but loopback, and says what to set', async () => {
    const api = start(await freePort(), { API_HOST: '0.0.0.0' });
    await expect(api.ready(() => Promise.resolve(false), 30_000)).rejects.toMatchObject({
      output: expect.stringContaining('plain HTTP is served on loopback only: set API_TLS_CERT_FILE') as string,
    });
    expect(await api.exited).toBe(1);
  });
});
