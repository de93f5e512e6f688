// Checks the dependency rules, that the checker saw the project at all (a broken parser passes silently), and that it still catches a seeded violation.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const MODULES_MIN = 120;
const config = resolve('.dependency-cruiser.cjs');
const binary = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

function cruise(cwd, ...folders) {
  const { stdout, stderr } = spawnSync(process.execPath, [binary, '--config', config, '--output-type', 'json', ...folders], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  try {
    return JSON.parse(stdout).summary;
  } catch {
    throw new Error(`dependency-cruiser gave no report: ${stderr}`);
  }
}

const project = cruise(
  '.',
  'domain',
  'workflows',
  'services',
  'activities',
  'temporal',
  'channels',
  'providers',
  'simulator',
  'risk',
  'db',
  'migrations',
  'api',
  'workers',
  'ops',
  'dev',
  'config',
  'bench',
);
const faults = project.violations.map((each) => `${each.rule.name}: ${each.from} → ${each.to}`);
const canary = cruise('test/canary', 'domain');

if (project.totalCruised < MODULES_MIN) faults.push(`only ${project.totalCruised} modules were seen: the checker is blind`);
if (!canary.violations.some((each) => each.rule.name === 'domain-has-no-node'))
  faults.push('the seeded violation in test/canary was not caught');
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`dependency graph: ${project.totalCruised} modules keep the rules; the seeded violation is caught`);
