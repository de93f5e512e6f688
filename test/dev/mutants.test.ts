import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/processes';

/** Guarantee: the bugs that the simulation has to find can be planted in the code as it is. */
const FOLDER = join(ROOT, 'test/mutants');

it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.patch')))('%s applies', (name) => {
  expect(() => execFileSync('git', ['apply', '--check', join(FOLDER, name)], { cwd: ROOT, stdio: 'pipe' })).not.toThrow();
});
