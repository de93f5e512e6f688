import { businessDateOf, instant, type BusinessDate, type Instant } from '../domain/dates';
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
