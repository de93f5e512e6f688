import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/processes';
import { shared } from '../support/shared';

const run = promisify(execFile);

/** Guarantee: what may never touch production is not in the image that runs there, and the program says so. */
describe('the image for production', () => {
  const [, app = '', sandbox = ''] = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split(/^FROM .* AS (?:app|sandbox)$/m);
  const copied = (stage: string) => [...stage.matchAll(/^COPY (\S+) /gm)].map((match) => match[1]!);

  it('holds no sandbox, no simulator and no tests; the sandbox’s image adds them', () => {
    expect(copied(app)).toEqual(expect.arrayContaining(['api', 'workers', 'ops', 'services', 'migrations']));
    for (const room of ['dev', 'simulator', 'test', 'bench', '.']) expect(copied(app)).not.toContain(room);
    expect(copied(sandbox)).toEqual(['dev', 'simulator']);
  });

  it('runs with what it holds: worker and API get as far as their settings, the program lacks the clock alone', async () => {
    const folder = mkdtempSync(join(shared().folder, 'image-'));
    for (const name of [...copied(app), 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const said = (...args: string[]) =>
      run(process.execPath, args, { cwd: folder, env: { PATH: '/usr/local/bin:/usr/bin:/bin' } }).then(
        ({ stdout }) => stdout,
        (error: unknown) => (error as { stderr: string }).stderr,
      );
    expect(await said('ops/bin/loan.mjs', 'config')).toContain('DATABASE_URL');
    expect(await said('ops/bin/loan.mjs', 'clock', 'advance', '--days', '2')).toContain('not in this image');
    expect(await said('--import', 'tsx', 'workers/main.ts')).toContain('is not set');
    expect(await said('--import', 'tsx', 'api/server.ts')).toContain('is not set');
  });
});
