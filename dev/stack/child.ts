import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { StackFault } from '../../ops/fault';

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logDir: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<number | null>;
  readonly hasEnded: boolean;
  /** Polls `probe` until it holds; a fault with the child's last lines when the child ends first or time runs out. */
  ready(probe: () => Promise<boolean>, timeoutMs: number): Promise<void>;
  stop(signal: NodeJS.Signals, forceAfterMs: number): Promise<void>;
}

const LAST_LINES = 15;

/** Last lines of a child's log, for an error message. */
export function tail(file: string): string {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

/** Starts a process of the stack with its output in `<logDir>/<name>.log`, in our own process group: a signal to the group reaches it too. */
export function startChild(options: ChildOptions): Child {
  const logFile = join(options.logDir, `${options.name}.log`);
  const log = openSync(logFile, 'a');
  const child: ChildProcess = spawn(options.command, [...options.args], {
    env: options.env,
    stdio: ['ignore', log, log],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  let hasExited = false;
  let startError = '';
  const exited = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      startError = error.message;
      hasExited = true;
      resolve(null);
    });
    child.on('exit', (code) => {
      hasExited = true;
      resolve(code);
    });
  });
  return {
    name: options.name,
    pid: child.pid ?? 0,
    exited,
    async ready(probe, timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        if (hasExited)
          throw new StackFault(
            `${options.name} stopped while it was starting: read its last lines below (all of them: ${logFile})`,
            startError || tail(logFile),
          );
        if (await probe().catch(() => false)) return;
        if (Date.now() > deadline)
          throw new StackFault(
            `${options.name} did not become ready within ${String(timeoutMs / 1_000)} s: its last lines are below (all of them: ${logFile})`,
            tail(logFile),
          );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    get hasEnded() {
      return hasExited;
    },
    async stop(signal, forceAfterMs) {
      if (hasExited) return;
      child.kill(signal);
      const force = setTimeout(() => child.kill('SIGKILL'), forceAfterMs);
      await exited;
      clearTimeout(force);
    },
  };
}

/** Whether a TCP port accepts connections. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

/** A Node process of ours, running TypeScript through tsx. */
export function nodeChild(root: string, script: string, options: Omit<ChildOptions, 'command' | 'args'>): Child {
  return startChild({
    ...options,
    command: process.execPath,
    args: ['--enable-source-maps', '--import', 'tsx', join(root, script)],
    cwd: root,
  });
}
