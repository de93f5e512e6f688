import { attach } from '../ops/attach';
import { saveHistories } from './histories';

/** `npm run demo -- --keep --term 5`, then this with its data folder: the golden histories of the loans' workflows, anew. */
async function main(): Promise<void> {
  const attached = await attach(process.argv[2]);
  for (const [type, count] of await saveHistories(attached)) process.stdout.write(`${type}: ${String(count)} histories\n`);
  await attached.close();
}

void main();
