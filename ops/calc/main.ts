import { readFileSync } from 'node:fs';
import { LoanloomError } from '../../domain/errors';
import { VERBS } from './verbs';

/**
 * The loan engine's own door: `npm run -s calc -- <verb>` reads one JSON value and writes one. An array
 * is answered element by element; a bad input gives `{"error":{code,message,path}}` in its place. Exit
 * status 2 for a single bad input, 64 for a wrong command line or for what is not JSON.
 */
function answer(verb: (input: unknown) => unknown, input: unknown): unknown {
  try {
    return verb(input);
  } catch (error) {
    if (!(error instanceof LoanloomError)) throw error;
    return { error: { code: error.code, message: error.message, path: error.details.path ?? '' } };
  }
}

const isFault = (output: unknown): boolean => typeof output === 'object' && output !== null && 'error' in output;

function main(): void {
  const [name = '', ...more] = process.argv.slice(2);
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined || more.length > 0) {
    process.stderr.write(`usage: npm run -s calc -- <verb> < input.json\nverbs: ${Object.keys(VERBS).join(', ')}\n`);
    process.exitCode = 64;
    return;
  }
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(0, 'utf8'));
  } catch {
    process.stdout.write(`${JSON.stringify({ error: { code: 'VALIDATION', message: 'standard input is not JSON', path: '' } })}\n`);
    process.exitCode = 2;
    return;
  }
  const output = Array.isArray(input) ? input.map((each: unknown) => answer(verb, each)) : answer(verb, input);
  process.stdout.write(`${JSON.stringify(output)}\n`);
  if (isFault(output)) process.exitCode = 2;
}

main();
