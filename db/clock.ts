import { businessDateOf, instant, type BusinessDate, type Instant } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import type { Db, Tx } from './pool';

/** How far business time is ahead of the wall clock, in ms; 0 outside the sandbox. */
export async function clockOffsetMs(db: Db | Tx): Promise<number> {
  const row = await db('sandbox_clock').where({ id: 1 }).first<{ offset_ms: number } | undefined>('offset_ms');
  return row?.offset_ms ?? 0;
}

/** Business time now: the wall clock plus the sandbox's offset. */
export async function businessNow(db: Db | Tx): Promise<{ now: Instant; today: BusinessDate }> {
  const now = instant(Date.now() + (await clockOffsetMs(db)));
  return { now, today: businessDateOf(now) };
}

/** Moves the clock forward; it never goes back. */
export async function setClockOffset(db: Db, offsetMs: number): Promise<void> {
  await db('sandbox_clock')
    .insert({ id: 1, offset_ms: offsetMs })
    .onConflict('id')
    .merge({ offset_ms: db.raw('greatest(sandbox_clock.offset_ms, excluded.offset_ms)'), moved_at: db.fn.now() });
}

const MOVING_CLOCK = 20_261_124;

/** Runs while nobody else moves the clock, in this or another process: UNAVAILABLE where somebody does. The lock goes with its holder. */
export async function whileHoldingClock<T>(db: Db, work: () => Promise<T>): Promise<T> {
  const client = db.client as { acquireConnection(): Promise<unknown>; releaseConnection(connection: unknown): Promise<void> };
  const connection = await client.acquireConnection();
  const ask = (statement: string) =>
    db.raw<{ rows: { is: boolean }[] }>(`SELECT ${statement}(?) AS is`, [MOVING_CLOCK]).connection(connection);
  try {
    const { rows } = await ask('pg_try_advisory_lock');
    if (rows[0]?.is !== true) throw new LoanloomError('UNAVAILABLE', 'somebody else is moving the clock: try again when that is done');
    try {
      return await work();
    } finally {
      await ask('pg_advisory_unlock').catch(() => undefined);
    }
  } finally {
    await client.releaseConnection(connection);
  }
}
