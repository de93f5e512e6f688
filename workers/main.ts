import { NativeConnection, Runtime } from '@temporalio/worker';
import { readEnv } from '../config/env';
import { ensureChannelAccounts } from '../db/ledger/journal';
import { workflowBundle } from './bundle';
import { createDb, PATIENCE } from '../db/pool';
import { composeDeps } from './compose';
import { startFleet } from './fleet';
import { createLog } from '../config/log';
import { startRelay } from './relay';
import { assertKeys } from '../services/party/key-check';
import { lazyClient, temporalConnection } from '../temporal/client';
import { required } from '../config/required';
import { CHANNEL_NAMES } from '../channels/names';

/** The worker process: every task queue and the relay. SIGTERM lets running work finish. */
async function main(): Promise<void> {
  const env = readEnv();
  const log = createLog('worker', env.LOG_LEVEL);
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message) => {
        if (level === 'WARN' || level === 'ERROR') log.warn({ level }, message);
      },
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => {
        log.warn({}, message);
      },
      error: (message) => {
        log.error({}, message);
      },
    },
  });
  const deps = composeDeps(env, log);
  await assertKeys(deps);
  await ensureChannelAccounts(deps.db, CHANNEL_NAMES);
  const batchDb = createDb(required(env, 'DATABASE_URL'), 4, PATIENCE.batches);
  const connection = await NativeConnection.connect(temporalConnection(env));
  const fleet = await startFleet({
    connection,
    namespace: env.TEMPORAL_NAMESPACE,
    deps,
    batchDb,
    bundle: await workflowBundle(env.LOANLOOM_CACHE_DIR),
    stickyTimeoutMs: env.WORKER_STICKY_TIMEOUT_MS,
  });
  const relay = startRelay(deps, lazyClient(env), env.ALARM_MAIL_TO);
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    fleet.shutdown();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', () => undefined);
  process.stdout.write('worker ready\n');
  await fleet.running;
  await relay.stop();
  await connection.close();
  await Promise.all([deps.db.destroy(), batchDb.destroy()]);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`the worker cannot run: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
