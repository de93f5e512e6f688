import { LoanloomError } from '../errors';

/** An amount in minor units (fen, 1/100 yuan): a safe integer, made only by `fen()` and the arithmetic here. The currency stands beside it. */
export type Fen = number & { readonly __brand: 'Fen' };

export const ZERO = 0 as Fen;

/** Asserts that `value` is a whole number of fen within ±(2^53 − 1); INVALID_AMOUNT otherwise. */
export function fen(value: number | bigint, path?: string): Fen {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || (typeof value === 'bigint' && BigInt(number) !== value)) {
    throw new LoanloomError(
      'INVALID_AMOUNT',
      'an amount must be a whole number of fen within the safe integer range',
      path === undefined ? {} : { path },
    );
  }
  return (number === 0 ? 0 : number) as Fen;
}

/** Like `fen`, and greater than zero. */
export function positiveFen(value: number | bigint, path?: string): Fen {
  const amount = fen(value, path);
  if (amount <= 0) throw new LoanloomError('INVALID_AMOUNT', 'the amount must be greater than zero', path === undefined ? {} : { path });
  return amount;
}

export function plus(...amounts: readonly Fen[]): Fen {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return fen(sum);
}

export function minus(a: Fen, b: Fen): Fen {
  return fen(a - b);
}

export function smaller(a: Fen, b: Fen): Fen {
  return a < b ? a : b;
}

const YUAN = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/;

/** Reads "8000", "8000.5" or "8000.50" yuan; a third decimal, an exponent or anything else is INVALID_AMOUNT. */
export function fenFromYuan(text: string, path?: string): Fen {
  const match = YUAN.exec(text);
  if (!match) {
    throw new LoanloomError(
      'INVALID_AMOUNT',
      `"${text.slice(0, 40)}" is not an amount in yuan with at most two decimals`,
      path === undefined ? {} : { path },
    );
  }
  const magnitude = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'));
  return fen(match[1] === '-' ? -magnitude : magnitude, path);
}

/** Decimals of a currency's smallest coin: 0 (JPY), 2 (CNY), 3 (KWD). */
export type MinorUnits = 0 | 1 | 2 | 3 | 4;

const AMOUNT = /^(-?)(\d{1,16})(?:\.(\d+))?$/;

/** Reads a decimal string as minor units; more than `minorUnits` decimals, an exponent or anything else is INVALID_AMOUNT. */
export function minorFrom(text: string, minorUnits: MinorUnits, path: string): Fen {
  const match = AMOUNT.exec(text);
  const fraction = match?.[3] ?? '';
  if (!match || fraction.length > minorUnits) {
    throw new LoanloomError('INVALID_AMOUNT', `"${text.slice(0, 40)}" is not an amount with at most ${String(minorUnits)} decimals`, {
      path,
    });
  }
  const magnitude = BigInt(`${match[2] ?? ''}${fraction.padEnd(minorUnits, '0')}`);
  return fen(match[1] === '-' ? -magnitude : magnitude, path);
}

/** An amount in its currency's unit, with exactly `minorUnits` decimals. */
export function minorText(amount: Fen, minorUnits: MinorUnits): string {
  const digits = Math.abs(amount)
    .toString()
    .padStart(minorUnits + 1, '0');
  const sign = amount < 0 ? '-' : '';
  return minorUnits === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -minorUnits)}.${digits.slice(-minorUnits)}`;
}

/** "1234.50": yuan with two decimals, for people; never parsed back by our own code. */
export function yuan(amount: Fen): string {
  const magnitude = Math.abs(amount).toString().padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${magnitude.slice(0, -2)}.${magnitude.slice(-2)}`;
}
