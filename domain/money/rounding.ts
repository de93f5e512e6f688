import { fen, type Fen } from './money';
import { divideRounded, type Rational, type RoundingMode } from './rational';

/** How an amount is rounded: to a whole multiple of `unit` minor units (1 = the currency's smallest coin), by `mode`. */
export interface Rounding {
  readonly mode: RoundingMode;
  readonly unit: number;
}

/** A rate made ready for many multiplications. `small` holds it as two integers where both are below 2^53. */
export interface Factor extends Rational {
  readonly small: { readonly numerator: number; readonly denominator: number } | null;
}

const LIMIT = BigInt(Number.MAX_SAFE_INTEGER);

export function factor(value: Rational): Factor {
  const { numerator, denominator } = reduced(value);
  const isSmall = numerator >= 0n && numerator <= LIMIT && denominator <= LIMIT;
  return {
    numerator,
    denominator,
    small: isSmall ? { numerator: Number(numerator), denominator: Number(denominator) } : null,
  };
}

export function reduced({ numerator, denominator }: Rational): Rational {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator];
  while (b > 0n) [a, b] = [b, a % b];
  return a <= 1n ? { numerator, denominator } : { numerator: numerator / a, denominator: denominator / a };
}

/** numerator / denominator minor units, rounded to a multiple of the unit. */
export function roundRatio(numerator: bigint, denominator: bigint, rounding: Rounding): Fen {
  const unit = BigInt(rounding.unit);
  return fen(divideRounded(numerator, denominator * unit, rounding.mode) * unit);
}

/**
 * amount × rate, rounded once. Where amount × numerator and denominator × unit stay below 2^53 the
 * division runs on integers held in doubles, which is exact (`%` of two safe integers has no rounding)
 * and several times as fast as bigint; else on bigint. Both ways give the same fen.
 */
export function roundProduct(amount: Fen, rate: Factor, rounding: Rounding): Fen {
  const { small } = rate;
  if (small !== null && amount >= 0) {
    const dividend = amount * small.numerator;
    const divisor = small.denominator * rounding.unit;
    if (dividend <= Number.MAX_SAFE_INTEGER && divisor <= Number.MAX_SAFE_INTEGER) {
      const remainder = dividend % divisor;
      const quotient = (dividend - remainder) / divisor;
      const product = (remainder === 0 ? quotient : quotient + roundsUp(quotient, remainder, divisor, rounding.mode)) * rounding.unit;
      return fen(product);
    }
  }
  return roundRatio(BigInt(amount) * rate.numerator, rate.denominator, rounding);
}

/** What a positive quotient gains by its rounding: 0 or 1. The tie is found without doubling, which could leave the safe range. */
function roundsUp(quotient: number, remainder: number, divisor: number, mode: RoundingMode): 0 | 1 {
  const rest = divisor - remainder;
  switch (mode) {
    case 'down':
      return 0;
    case 'up':
    case 'ceiling':
      return 1;
    case 'half_up':
      return remainder >= rest ? 1 : 0;
    case 'half_even':
      return remainder > rest || (remainder === rest && quotient % 2 === 1) ? 1 : 0;
  }
}
