import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Attached } from '../ops/attach';
import { findBinary, TEMPORAL_CLI } from './stack/temporal-binaries';

const run = promisify(execFile);
const FOLDER = resolve(__dirname, '../test/histories');
const PER_TYPE = 6;
const EVENTS_MIN = 4;

interface Recording {
  /** Only of these types; by default of every type. */
  readonly types?: readonly string[];
}

/** Saves histories of a stack's workflows as golden files for the replay gate. Returns how many of each type. */
export async function saveHistories(attached: Attached, { types }: Recording = {}): Promise<ReadonlyMap<string, number>> {
  mkdirSync(FOLDER, { recursive: true });
  const cli = await findBinary(TEMPORAL_CLI);
  const taken = new Map<string, number>();
  for await (const workflow of attached.client.workflow.list()) {
    const count = taken.get(workflow.type) ?? 0;
    if (count >= PER_TYPE || workflow.historyLength < EVENTS_MIN || (types && !types.includes(workflow.type))) continue;
    const selection = ['--workflow-id', workflow.workflowId, '--run-id', workflow.runId, '--address', attached.env.TEMPORAL_ADDRESS ?? ''];
    const { stdout } = await run(cli, ['workflow', 'show', ...selection, '--output', 'json'], { maxBuffer: 2 ** 26 });
    // The recording machine's name is no part of a history's meaning.
    writeFileSync(join(FOLDER, `${workflow.type}.${String(count + 1)}.json`), stdout.replaceAll(/"(\d+)@[\w.-]+"/g, '"$1@recorder"'));
    taken.set(workflow.type, count + 1);
  }
  return taken;
}
