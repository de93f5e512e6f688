import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeEnv } from '../../config/env';
import { ROOT } from '../support/processes';

interface Service {
  readonly image?: string;
  readonly environment?: Record<string, string>;
  readonly healthcheck?: object;
  readonly restart?: string;
  readonly ports?: string[];
  readonly depends_on?: Record<string, { condition: string }>;
}

const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
};
const known = new Set(describeEnv().map((variable) => variable.name));

describe('docker-compose.yml', () => {
  it.each(['setup', 'simulator', 'worker', 'api'])('sets only variables that config/env.ts knows: %s', (name) => {
    const names = Object.keys(compose.services[name]!.environment ?? {});
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((variable) => !known.has(variable))).toEqual([]);
  });

  it('holds no secret: passwords come from the environment, keys from files', () => {
    const passwords = Object.values(compose.services).flatMap((service) =>
      Object.entries(service.environment ?? {}).filter(([name]) => /PASSWORD|PWD|_URL/.test(name)),
    );
    for (const [, value] of passwords) expect(value).not.toMatch(/:\/\/\w+:(?!\$\{)[^@\s]+@/);
    for (const [name, value] of passwords) if (/PASSWORD|PWD/.test(name)) expect(value).toMatch(/^\$\{LOANLOOM_DB_PASSWORD:\?/);
    for (const secret of Object.values(compose.secrets)) expect(secret.file).toMatch(/^\.\/secrets\//);
  });

  it('uses the supported server image, not the deprecated auto-setup', () => {
    expect(compose.services.temporal!.image).toMatch(/^temporalio\/server:/);
    expect(text).not.toContain('auto-setup');
  });

  it('waits for health before it depends on it', () => {
    for (const service of Object.values(compose.services)) {
      for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(compose.services).toHaveProperty(name);
        if (condition === 'service_healthy') expect(compose.services[name]!.healthcheck).toBeDefined();
      }
    }
  });

  it('publishes ports on loopback only', () => {
    for (const port of Object.values(compose.services).flatMap((service) => service.ports ?? [])) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('keeps data in named volumes', () => {
    expect(Object.keys(compose.volumes)).toEqual(['postgres', 'books', 'trust', 'tombstones']);
  });
});
