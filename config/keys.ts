import { readFile } from 'node:fs/promises';
import type { Env } from './env';
import { required } from './required';

/** Which keeper of keys the environment names, and how it is reached. */
export function keySettings(env: Env) {
  const remote = { prefix: env.LOANLOOM_KEYS_PREFIX, timeoutMs: env.LOANLOOM_KEYS_TIMEOUT_MS };
  switch (env.LOANLOOM_KEYS) {
    case 'file':
      return { kind: 'file', file: required(env, 'LOANLOOM_KEY_FILE') } as const;
    case 'openbao': {
      const tokenFile = required(env, 'LOANLOOM_OPENBAO_TOKEN_FILE');
      const token = async () => (await readFile(tokenFile, 'utf8')).trim();
      return { kind: 'openbao', url: required(env, 'LOANLOOM_OPENBAO_URL'), token, ...remote } as const;
    }
    case 'aws-kms': {
      const { LOANLOOM_KMS_REGION: region, LOANLOOM_KMS_URL: endpoint } = env;
      const client = { ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) };
      return { kind: 'aws-kms', client, ...remote } as const;
    }
  }
}
