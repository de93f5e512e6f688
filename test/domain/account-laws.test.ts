import fc from 'fast-check';
import { brokenLaws, isSane, lifeOf } from '../support/account-laws';
import { randomLife } from '../support/loan-facts';

/** At least this many lives, and as many more as fit into the time; a mutation run, which begins this file a thousand times, asks for fewer. */
const { lawsLives: LIVES = 1_000, lawsMs: MS = 45_000 } = globalThis as { lawsLives?: number; lawsMs?: number };

describe('the laws of an account, over random lives of every fact, policy and method', () => {
  it('hold on every day between facts: quotes settle to the fen, money and debt are conserved, nothing vanishes by a restructuring, a pause earns nothing', () => {
    const until = Date.now() + MS;
    const check = (seed: number) => {
      fc.assert(
        fc.property(randomLife, (raw) => {
          const life = lifeOf(raw);
          fc.pre(isSane(life));
          expect(brokenLaws(life)).toEqual([]);
        }),
        { seed, numRuns: LIVES / 4 },
      );
    };
    let seed = 1;
    for (; seed <= 4 || Date.now() < until; seed += 1) check(seed);
  });
});
