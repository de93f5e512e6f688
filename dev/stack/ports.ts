import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { StackFault } from '../../ops/fault';

const LOWEST = 15_000;
const EPHEMERAL_FROM = 32_768;
const TRIES = 200;
const given = new Set<number>();

/** The first port that the kernel gives to outgoing connections: from there on a port that was free may be taken at any moment. */
function ephemeralFrom(): number {
  try {
    const from = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
    return from > LOWEST + TRIES ? from : EPHEMERAL_FROM;
  } catch {
    return EPHEMERAL_FROM;
  }
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

/** A port on which nothing listens, that the kernel gives to no outgoing connection, and that this process has not got before. */
export async function freePort(): Promise<number> {
  const to = ephemeralFrom();
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(LOWEST, to);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new StackFault(`no free port between ${String(LOWEST)} and ${String(to)}: stop what listens there`);
}

/** Throws one sentence when something else listens on the port. */
export async function assertPortFree(port: number, what: string, flag: string): Promise<void> {
  if (await isFree(port)) return;
  throw new StackFault(
    `port ${String(port)}, which the ${what} needs, is in use: stop what listens there or choose another with ${flag} <port>`,
  );
}
