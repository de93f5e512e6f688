import { z } from 'zod';
import { businessDate, type BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { minorFrom, type Fen, type MinorUnits } from '../../domain/money/money';
import { rational, type Rational } from '../../domain/money/rational';
import { reduced, type Rounding } from '../../domain/money/rounding';

export const text = z.string().max(60);
export const minorUnits = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).default(2);
const mode = z.enum(['half_up', 'half_even', 'down', 'up', 'ceiling']);
export const rounding = z.union([z.strictObject({ mode, scale: z.int().min(0).max(4) }), z.strictObject({ mode, multiple: text })]);

export const join = (...parts: readonly (string | number)[]): string => parts.filter((part) => part !== '').join('.');

/** Checks the form of an input; VALIDATION with the path of the first fault (an unknown key is its own path). */
export function formOf<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const { path, message } = faultOf(result.error.issues[0]);
  throw new LoanloomError('VALIDATION', `${path === '' ? 'the input' : path}: ${message}`, { path });
}

type Issue = z.core.$ZodIssue;

/** The first fault; in a union, of the branch that came furthest. */
function faultOf(issue: Issue | undefined, prefix: readonly PropertyKey[] = []): { path: string; message: string } {
  if (issue === undefined) return { path: '', message: 'invalid' };
  const path = [...prefix, ...issue.path];
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((errors) => errors.length > 0);
    const furthest = branches.sort((a, b) => depthOf(b) - depthOf(a))[0];
    if (furthest?.[0] !== undefined && depthOf(furthest) > 0) return faultOf(furthest[0], path);
    return { path: path.join('.'), message: 'not one of the documented forms' };
  }
  if (issue.code === 'unrecognized_keys') return { path: [...path, issue.keys[0] ?? ''].join('.'), message: 'unknown key' };
  return { path: path.join('.'), message: issue.message };
}

function depthOf(issues: readonly Issue[]): number {
  const [first] = issues;
  return first === undefined ? 0 : first.path.length + (first.code === 'unrecognized_keys' ? 1 : 0);
}

/** Reads an input's values with its number of decimals; every fault names the value's path. */
export class Reader {
  constructor(readonly minorUnits: MinorUnits) {}

  /** Any amount, negative ones too. */
  signed(value: string, path: string): Fen {
    return minorFrom(value, this.minorUnits, path);
  }

  amount(value: string, path: string): Fen {
    const amount = this.signed(value, path);
    if (amount < 0) throw new LoanloomError('INVALID_AMOUNT', 'the amount must not be negative', { path });
    return amount;
  }

  positive(value: string, path: string): Fen {
    const amount = this.signed(value, path);
    if (amount <= 0) throw new LoanloomError('INVALID_AMOUNT', 'the amount must be greater than zero', { path });
    return amount;
  }

  date(value: string, path: string): BusinessDate {
    return businessDate(value, path);
  }

  /** A rate of interest: a decimal from 0 to 1,000. */
  rate(value: string, path: string): Rational {
    const rate = rational(value, path);
    if (rate.numerator < 0n || rate.numerator > 1_000n * rate.denominator)
      throw new LoanloomError('INVALID_RATE', 'a rate lies between 0 and 1000 (it is a fraction of one: "0.12" is 12 %)', { path });
    return rate;
  }

  /** An integer, a decimal or a fraction "546/365". */
  fraction(value: string, path: string): Rational {
    const [numerator, denominator, ...more] = value.split('/');
    const above = rational(numerator ?? '', path);
    const below = denominator === undefined ? { numerator: 1n, denominator: 1n } : rational(denominator, path);
    if (more.length > 0 || below.numerator <= 0n)
      throw new LoanloomError('INVALID_RATE', `"${value.slice(0, 40)}" is not a number or a fraction`, { path });
    return reduced({ numerator: above.numerator * below.denominator, denominator: above.denominator * below.numerator });
  }

  /** Rounding to a scale or a multiple, in minor units; finer than the currency's coin is refused. */
  rounding(value: z.output<typeof rounding> | undefined, path: string, fallback?: Rounding): Rounding {
    if (value === undefined) return fallback ?? { mode: 'half_up', unit: 1 };
    if ('multiple' in value) return { mode: value.mode, unit: this.positive(value.multiple, join(path, 'multiple')) };
    const { scale } = value;
    if (scale > this.minorUnits)
      throw new LoanloomError('VALIDATION', `amounts here have ${String(this.minorUnits)} decimals, a scale of ${String(scale)} is finer`, {
        path: join(path, 'scale'),
      });
    return { mode: value.mode, unit: 10 ** (this.minorUnits - scale) };
  }
}
