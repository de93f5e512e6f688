#!/usr/bin/env node
// `npm run mutate -- domain/payment`: plants small bugs there, one by one, and counts those that the tests find.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const target = (process.argv[2] ?? '').replace(/\/$/, '');
if (!target.startsWith('domain') || !existsSync(target)) {
  process.stderr.write('say what to mutate: a folder or file of domain/, such as "npm run mutate -- domain/payment"\n');
  process.exit(2);
}
const mutate = statSync(target).isDirectory() ? `${target}/**/*.ts` : target;
const { status } = spawnSync('npx', ['stryker', 'run', '--mutate', mutate], { stdio: 'inherit' });
process.exit(status ?? 1);
