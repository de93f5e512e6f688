import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LoanloomError } from '../../domain/errors';
import { ROOT } from '../stack/stack';

const execute = promisify(execFile);
const FOLDER = join(ROOT, 'test/mutants');

/** A bug planted on purpose, and what has to be said about it. The patch's first lines name both; the script beside it brings it out. */
export interface Mutant {
  readonly name: string;
  readonly invariant: string;
  /** The steps that bring it out, which stay the same when the generator of scripts changes. */
  readonly script: string;
}

async function readMutant(name: string): Promise<Mutant> {
  const text = await readFile(join(FOLDER, `${name}.patch`), 'utf8').catch(() => {
    throw new LoanloomError('VALIDATION', `there is no mutant ${name}: test/mutants holds them`, { path: 'mutant' });
  });
  const header = (field: string) => new RegExp(`^${field}: (.+)$`, 'm').exec(text)?.[1] ?? '';
  return { name, invariant: header('Invariant'), script: join('test/mutants', `${name}.json`) };
}

export async function mutantNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith('.patch'))
    .map((file) => file.slice(0, -'.patch'.length))
    .sort();
}

/** A copy of the tracked sources with the bug in it; dependencies and caches are shared. */
async function plant(mutant: Mutant): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `loanloom-mutant-${mutant.name}-`));
  // The copy's database runs as another user, who has to get in.
  await chmod(folder, 0o755);
  const { stdout } = await execute('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, maxBuffer: 1e8 });
  for (const file of stdout.split('\0')) {
    if (file === '' || file.startsWith('test/histories/')) continue;
    await cp(join(ROOT, file), join(folder, file)).catch(() => undefined);
  }
  for (const shared of ['node_modules', '.cache']) await symlink(join(ROOT, shared), join(folder, shared)).catch(() => undefined);
  await execute('git', ['apply', '--unsafe-paths', `--directory=${folder}`, join(FOLDER, `${mutant.name}.patch`)], { cwd: '/' });
  return folder;
}

export interface MutantResult {
  readonly mutant: Mutant;
  readonly isFound: boolean;
  readonly output: string;
}

/** Runs the simulation on the planted copy: found when it fails, and with the expected invariant's name. */
export async function hunt(name: string, print: (text: string) => void): Promise<MutantResult> {
  const mutant = await readMutant(name);
  const folder = await plant(mutant);
  try {
    const args = ['--import', 'tsx', 'dev/sim/main.ts', '--seed', '1', '--script', mutant.script, '--no-shrink', '--patience', '8'];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        print(chunk.toString());
      });
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const isFound = status === 1 && new RegExp(`^BROKEN ${mutant.invariant} `, 'm').test(output);
    return { mutant, isFound, output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
