import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { readRestoreEpoch } from '../config/restore-epoch';
import { readEnv, type Env } from '../config/env';
import { createDb, PATIENCE, type Db } from '../db/pool';
import { StackFault } from './fault';
import { isAlive, readRecord, type StackRecord } from './record';
import { connectedClient } from '../temporal/client';

/** A running stack that a command works on. */
export interface Attached {
  readonly env: Env;
  readonly db: Db;
  readonly client: Client;
  readonly tokenSecret: Uint8Array;
  /** Folder with the private keys of the operators who work on this machine. */
  readonly operatorKeys: string;
  /** The restore epoch that is kept outside the database. */
  readonly restoreEpoch: () => Promise<number>;
  readonly apiUrl: string;
  readonly record: StackRecord | undefined;
  close(): Promise<void>;
}

export function runningRecord(dataDir: string): StackRecord | undefined {
  const record = readRecord(resolve(dataDir));
  return record && isAlive(record.supervisor) ? record : undefined;
}

/** Where this machine keeps its operators' private keys. */
export const operatorKeysOf = (dataDir: string, env: Env = readEnv()): string =>
  resolve(env.LOANLOOM_OPERATOR_KEYS_DIR ?? join(dataDir, 'operators'));

/** Attaches to the stack of a data folder, or to the one that the environment names (TEMPORAL_ADDRESS, DATABASE_URL). */
export async function attach(dataDir = readEnv().LOANLOOM_DATA_DIR): Promise<Attached> {
  const record = runningRecord(dataDir);
  const env = readEnv(record ? { ...process.env, ...record.env } : process.env);
  if (!record && (env.DATABASE_URL === undefined || env.TEMPORAL_ADDRESS === undefined)) {
    throw new StackFault(
      `no stack runs in ${resolve(dataDir)}: start one with "npm start", or name another with --data or DATABASE_URL and TEMPORAL_ADDRESS`,
    );
  }
  const client = await connectedClient(env).catch((error: unknown) => {
    const dead = (record?.children ?? []).filter((child) => !isAlive(child)).map((child) => child.name);
    if (dead.length === 0) throw error;
    throw new StackFault(
      `${dead.join(' and ')} of the stack in ${resolve(dataDir)} does not run: see ${resolve(dataDir)}/logs; Ctrl-C and "npm start" bring everything back`,
    );
  });
  const db = createDb(env.DATABASE_URL ?? '', 4, PATIENCE.batches);
  return {
    env,
    db,
    client,
    tokenSecret: env.LOANLOOM_TOKEN_SECRET_FILE === undefined ? new Uint8Array() : readFileSync(env.LOANLOOM_TOKEN_SECRET_FILE),
    operatorKeys: operatorKeysOf(dataDir, env),
    restoreEpoch: () => readRestoreEpoch(env),
    apiUrl: record?.apiUrl ?? `http://${env.API_HOST}:${String(env.API_PORT)}`,
    record,
    close: async () => {
      await db.destroy();
      await client.connection.close();
    },
  };
}
