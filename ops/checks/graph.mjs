// Checks the dependency rules, that the checker saw the project at all (a broken parser passes silently), and that it still catches a seeded violation.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
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
// One seeded violation of each rule stands in test/canary: a rule that catches nothing there guards nothing here.
const { forbidden } = createRequire(import.meta.url)(config);
const canary = cruise('test/canary', ...readdirSync('test/canary').filter((name) => !name.includes('.')));
const caught = new Set(canary.violations.map((each) => each.rule.name));

if (project.totalCruised < MODULES_MIN) faults.push(`only ${project.totalCruised} modules were seen: the checker is blind`);
for (const { name } of forbidden) if (!caught.has(name)) faults.push(`${name}: its seeded violation in test/canary was not caught`);
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`dependency graph: ${project.totalCruised} modules keep ${forbidden.length} rules; each one's seeded violation is caught`);
