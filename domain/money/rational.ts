import { LoanloomError } from '../errors';

/**
 * Exact numbers for rates and the one place where we divide: a rational is numerator / denominator
 * (denominator > 0), so no rate is ever rounded before the caller names a rounding.
 */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** How a division ends. `half_up` moves ties away from zero, `down` towards zero, `ceiling`/`floor`-wise by sign. */
export type RoundingMode = 'half_up' | 'half_even' | 'down' | 'up' | 'ceiling';

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/** Reads a plain decimal string ("0.12"); exponents, NaN and signs other than a leading minus are refused as INVALID_RATE. */
export function rational(text: string, path?: string): Rational {
  const match = DECIMAL.exec(text);
  if (!match) {
    throw new LoanloomError(
      'INVALID_RATE',
      `"${text.slice(0, 40)}" is not a plain decimal number such as "0.12"`,
      path === undefined ? {} : { path },
    );
  }
  const fraction = match[3] ?? '';
  const magnitude = BigInt(`${match[2] ?? '0'}${fraction}`);
  return { numerator: match[1] === '-' ? -magnitude : magnitude, denominator: 10n ** BigInt(fraction.length) };
}

export function ratio(numerator: bigint, denominator: bigint): Rational {
  if (denominator === 0n) throw new LoanloomError('INTERNAL', 'a rational cannot have the denominator 0');
  return denominator < 0n ? { numerator: -numerator, denominator: -denominator } : { numerator, denominator };
}

/** numerator / denominator as an integer, rounded as `mode` says. Every division of money names its mode here. */
export function divideRounded(numerator: bigint, denominator: bigint, mode: RoundingMode): bigint {
  const n = denominator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const quotient = n / d;
  const remainder = n % d;
  if (remainder === 0n) return quotient;
  const away = quotient + (n < 0n ? -1n : 1n);
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  switch (mode) {
    case 'down':
      return quotient;
    case 'up':
      return away;
    case 'ceiling':
      return n > 0n ? away : quotient;
    case 'half_up':
      return twice >= d ? away : quotient;
    case 'half_even':
      if (twice === d) return quotient % 2n === 0n ? quotient : away;
      return twice > d ? away : quotient;
  }
}

/** Fixed-point text of a rational with exactly `decimals` digits, half up. */
export function toDecimal(value: Rational, decimals: number): string {
  const scaled = divideRounded(value.numerator * 10n ** BigInt(decimals), value.denominator, 'half_up');
  const sign = scaled < 0n ? '-' : '';
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0');
  return decimals === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
