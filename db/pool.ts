import knexFactory, { type Knex } from 'knex';
import { types } from 'pg';
import { LoanloomError } from '../domain/errors';

/** DATE stays the text that it is: a business date has no zone, and pg would make it a local midnight. */
types.setTypeParser(types.builtins.DATE, (text) => text);

/** int8 becomes a number only while that is exact; every amount column is checked far below 2^53. */
types.setTypeParser(types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new LoanloomError('INTERNAL', 'a bigint column holds a value beyond the safe integer range');
  return value;
});

export type Db = Knex;
export type Tx = Knex.Transaction;

/**
 * How long the database may take over one statement, and wait for a lock, in milliseconds. `requests` ends before the
 * step that waits for it does (10 s), so that a step given up leaves no statement behind; `batches` is for what reads
 * or writes whole days; `migrations` waits for nothing but its locks.
 */
export const PATIENCE = {
  requests: { statementMs: 8_000, lockMs: 5_000 },
  batches: { statementMs: 600_000, lockMs: 30_000 },
  migrations: { statementMs: 0, lockMs: 0 },
} as const;

/** One pool per process. `max` connections; an acquire that waits 10 s fails instead of queueing forever. */
export function createDb(url: string, max = 10, patience: { statementMs: number; lockMs: number } = PATIENCE.requests): Db {
  const timeouts = { statement_timeout: patience.statementMs, lock_timeout: patience.lockMs };
  // lock_timeout is pg's own setting; knex passes it on without knowing it.
  const connection: Knex.PgConnectionConfig = { connectionString: url, application_name: 'loanloom', keepAlive: true, ...timeouts };
  return knexFactory({
    client: 'pg',
    connection,
    pool: { min: 0, max },
    acquireConnectionTimeout: 10_000,
    // Faults reach the caller as errors; knex's own lines on standard output would be neither structured nor cleaned.
    log: { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined },
  });
}

/** Connections and resources (08, 53, 57P0x; 55000 = not accepting connections for the moment), a statement or lock that took too long (57014, 55P03), a race that the database broke off (40001, 40P01). */
const PASSING = /^(08|53|55000|57P0|57014|55P03|40001|40P01)/;

/** True when the database could not be reached, stopped under us, or had no time: worth a retry, nothing was refused. */
export function isConnectionFault(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (PASSING.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code)) return true;
  const message = error instanceof Error ? error.message : '';
  return (
    message.includes('Connection terminated') || message.includes('Timeout acquiring a connection') || message.includes('Connection ended')
  );
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== '23505') return false;
  return constraint === undefined || ('constraint' in error && error.constraint === constraint);
}

/** Whether the database refused the data itself (SQLSTATE classes 22 and 23): the same data would be refused again. */
export function isDataRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && /^2[23][0-9A-Z]{3}$/.test(String(error.code));
}

/** Whether the error is one of our own triggers' refusals (see migrations). */
export function isGuardViolation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('LL00');
}
