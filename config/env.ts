import { z } from 'zod';

/**
 * The only reader of process.env. Every variable that Loanloom knows, with its default and meaning;
 * all faults are reported at once. `npx loan config` prints this table.
 */
const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const schema = z.object({
  LOANLOOM_PROFILE: z
    .enum(['local', 'test', 'compose', 'cluster'])
    .default('local')
    .describe('which of the four profiles of docs/profiles.md this process runs in'),
  LOANLOOM_DATA_DIR: z.string().default('.data').describe('where the local stack keeps its state'),
  LOANLOOM_CACHE_DIR: z.string().optional().describe('where downloaded Temporal binaries are kept (default: .cache in the project)'),
  DATABASE_URL: z.string().optional().describe('Postgres as the application role'),
  DATABASE_OWNER_URL: z.string().optional().describe('Postgres as the schema owner, for migrations only'),
  TEMPORAL_ADDRESS: z.string().optional().describe('host:port of a running Temporal server'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace'),
  TEMPORAL_API_KEY: z.string().optional().describe('Temporal Cloud API key; turns TLS on'),
  TEMPORAL_TLS_CERT_FILE: z.string().optional().describe('client certificate for mTLS to Temporal'),
  TEMPORAL_TLS_KEY_FILE: z.string().optional().describe('key of that certificate'),
  LOANLOOM_KEYS: z.enum(['file', 'openbao', 'aws-kms']).default('file').describe('who keeps the keys that the database must not hold'),
  LOANLOOM_KEY_FILE: z
    .string()
    .optional()
    .describe('key ring (*.json), or a master key of before, for LOANLOOM_KEYS=file (outside the database and its backups, mode 0600)'),
  LOANLOOM_OPENBAO_URL: z.string().optional().describe('OpenBao or Vault, whose Transit engine keeps the keys'),
  LOANLOOM_OPENBAO_TOKEN_FILE: z.string().optional().describe('file with our token there; read again each time'),
  LOANLOOM_KMS_REGION: z
    .string()
    .optional()
    .describe('region of AWS KMS (default, as for credentials: what the AWS client finds by itself)'),
  LOANLOOM_KMS_URL: z.string().optional().describe('endpoint of AWS KMS, where it is not the region’s own'),
  LOANLOOM_KEYS_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('loanloom')
    .describe('before each key’s name in OpenBao or KMS'),
  LOANLOOM_KEYS_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(50)
    .max(5_000)
    .default(2_000)
    .describe('how long OpenBao or KMS may take to answer before what needs the key waits'),
  LOANLOOM_RESTORE_EPOCH_FILE: z
    .string()
    .optional()
    .describe('file with the restore epoch, outside the database and its backups (default: restore-epoch beside the key file)'),
  LOANLOOM_TOKEN_SECRET_FILE: z.string().optional().describe('file with the secret that signs borrowers’ bearer tokens'),
  LOANLOOM_OPERATOR_KEYS_DIR: z
    .string()
    .optional()
    .describe('folder with the private keys of the operators who work on this machine (default: operators in the data folder)'),
  LOANLOOM_SANDBOX: flag.default(false).describe('allow the sandbox clock to move business time; never in production'),
  LOANLOOM_RATE_LIMITS: flag
    .default(true)
    .describe('limit requests per person, route and address; off only where a simulation plays everybody'),
  API_HOST: z.string().default('127.0.0.1').describe('address the API listens on; other than loopback only with TLS'),
  API_PORT: port.default(8080).describe('port of the API'),
  METRICS_TOKEN_FILE: z.string().optional().describe('file with the token that /metrics asks for (default: loopback only, without one)'),
  API_TLS_CERT_FILE: z.string().optional().describe('certificate chain of the API'),
  API_TLS_KEY_FILE: z.string().optional().describe('key of that certificate'),
  CHANNELS_URL: z.string().default('http://127.0.0.1:8091').describe('base URL of the payment channels (the simulator in the local stack)'),
  LOANLOOM_TOMBSTONES_FILE: z
    .string()
    .optional()
    .describe('who was forgotten, outside the database and its backups; beside the key file where it is not set'),
  IDENTITY_URL: z
    .string()
    .default('http://127.0.0.1:8091/identity')
    .describe('base URL of the identity sources (the simulator in the local stack)'),
  SIGNATURE_URL: z
    .string()
    .default('http://127.0.0.1:8091/ca')
    .describe('base URL of the certificate authority and its time stamps (the simulator in the local stack)'),
  SIGNATURE_ROOTS_FILE: z.string().optional().describe('PEM file with the root certificates that signatures are trusted by'),
  CHANNEL_SECRETS_FILE: z.string().optional().describe('JSON file: channel name to request-signing secret'),
  CHANNEL_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(50)
    .max(120_000)
    .default(5_000)
    .describe('how long a channel may take to answer before its outcome is UNKNOWN'),
  WORKER_STICKY_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(2_000)
    .describe('how long each loan that a crashed worker had in memory waits once before another worker takes it over'),
  SIMULATOR_HOST: z.string().default('127.0.0.1').describe('address the simulated banks listen on'),
  SIMULATOR_PORT: port.default(8091).describe('port of the simulated banks'),
  SIMULATOR_REGISTER_FILE: z
    .string()
    .optional()
    .describe('file in which the simulated identity sources keep their register (default: memory)'),
  SIMULATOR_AUTHORITY_FILE: z
    .string()
    .optional()
    .describe('file in which the simulated certificate authority keeps its keys (default: memory)'),
  SIMULATOR_ROOT_FILE: z.string().optional().describe('file to which the simulated certificate authority writes its root certificate'),
  SIMULATOR_BOOKS_FILE: z.string().optional().describe('file in which the simulated banks keep their books (default: memory)'),
  SIMULATOR_WEBHOOK_URL: z.string().optional().describe('where the simulated wallet sends its webhooks'),
  SMTP_URL: z.string().default('smtp://127.0.0.1:8025').describe('mail server'),
  ALARM_MAIL_TO: z.string().default('operations@loanloom.invalid').describe('who gets alarms: breaks, overdue cases'),
  MAIL_FROM: z.string().default('Loanloom <no-reply@loanloom.invalid>').describe('sender of mail to borrowers'),
  WEB_UI_URL: z.string().default('http://127.0.0.1:8233').describe('Temporal Web UI, for links'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('least severe log line that is written'),
});

export type Env = z.output<typeof schema>;

/** Reads and checks the environment; throws one sentence that lists every fault. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`the environment is not usable: ${faults}. "npx loan config" lists every variable.`);
}

/** Name, default and meaning of every variable. */
export function describeEnv(): { name: string; meaning: string }[] {
  return Object.entries(schema.shape).map(([name, field]) => ({ name, meaning: field.description ?? '' }));
}

/** The environment for a child process: ours plus what it is given. */
export function childEnv(extra: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}
