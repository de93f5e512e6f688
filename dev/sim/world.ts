import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnv } from '../../config/env';
import type { Instant } from '../../domain/time/dates';
import { attach, type Attached } from '../../ops/attach';
import type { BankBooks } from '../../ops/audit/bank-books';
import { nodeChild, type Child } from '../stack/child';
import { freePort } from '../stack/ports';
import { startPostgres, type RunningPostgres } from '../stack/postgres';
import { ROOT, startStack, type RunningStack, type StackPorts } from '../stack/stack';
import { startTemporal, type RunningTemporal } from '../stack/temporal-server';
import { ConsentWatch } from './consents';
import { engageOperators } from './operators';

const PARTS = ['api', 'postgres', 'temporal', 'webUi', 'simulator', 'smtp', 'mail'] as const;
const SCRIPTS = { worker: 'workers/main.ts', api: 'api/server.ts' } as const;
export type Killable = keyof typeof SCRIPTS | 'postgres' | 'temporal';

const REVIVE_MS = 500;

/** A stack of the simulation's own, whose parts can be killed and come back on their data. */
export class SimWorld {
  /** Workflows that a restore ended: the only ones that may end without having done their work. */
  readonly lost = new Set<string>();
  restores = 0;
  readonly consents = new ConsentWatch();
  /** A restore that the guard has not cleared yet: when its backup was taken. */
  unclearedSince: Instant | undefined;
  private readonly replaced: Child[] = [];
  private readonly current = new Map<string, Child>();
  /** Killed by us: nobody is surprised. */
  private readonly ended = new WeakSet<Child>();
  private postgres: RunningPostgres | undefined;
  private temporal: RunningTemporal | undefined;

  private constructor(
    private readonly stack: RunningStack,
    private readonly ports: StackPorts,
    readonly dataDir: string,
    readonly attached: Attached,
  ) {
    for (const child of stack.parts) this.current.set(child.name, child);
  }

  static async start(): Promise<SimWorld> {
    const dataDir = await mkdtemp(join(tmpdir(), 'loanloom-sim-'));
    await chmod(dataDir, 0o755);
    const free = await Promise.all(PARTS.map(() => freePort()));
    const ports = Object.fromEntries(PARTS.map((name, index) => [name, free[index] ?? 0])) as unknown as StackPorts;
    const stack = await startStack({
      dataDir,
      ports,
      progress: () => undefined,
      channelTimeoutMs: 300,
      stickyTimeoutMs: 300,
      logLevel: 'warn',
      isWebhookHeld: true,
      isUnlimited: true,
    });
    const attached = await attach(dataDir);
    await engageOperators(attached);
    return new SimWorld(stack, ports, dataDir, attached);
  }

  get apiUrl(): string {
    return this.stack.apiUrl;
  }

  get mailUrl(): string {
    return this.stack.mailUrl;
  }

  /** The wallet's secret: with it the simulation signs what only the wallet could. */
  async tell<T>(what: string, input?: object): Promise<T> {
    const response = await fetch(
      `${this.stack.simulatorUrl}/${what}`,
      input === undefined ? {} : { method: 'POST', body: JSON.stringify(input) },
    );
    return (await response.json()) as T;
  }

  /** The mail server takes nothing, for the moment, or again. */
  refuseMail(isRefused: boolean): void {
    this.stack.mailSink.refuse(isRefused);
  }

  async calm(): Promise<void> {
    await fetch(`${this.stack.simulatorUrl}/scripts`, { method: 'DELETE' });
  }

  books(): Promise<BankBooks> {
    return this.tell<BankBooks>('books');
  }

  /** kill -9, and a new one on the same data. */
  async kill(what: Killable): Promise<void> {
    await this.end(what);
    await this.comeBack(what);
  }

  private async end(what: Killable): Promise<void> {
    const child = this.current.get(what);
    if (!child) return;
    this.ended.add(child);
    // It may have ended by itself.
    if (!child.hasEnded) process.kill(child.pid, 'SIGKILL');
    await child.exited;
  }

  /** Everything that is said to be away is killed before the work, and back after it. */
  async without(parts: readonly Killable[], work: () => Promise<void>): Promise<void> {
    for (const what of parts) await this.end(what);
    await work();
    await Promise.all(parts.map((what) => this.comeBack(what)));
  }

  private async comeBack(what: Killable): Promise<void> {
    const next = await this.restart(what);
    this.current.set(what, next);
    this.replaced.push(next);
    if (what === 'worker' || what === 'api') this.watch(what, next);
  }

  /** One that meets a store that is away ends by itself, and is started again, as the supervisor of a stack does it. */
  private watch(what: Killable, child: Child): void {
    void child.exited.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, REVIVE_MS));
      if (!this.ended.has(child)) await this.comeBack(what);
    });
  }

  /** A store that was killed may need a moment until its last process has let go of its files. */
  private async restart(what: Killable, triesLeft = 4): Promise<Child> {
    try {
      return await this.begin(what);
    } catch (error) {
      if (triesLeft === 0) throw new Error(`${what} was killed and did not come back`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return this.restart(what, triesLeft - 1);
    }
  }

  private async begin(what: Killable): Promise<Child> {
    const logDir = join(this.dataDir, 'logs');
    switch (what) {
      case 'postgres':
        this.postgres = await startPostgres({ dataDir: join(this.dataDir, 'postgres'), port: this.ports.postgres, logDir });
        return this.postgres.child;
      case 'temporal':
        this.temporal = await startTemporal({
          port: this.ports.temporal,
          uiPort: this.ports.webUi,
          file: join(this.dataDir, 'temporal.db'),
          logDir,
        });
        return this.temporal.child;
      case 'worker':
      case 'api':
        return nodeChild(ROOT, SCRIPTS[what], { name: what, env: childEnv(this.stack.env), logDir });
    }
  }

  /** `isKept`: what the processes logged and stored stays where it is, to be looked at. */
  async stop(isKept = false): Promise<void> {
    for (const child of this.replaced) this.ended.add(child);
    await this.attached.close().catch(() => undefined);
    for (const child of this.replaced) if (child.name === 'api' || child.name === 'worker') await child.stop('SIGKILL', 1_000);
    await this.postgres?.stop().catch(() => undefined);
    await this.temporal?.stop().catch(() => undefined);
    await this.stack.stop();
    if (!isKept) await rm(this.dataDir, { recursive: true, force: true });
  }
}
