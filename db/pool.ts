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

/** One pool per process. `max` connections; an acquire that waits 10 s fails instead of queueing forever. */
export function createDb(url: string, max = 10): Db {
  return knexFactory({
    client: 'pg',
    connection: { connectionString: url, application_name: 'loanloom', keepAlive: true },
    pool: { min: 0, max },
    acquireConnectionTimeout: 10_000,
    // Faults reach the caller as errors; knex's own lines on standard output would be neither structured nor cleaned.
    log: { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined },
  });
}

const CONNECTION_LOST = /^(08|57P0|53)/;

/** True when the database could not be reached or stopped under us: worth a retry, nothing was refused. */
export function isConnectionFault(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (CONNECTION_LOST.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code)) return true;
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
