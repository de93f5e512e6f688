import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything of a running stack is: written at start, read by the CLI and by the next start. */
export interface StackRecord {
  readonly supervisor: ProcessMark;
  readonly children: readonly ProcessMark[];
  /** The environment of the stack's own processes, for the CLI to attach. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiUrl: string;
  readonly mailUrl: string;
  readonly webUiUrl: string;
  readonly simulatorUrl: string;
}

/** A process by id and command line: an id alone may belong to someone else by now. */
export interface ProcessMark {
  readonly pid: number;
  readonly name: string;
  readonly commandLine: string;
}

const fileIn = (dataDir: string) => join(dataDir, 'stack.json');

export function markOf(pid: number, name: string): ProcessMark {
  return { pid, name, commandLine: commandLineOf(pid) };
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

export function isAlive(mark: ProcessMark): boolean {
  return mark.commandLine !== '' && commandLineOf(mark.pid) === mark.commandLine;
}

export function readRecord(dataDir: string): StackRecord | undefined {
  const file = fileIn(dataDir);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StackRecord;
  } catch {
    return undefined;
  }
}

export async function writeRecord(dataDir: string, record: StackRecord): Promise<void> {
  await writeFile(fileIn(dataDir), JSON.stringify(record, null, 2), { mode: 0o600 });
}

export async function removeRecord(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}

/** Ends what an earlier run left behind when its supervisor was killed; only processes that are provably its own. */
export async function endLeftovers(record: StackRecord, progress: (line: string) => void): Promise<void> {
  for (const mark of record.children.filter(isAlive)) {
    progress(`ending ${mark.name} of an earlier run (pid ${String(mark.pid)})`);
    process.kill(mark.pid, mark.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
    for (let waited = 0; isAlive(mark) && waited < 8_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    if (isAlive(mark)) process.kill(mark.pid, 'SIGKILL');
  }
}
