import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { attach } from './attach';
import { findTemporalBinary, TEMPORAL_CLI } from './stack/temporal-binaries';

const run = promisify(execFile);
const FOLDER = resolve(__dirname, '../test/histories');
const PER_TYPE = 6;
const EVENTS_MIN = 4;

/** Saves histories of a demo's workflows as golden files for the replay gate: `npm run demo -- --keep --term 5`, then this with its data folder. */
async function main(): Promise<void> {
  const attached = await attach(process.argv[2]);
  mkdirSync(FOLDER, { recursive: true });
  for (const file of readdirSync(FOLDER)) if (file.endsWith('.json')) rmSync(join(FOLDER, file));
  const cli = await findTemporalBinary(TEMPORAL_CLI);
  const taken = new Map<string, number>();
  for await (const workflow of attached.client.workflow.list()) {
    const count = taken.get(workflow.type) ?? 0;
    if (count >= PER_TYPE || workflow.historyLength < EVENTS_MIN) continue;
    const selection = ['--workflow-id', workflow.workflowId, '--run-id', workflow.runId, '--address', attached.env.TEMPORAL_ADDRESS ?? ''];
    const { stdout } = await run(cli, ['workflow', 'show', ...selection, '--output', 'json'], { maxBuffer: 2 ** 26 });
    // The recording machine's name is no part of a history's meaning.
    writeFileSync(join(FOLDER, `${workflow.type}.${String(count + 1)}.json`), stdout.replaceAll(/"(\d+)@[\w.-]+"/g, '"$1@recorder"'));
    taken.set(workflow.type, count + 1);
  }
  for (const [type, count] of taken) process.stdout.write(`${type}: ${String(count)} histories\n`);
  await attached.close();
}

void main();
