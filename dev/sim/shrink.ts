import { run } from './run';
import type { Action } from './script';

export interface ShrinkOptions {
  readonly seed: number;
  readonly invariant: string;
  readonly secondsMax: number;
  readonly patienceMs: number;
  readonly progress: (line: string) => void;
}

/**
 * The shortest script found, within the time, that still breaks the same invariant: ever smaller parts are
 * left out as long as the rest fails (Zeller's delta debugging).
 */
export async function shrink(failing: readonly Action[], options: ShrinkOptions): Promise<readonly Action[]> {
  const deadline = Date.now() + options.secondsMax * 1_000;
  const stillFails = async (script: readonly Action[]) => {
    const result = await run({ seed: options.seed, script, progress: () => undefined, patienceMs: options.patienceMs });
    return result.violations.some((violation) => violation.invariant === options.invariant);
  };
  let script = [...failing];
  for (let parts = 2; parts <= script.length && Date.now() < deadline;) {
    const size = Math.ceil(script.length / parts);
    let isShorter = false;
    for (let start = 0; start < script.length && Date.now() < deadline; start += size) {
      const rest = [...script.slice(0, start), ...script.slice(start + size)];
      if (rest.length === 0 || !(await stillFails(rest))) continue;
      script = rest;
      isShorter = true;
      options.progress(`${String(script.length)} steps still show it`);
      break;
    }
    if (isShorter) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(script.length, parts * 2);
  }
  return script;
}
