import Decimal from 'decimal.js';
import { LoanloomError } from '../errors';
import type { Rational } from './rational';

/** Forty digits: what a root is computed with. Doubles below only say where to look. */
export const D = Decimal.clone({ precision: 40, rounding: Decimal.ROUND_HALF_UP, toExpNeg: -60, toExpPos: 60 });

/** Money at a time: minor units, and years (or periods) from the start as an exact fraction ≥ 0. */
export interface Flow {
  readonly amount: bigint;
  readonly time: Rational;
}

/** A rate is sought in (−1, 10⁶). */
const HIGHEST = Math.log1p(1e6);

interface Term {
  readonly amount: number;
  readonly time: number;
}

/** Σ amount·e^(−time·s), up to a positive factor that keeps it from overflowing; with the size of its terms beside it. */
function valueAt(terms: readonly Term[], s: number): { value: number; size: number } {
  let highest = -Infinity;
  for (const { time } of terms) highest = Math.max(highest, -time * s);
  let [value, size] = [0, 0];
  for (const { amount, time } of terms) {
    const part = amount * Math.exp(-time * s - highest);
    value += part;
    size += Math.abs(part);
  }
  return { value, size };
}

function signChanges(terms: readonly Term[]): number[] {
  return terms.flatMap((term, index) => (index > 0 && Math.sign(term.amount) !== Math.sign(terms[index - 1]?.amount ?? 0) ? [index] : []));
}

function bisect(terms: readonly Term[], from: number, to: number): number {
  let [low, high] = [from, to];
  const sign = Math.sign(valueAt(terms, low).value);
  for (let step = 0; step < 200; step += 1) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (Math.sign(valueAt(terms, middle).value) === sign) low = middle;
    else high = middle;
  }
  return low + (high - low) / 2;
}

/** Below this share of its terms' size a value counts as zero: a touching (double) root. */
const TOUCH = 1e-13;

/**
 * All real roots of Σ amount·e^(−time·s) in (low, high), by the argument that proves Descartes' rule for
 * exponential sums: with a factor e^(τs), τ between the times of a sign change, the derivative has one
 * sign change less; its roots part the line into monotone pieces with at most one root each.
 */
function rootsBetween(terms: readonly Term[], low: number, high: number): number[] {
  const [change] = signChanges(terms);
  if (change === undefined) return [];
  const pivot = ((terms[change - 1]?.time ?? 0) + (terms[change]?.time ?? 0)) / 2;
  const derivative = terms.map(({ amount, time }) => ({ amount: amount * (pivot - time), time }));
  const edges = [low, ...rootsBetween(derivative, low, high), high];
  const roots: number[] = [];
  for (const [index, edge] of edges.entries()) {
    const next = edges[index + 1];
    const here = valueAt(terms, edge);
    const isTurn = index > 0 && next !== undefined;
    if (isTurn && Math.abs(here.value) <= TOUCH * here.size) {
      roots.push(edge);
      continue;
    }
    if (next === undefined) continue;
    const there = valueAt(terms, next);
    if (index + 2 < edges.length && Math.abs(there.value) <= TOUCH * there.size) continue;
    if (here.value * there.value < 0) roots.push(bisect(terms, edge, next));
  }
  return roots;
}

/** Below every root: there the last flow outweighs all others together. */
function lowestEdge(terms: readonly Term[]): number {
  const last = terms.at(-1);
  const before = terms.at(-2);
  if (last === undefined || before === undefined) return -1;
  const others = terms.reduce((sum, term) => sum + Math.abs(term.amount), 0) - Math.abs(last.amount);
  return -Math.log(Math.max(others / Math.abs(last.amount), 1)) / (last.time - before.time) - 1;
}

function combined(flows: readonly Flow[]): Flow[] {
  const byTime = new Map<string, Flow>();
  for (const flow of flows) {
    const key = `${String(flow.time.numerator)}/${String(flow.time.denominator)}`;
    byTime.set(key, { time: flow.time, amount: (byTime.get(key)?.amount ?? 0n) + flow.amount });
  }
  return [...byTime.values()]
    .filter((flow) => flow.amount !== 0n)
    .sort((a, b) => (a.time.numerator * b.time.denominator < b.time.numerator * a.time.denominator ? -1 : 1));
}

/** x^(−time) for every flow: by whole powers of one root of x where the times share a small denominator. */
function discounts(flows: readonly Flow[], x: Decimal): Decimal[] {
  const common = commonDenominator(flows);
  if (common === null) {
    const logarithm = x.ln();
    return flows.map(({ time }) => logarithm.times(toDecimalNumber(time)).negated().exp());
  }
  const base = common === 1n ? new D(1).div(x) : x.ln().div(common.toString()).negated().exp();
  let [power, steps] = [new D(1), 0n];
  // Due dates lie 28 to 31 days apart, so few different powers are needed.
  const powers = new Map<bigint, Decimal>();
  return flows.map(({ time }) => {
    const target = (time.numerator * common) / time.denominator;
    const gap = target - steps;
    const step = powers.get(gap) ?? base.pow(Number(gap));
    powers.set(gap, step);
    power = power.times(step);
    steps = target;
    return power;
  });
}

function toDecimalNumber(value: Rational): Decimal {
  return new D(value.numerator.toString()).div(value.denominator.toString());
}

function commonDenominator(flows: readonly Flow[]): bigint | null {
  let common = 1n;
  for (const { time } of flows) {
    let [a, b] = [common, time.denominator];
    while (b > 0n) [a, b] = [b, a % b];
    common = (common / a) * time.denominator;
    if (common > 1_000_000n) return null;
  }
  return common;
}

/** Newton's steps from a double's estimate: two of them turn 15 digits into all that are kept. */
function refined(flows: readonly Flow[], estimate: number): Decimal {
  let x: Decimal = new D(estimate).exp();
  for (let step = 0; step < 2; step += 1) {
    const factors = discounts(flows, x);
    let [value, slope] = [new D(0), new D(0)];
    for (const [index, flow] of flows.entries()) {
      const part = new D(flow.amount.toString()).times(factors[index] ?? 0);
      value = value.plus(part);
      slope = slope.minus(part.times(toDecimalNumber(flow.time)));
    }
    if (slope.isZero()) break;
    const next = x.minus(value.times(x).div(slope));
    // A double root has no slope to follow: the estimate stands.
    if (!next.gt(0) || next.div(x).minus(1).abs().gt('1e-6')) break;
    x = next;
  }
  return x.minus(1);
}

/**
 * The one rate i in (−1, 10⁶) at which Σ amount/(1+i)^time = 0. Several sign changes are fine as long as
 * one root exists. RATE_NO_SIGN_CHANGE, RATE_NOT_FOUND (no root in range), RATE_NOT_UNIQUE.
 */
export function uniqueRate(input: readonly Flow[], path = 'flows'): Decimal {
  const flows = combined(input);
  const largest = flows.reduce((max, { amount }) => Math.max(max, Math.abs(Number(amount))), 0);
  const terms = flows.map(({ amount, time }) => ({
    amount: Number(amount) / largest,
    time: Number(time.numerator) / Number(time.denominator),
  }));
  if (signChanges(terms).length === 0)
    throw new LoanloomError('RATE_NO_SIGN_CHANGE', 'the flows never change sign: money must go out and come back for a rate to exist', {
      path,
    });
  const roots = rootsBetween(terms, lowestEdge(terms), HIGHEST);
  const [root] = roots;
  if (root === undefined) throw new LoanloomError('RATE_NOT_FOUND', 'no rate between −1 and 1,000,000 balances the flows', { path });
  if (roots.length > 1) {
    const found = roots.map((each) => Math.expm1(each).toPrecision(6)).join(', ');
    throw new LoanloomError('RATE_NOT_UNIQUE', `more than one rate balances the flows: ${found}`, { path });
  }
  return refined(flows, root);
}
