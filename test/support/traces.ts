import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { createDb } from '../../db/pool';

/** One place where something of a person may have been left. */
export interface Place {
  readonly name: string;
  readonly content: string;
}

/** A text as it may stand in a store: plain, as the bytes of a column, in Base64 (each of its three alignments), or escaped. */
function disguises(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const inBase64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : shift + 1)
      .replace(/.?=*$/, ''),
  );
  const escaped = JSON.stringify(secret).slice(1, -1);
  const asUnicode = Array.from(secret, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join('');
  return [...new Set([secret, bytes.toString('hex'), ...inBase64, escaped, asUnicode, encodeURIComponent(secret)])];
}

/** Where a secret stands, by the place's name. */
export function findTraces(secret: string, places: readonly Place[]): string[] {
  const wanted = disguises(secret).map((each) => each.toLowerCase());
  return places.filter(({ content }) => wanted.some((each) => content.toLowerCase().includes(each))).map(({ name }) => name);
}

/** Every row of every table, as text. */
export async function tablesOf(ownerUrl: string): Promise<Place[]> {
  const owner = createDb(ownerUrl, 1);
  const { rows } = await owner.raw<{ rows: { schemaname: string; tablename: string }[] }>(
    `SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
  );
  const places: Place[] = [];
  for (const { schemaname, tablename } of rows) {
    const { rows: lines } = await owner.raw<{ rows: { line: string }[] }>(`SELECT t::text AS line FROM ??.?? t`, [schemaname, tablename]);
    places.push({ name: `table ${tablename}`, content: lines.map(({ line }) => line).join('\n') });
  }
  await owner.destroy();
  return places;
}

/** Every workflow: its id, memo and search attributes, and its history with every payload opened. */
export async function workflowsOf(client: Client): Promise<Place[]> {
  const places: Place[] = [];
  for await (const workflow of client.workflow.list()) {
    const { workflowId, runId, memo, typedSearchAttributes, raw } = workflow;
    const history = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
    const opened = [...history.matchAll(/"data":\s*"([A-Za-z0-9+/=]+)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString('utf8'),
    );
    const listed = JSON.stringify([workflowId, memo, typedSearchAttributes, raw], (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    places.push({ name: `history ${workflowId}`, content: [listed, history, ...opened].join('\n') });
  }
  return places;
}

/** Every file below a folder, but for those named. */
export async function filesOf(folder: string, isLeftOut: (path: string) => boolean): Promise<Place[]> {
  const places: Place[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || isLeftOut(path.slice(folder.length + 1))) continue;
    places.push({ name: `file ${path.slice(folder.length + 1)}`, content: (await readFile(path)).toString('utf8') });
  }
  return places;
}
