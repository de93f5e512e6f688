import { readFileSync } from 'node:fs';
import type { Env } from '../config/env';
import { required } from '../config/required';
import { createVault, type Vault } from './party/vault';

/** The vault with the master key that the environment names. */
export function openVault(env: Env): Vault {
  return createVault(Buffer.from(readFileSync(required(env, 'LOANLOOM_KEY_FILE'), 'utf8').trim(), 'hex'));
}
