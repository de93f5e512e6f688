import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import { readEnv } from '../../config/env';
import { StackFault } from '../../ops/fault';
import type { Child } from './child';
import { NODE_PARTS, startStack, type RunningStack, type StackPorts } from './stack';

export const DEFAULT_PORTS: StackPorts = {
  api: 8080,
  postgres: 5442,
  temporal: 7233,
  webUi: 8233,
  simulator: 8091,
  smtp: 8025,
  mail: 8026,
};

function table(stack: RunningStack, dataDir: string, seconds: string): string {
  const rows = [
    ['API', `${stack.apiUrl}/docs`, 'OpenAPI; a token: npx loan token --borrower alice'],
    ['Web UI', stack.webUiUrl, 'Temporal: every loan, what it waits for'],
    ['Mail', stack.mailUrl, 'what borrowers were sent'],
    ['Banks', `${stack.simulatorUrl}/books`, 'three simulated banks and their own books'],
    [
      'Database',
      `Postgres 18 on port ${new URL(stack.env.DATABASE_URL ?? 'postgresql://x').port}`,
      'credentials: DATABASE_URL in stack.json of the data folder',
    ],
    ['State', dataDir, `logs in logs/; reset: stop, then delete this folder`],
  ];
  const width = Math.max(...rows.map((row) => (row[1] ?? '').length));
  const lines = rows.map(([what, where, note]) => `  ${(what ?? '').padEnd(9)} ${(where ?? '').padEnd(width)}  ${note ?? ''}`);
  return [`\nLoanloom is up after ${seconds} s.`, ...lines, '  Ctrl-C stops everything; the next "npm start" resumes every loan.\n'].join(
    '\n',
  );
}

/** Prints a fault as one sentence, with the child's last words below it, and ends with status 1. */
export function fail(error: unknown): never {
  if (error instanceof StackFault) {
    process.stderr.write(`\nLoanloom could not start: ${error.message}.\n${error.output === '' ? '' : `\n${error.output}\n`}`);
  } else {
    process.stderr.write(`\nLoanloom could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  process.exit(1);
}

async function main(): Promise<void> {
  const program = new Command('npm start --').description(
    'Starts the local stack: Postgres, Temporal with its Web UI, banks, mail, worker and API. Ctrl-C stops it.',
  );
  program.option('--data <folder>', 'where state lives', readEnv().LOANLOOM_DATA_DIR);
  for (const [name, flag] of [
    ['api', 'api'],
    ['postgres', 'postgres'],
    ['temporal', 'temporal'],
    ['webUi', 'web-ui'],
    ['simulator', 'simulator'],
    ['smtp', 'smtp'],
    ['mail', 'mail'],
  ] as const) {
    program.option(`--${flag}-port <port>`, `port of this part`, String(DEFAULT_PORTS[name]));
  }
  const options = program.parse().opts<Record<string, string>>();
  const dataDir = resolve(options.data ?? '.data');
  const port = (name: string) => Number(options[`${name}Port`]);
  const startedAt = Date.now();
  const progress = (line: string) => process.stdout.write(`  ${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${line}\n`);
  const running: { stack?: RunningStack } = {};
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    process.stdout.write('\nstopping…\n');
    void (running.stack?.stop() ?? Promise.resolve()).then(() => {
      process.stdout.write('stopped; nothing is lost\n');
      process.exit(0);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const stack = await startStack({
    dataDir,
    progress,
    ports: {
      api: port('api'),
      postgres: port('postgres'),
      temporal: port('temporal'),
      webUi: port('webUi'),
      simulator: port('simulator'),
      smtp: port('smtp'),
      mail: port('mail'),
    },
  });
  running.stack = stack;
  process.stdout.write(table(stack, dataDir, ((Date.now() - startedAt) / 1_000).toFixed(1)));
  for (const child of stack.parts) watch(stack, child, { dataDir, isStopping: () => isStopping });
}

const REVIVE_MS = 500;
const REVIVE_MS_MAX = 30_000;

/** Starts a part that ends by itself again, later each time; a store that ends is left to people, who see its log. */
function watch(stack: RunningStack, child: Child, run: { dataDir: string; isStopping: () => boolean }, delayMs = REVIVE_MS): void {
  const startedAt = Date.now();
  void child.exited.then(async (code) => {
    if (run.isStopping()) return;
    const name = NODE_PARTS.find((part) => part === child.name);
    const ended = `\n${child.name} ended by itself (status ${String(code)}): see ${run.dataDir}/logs/${child.name}.log`;
    if (name === undefined) {
      process.stderr.write(`${ended}; Ctrl-C and "npm start" bring everything back.\n`);
      return;
    }
    process.stderr.write(`${ended}; it is started again.\n`);
    // One that ran for a while did not end for what it met at its start.
    let wait = Date.now() - startedAt > 60_000 ? REVIVE_MS : delayMs;
    for (;;) {
      await setTimeout(wait);
      if (run.isStopping()) return;
      wait = Math.min(REVIVE_MS_MAX, wait * 2);
      const again = await stack.revive(name).catch(() => undefined);
      if (!again) continue;
      process.stderr.write(`${name} is back.\n`);
      watch(stack, again, run, wait);
      return;
    }
  });
}

if (require.main === module) main().catch(fail);
