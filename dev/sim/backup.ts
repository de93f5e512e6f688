import { guardAfterRestore } from '../../services/payment/restore-guard';
import { businessNow, clockOffsetMs, setClockOffset } from '../../db/clock';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import { composeDeps } from '../../workers/compose';
import { createLog } from '../../config/log';
import { repair } from '../../ops/audit/doctor';
import { startAgainOnce, knowsBy } from '../../ops/restore-workflows';
import { engageOperators } from './operators';
import type { SimWorld } from './world';
import { keys } from '../../domain/keys';
import { raiseRestoreEpochOutside } from '../../config/restore-epoch';
import { withClient } from '../../db/owner';

const OPERATOR = keys.operator('li');
const COPY = 'loanloom_backup';
const GUARD_MS = 240_000;
const PATIENCE_MS = 5_000;

/** A copy of the whole database, as a template copies it: nobody may be connected meanwhile. */
async function copyDatabase(world: SimWorld, from: string, to: string): Promise<void> {
  const admin = new URL(world.attached.env.DATABASE_OWNER_URL ?? '');
  admin.pathname = '/postgres';
  await withClient(admin.href, async (client) => {
    for (const name of [from, to]) {
      const known = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (known.rowCount === 0) continue;
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    }
    await client.query(`DROP DATABASE IF EXISTS ${to} WITH (FORCE)`);
    // By pages, a copied sequence believes that its next values are logged: after a crash it gives them out again.
    await client.query(`CREATE DATABASE ${to} TEMPLATE ${from} STRATEGY file_copy`);
    for (const name of [from, to]) await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  });
}

const nameOf = (world: SimWorld) => new URL(world.attached.env.DATABASE_OWNER_URL ?? '').pathname.slice(1);

/** Takes a backup; returns its moment. */
export async function backUp(world: SimWorld): Promise<Instant> {
  const { now } = await businessNow(world.attached.db);
  await copyDatabase(world, nameOf(world), COPY);
  return now;
}

/**
 * The disaster and its runbook: everything that happened since the backup is lost to the database and to nobody else.
 * Real time does not go back with a database, so the sandbox's clock, which stands for it, goes on.
 */
export async function restore(world: SimWorld, takenAt: Instant): Promise<void> {
  const { attached } = world;
  const offset = await clockOffsetMs(attached.db);
  await world.without(['worker', 'api'], async () => {
    await copyDatabase(world, COPY, nameOf(world));
    await setClockOffset(attached.db, offset);
    await raiseRestoreEpochOutside(attached.env);
    await engageOperators(attached);
  });
  world.restores += 1;
  world.unclearedSince = takenAt;
  const begun = { epoch: await attached.restoreEpoch(), actor: OPERATOR };
  for (const workflowId of (await startAgainOnce(attached.db, attached.client, begun)) ?? []) world.lost.add(workflowId);
  await clearRestore(world, takenAt, PATIENCE_MS);
}

/** Runs the guard until it lets payments move again, or a payment is open at its channel, whose time has to come first. */
async function clearRestore(world: SimWorld, takenAt: Instant, patienceMs: number): Promise<void> {
  const { client } = world.attached;
  const deps = composeDeps(world.attached.env, createLog('restore-guard', 'silent'));
  try {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const { now } = await businessNow(deps.db);
      const signal = AbortSignal.timeout(GUARD_MS);
      const input = { restoredTo: businessDateOf(takenAt), now, actor: OPERATOR, signal, knows: knowsBy(client) };
      const { unresolved } = await guardAfterRestore(deps, input);
      if (unresolved.length === 0) {
        await repair(deps.db, client);
        world.unclearedSince = undefined;
        return;
      }
      if (Date.now() > deadline) return;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  } finally {
    await deps.db.destroy();
  }
}

/** The operator tries once more, as long as the guard has not cleared the database. */
export async function tryToClear(world: SimWorld): Promise<void> {
  if (world.unclearedSince !== undefined) await clearRestore(world, world.unclearedSince, 0);
}
