import fc from 'fast-check';
import { fen } from '../../../domain/money/money';
import { divideRounded, type RoundingMode } from '../../../domain/money/rational';
import { factor, reduced, roundProduct, roundRatio } from '../../../domain/money/rounding';
import { runs } from '../../support/runs';

/** Guarantee: an amount times a rate is the exact product, rounded once, by whichever way it is calculated. */
const MODES: readonly RoundingMode[] = ['half_up', 'half_even', 'down', 'up', 'ceiling'];
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const rate = (numerator: bigint, denominator: bigint) => factor({ numerator, denominator });

describe('a product', () => {
  // 1, 2, 3, 4, 5, 7, 10 and 14 quarters.
  const quarters = [1, 2, 3, 4, 5, 7, 10, 14];
  it.each<[RoundingMode, number[]]>([
    ['down', [0, 0, 0, 1, 1, 1, 2, 3]],
    ['up', [1, 1, 1, 1, 2, 2, 3, 4]],
    ['ceiling', [1, 1, 1, 1, 2, 2, 3, 4]],
    ['half_up', [0, 1, 1, 1, 1, 2, 3, 4]],
    ['half_even', [0, 0, 1, 1, 1, 2, 2, 4]],
  ])('is rounded %s', (mode, expected) => {
    expect(quarters.map((amount) => roundProduct(fen(amount), rate(1n, 4n), { mode, unit: 1 }))).toEqual(expected);
    // The same to a unit of hundred fen, on hundred times as much; and below zero, the other way round.
    expect(quarters.map((amount) => roundProduct(fen(amount * 100), rate(1n, 4n), { mode, unit: 100 }))).toEqual(
      expected.map((each) => each * 100),
    );
    if (mode === 'ceiling') return;
    expect(quarters.map((amount) => roundProduct(fen(-amount), rate(1n, 4n), { mode, unit: 1 }))).toEqual(
      expected.map((each) => (each === 0 ? 0 : -each)),
    );
    expect(quarters.map((amount) => roundProduct(fen(amount), rate(-1n, 4n), { mode, unit: 1 }))).toEqual(
      expected.map((each) => (each === 0 ? 0 : -each)),
    );
  });

  it('is the same near the limits of a double, where it is calculated another way', () => {
    const near = fc.oneof(
      fc.bigInt({ min: 1n, max: 400n }),
      fc.bigInt({ min: SAFE - 3n, max: SAFE + 3n }),
      fc.bigInt({ min: 1n, max: SAFE }),
    );
    const amounts = fc.oneof(
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.integer({ min: Number.MAX_SAFE_INTEGER - 3, max: Number.MAX_SAFE_INTEGER }),
    );
    const roundings = fc.record({ mode: fc.constantFrom(...MODES), unit: fc.constantFrom(1, 10, 100) });
    fc.assert(
      fc.property(
        amounts,
        fc.oneof(fc.bigInt({ min: -5n, max: 400n }), near),
        near,
        roundings,
        (amount, numerator, denominator, { mode, unit }) => {
          const exact = divideRounded(BigInt(amount) * numerator, denominator * BigInt(unit), mode) * BigInt(unit);
          fc.pre(exact <= SAFE && exact >= -SAFE);
          expect(roundProduct(fen(amount), rate(numerator, denominator), { mode, unit })).toBe(Number(exact));
          expect(roundRatio(BigInt(amount) * numerator, denominator, { mode, unit })).toBe(Number(exact));
        },
      ),
      { seed: 4, numRuns: runs(2_000) },
    );
  });
});

describe('a rate that is made ready', () => {
  it('is in lowest terms, its sign above', () => {
    expect([reduced({ numerator: 6n, denominator: 4n }), reduced({ numerator: -6n, denominator: 4n })]).toEqual([
      { numerator: 3n, denominator: 2n },
      { numerator: -3n, denominator: 2n },
    ]);
    expect([reduced({ numerator: 0n, denominator: 7n }), reduced({ numerator: 5n, denominator: 7n })]).toEqual([
      { numerator: 0n, denominator: 1n },
      { numerator: 5n, denominator: 7n },
    ]);
  });

  it('is held as two doubles exactly where both are safe and it is not negative', () => {
    const small = (numerator: bigint, denominator: bigint) => rate(numerator, denominator).small;
    expect(small(12n, 100n)).toEqual({ numerator: 3, denominator: 25 });
    expect(small(0n, 5n)).toEqual({ numerator: 0, denominator: 1 });
    expect([small(SAFE, 1n), small(1n, SAFE)]).toEqual([
      { numerator: Number(SAFE), denominator: 1 },
      { numerator: 1, denominator: Number(SAFE) },
    ]);
    expect([small(SAFE + 1n, 1n), small(1n, SAFE + 1n), small(-1n, 2n), small(SAFE + 2n, SAFE + 4n)]).toEqual([null, null, null, null]);
  });
});
