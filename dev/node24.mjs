#!/usr/bin/env node
// `npm run test:node24 [-- <jest arguments>]`: the tests under Node 24, fetched into .cache/node24 and never into package.json, where it would shadow every script's node.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const cache = resolve('.cache/node24');
const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const node = join(cache, 'node_modules', platform, 'bin/node');
const run = (command, args, options = {}) => spawnSync(command, args, { stdio: 'inherit', ...options }).status ?? 1;

if (!existsSync(node)) {
  process.stderr.write(`fetching ${platform}@24 into ${cache}\n`);
  mkdirSync(cache, { recursive: true });
  const status = run('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', '--prefix', cache, `${platform}@24`]);
  if (status !== 0 || !existsSync(node)) {
    process.stderr.write(`${platform}@24 could not be fetched: the registry has to be reachable once\n`);
    process.exit(1);
  }
}
run(node, ['--version']);
process.exit(run(node, ['node_modules/jest/bin/jest.js', ...process.argv.slice(2)]));
