import type { Fen } from '../money/money';
import type { Rational } from '../money/rational';
import { roundRatio, type Factor, type Rounding } from '../money/rounding';

/**
 * The level payment that repays `principal` over periods with these rates: P / Σₖ Πⱼ≤ₖ 1/(1+rⱼ), exact
 * until its one rounding. Evaluated from the last period back: Sₖ = (1 + Sₖ₊₁) / (1 + rₖ), as one fraction.
 */
export function exactAnnuity(principal: Fen, rates: readonly Factor[], rounding: Rounding): Fen {
  const first = rates[0];
  if (first !== undefined && rates.every((rate) => rate === first)) return equalPeriodAnnuity(principal, first, rates.length, rounding);
  let [numerator, denominator] = [0n, 1n];
  for (let index = rates.length - 1; index >= 0; index -= 1) {
    const rate = rates[index];
    if (rate === undefined) continue;
    numerator = rate.denominator * (numerator + denominator);
    denominator *= rate.numerator + rate.denominator;
  }
  return roundRatio(BigInt(principal) * denominator, numerator, rounding);
}

/**
 * The level payment of `count` equal periods, P·r·(1+r)ⁿ / ((1+r)ⁿ − 1); P/n where r = 0.
 * With r = a/b it is P·a·(a+b)ⁿ / (b·((a+b)ⁿ − bⁿ)).
 */
export function equalPeriodAnnuity(principal: Fen, rate: Rational, count: number, rounding: Rounding): Fen {
  const n = BigInt(count);
  if (rate.numerator === 0n) return roundRatio(BigInt(principal), n, rounding);
  const grown = (rate.numerator + rate.denominator) ** n;
  const base = rate.denominator ** n;
  return roundRatio(BigInt(principal) * rate.numerator * grown, rate.denominator * (grown - base), rounding);
}
