import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Db } from '../db/pool';
import { LoanloomError } from '../domain/errors';

/** Requests a minute of real time and, for persons, route. A page that waits asks ten times a second; one address may be a proxy that stands for everybody. */
export const PER_MINUTE = { writesPerPerson: 120, readsPerPerson: 1_200, requestsPerAddress: 12_000, refusedPerAddress: 120 } as const;

export interface Limits {
  /** Counts a request of an address, before anything else is done for it. RATE_LIMITED beyond the limit. */
  byAddress(address: string): Promise<void>;
  /** Counts a request that was refused as nobody's, so that tokens and signatures cannot be guessed. RATE_LIMITED beyond the limit. */
  refused(address: string): Promise<void>;
  /** Counts a request of a person on a route. RATE_LIMITED beyond the limit. */
  byPerson(person: string, route: string, isWrite: boolean): Promise<void>;
}

/** No address and no person stands in the table: only what cannot be turned back into them. */
const keyOf = (...parts: string[]) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

async function spend(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (spent) {
    if (!(spent instanceof RateLimiterRes)) throw spent;
    const seconds = Math.max(1, Math.ceil(spent.msBeforeNext / 1_000));
    throw new LoanloomError('RATE_LIMITED', `too many requests: try again in ${String(seconds)} s`, { retryAfterSeconds: seconds });
  }
}

/**
 * Limits per person, route and address. Writes are counted in Postgres, so that every process of the API counts
 * together and a restart forgets nothing; reads and addresses in the process's memory.
 */
export function createLimits(db: Db, perMinute: Readonly<Record<keyof typeof PER_MINUTE, number>> = PER_MINUTE): Limits {
  const minute = { duration: 60 };
  const writes = new RateLimiterPostgres({
    ...minute,
    storeClient: db,
    storeType: 'knex',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: 'write',
    points: perMinute.writesPerPerson,
  });
  const reads = new RateLimiterMemory({ ...minute, keyPrefix: 'read', points: perMinute.readsPerPerson });
  const addresses = new RateLimiterMemory({ ...minute, keyPrefix: 'address', points: perMinute.requestsPerAddress });
  const refusals = new RateLimiterMemory({ ...minute, keyPrefix: 'refused', points: perMinute.refusedPerAddress });
  return {
    byAddress: (address) => spend(addresses, address),
    refused: (address) => spend(refusals, address),
    byPerson: (person, route, isWrite) => spend(isWrite ? writes : reads, keyOf(person, route)),
  };
}
