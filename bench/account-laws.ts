import fc from 'fast-check';
import { brokenLaws, isSane, lifeOf } from '../test/support/account-laws';
import { randomLife } from '../test/support/loan-facts';

/** Tries the account's laws on random lives; prints what broke, with its life. Returns how many lives broke a law. */
export function benchAccountLaws(lives: number, seed: number, print: (line: string) => void): number {
  const startedAt = performance.now();
  let [tried, broken] = [0, 0];
  for (let part = 0; tried < lives; part += 1) {
    for (const raw of fc.sample(randomLife, { seed: seed + part, numRuns: 1_000 })) {
      const life = lifeOf(raw);
      if (!isSane(life) || tried >= lives) continue;
      tried += 1;
      const faults = brokenLaws(life);
      if (faults.length === 0) continue;
      broken += 1;
      print(`  ${faults[0] ?? ''}\n    ${JSON.stringify(raw)}`);
    }
    if (part % 5 === 0) print(`  ${String(tried)} of ${String(lives)} lives, ${String(broken)} broke a law`);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  print(`  ${String(tried)} lives in ${seconds.toFixed(0)} s: ${String(broken)} broke a law`);
  return broken;
}
