import { factsInForce } from './account/facts';
import type { LoanFact } from './account';
import type { BusinessDate } from '../time/dates';
import type { LoanEvent } from './loan-events';
import { fen, type Fen } from '../money/money';
import type { Product } from '../product/products';
import { rational } from '../money/rational';

export interface PromiseOutcome {
  readonly kind: 'PROMISE_KEPT' | 'PROMISE_PARTIAL' | 'PROMISE_BROKEN';
  /** What was promised, at most what was owed then. */
  readonly required: Fen;
  /** What came in since the promise and by its date, and has not gone back. */
  readonly received: Fen;
}

/**
 * How a promise ended: kept when what was promised, or all that was owed then, was received by its date and is in
 * force. Money that came before the promise does not count, whatever its date; money that was taken back neither.
 * Pure; `events` in the order of their recording.
 */
export function promiseOutcome(promiseId: string, events: readonly LoanEvent[], facts: readonly LoanFact[]): PromiseOutcome | undefined {
  const index = events.findIndex((event) => event.kind === 'PROMISE_MADE' && event.data.promiseId === promiseId);
  const made = events[index];
  if (made?.kind !== 'PROMISE_MADE') return undefined;
  const { dueOn, amount: promised, owed } = made.data;
  const inForce = new Set(factsInForce(facts, '9999-12-31' as BusinessDate).map((fact) => fact.key));
  const received = events.slice(index + 1).reduce((sum, event) => {
    if (event.kind !== 'PAYMENT_RECEIVED' || event.businessDate > dueOn || !inForce.has(event.data.fact ?? '')) return sum;
    return sum + event.data.amount;
  }, 0);
  const required = Math.min(promised, owed ?? promised);
  const kind = received >= required ? 'PROMISE_KEPT' : received > 0 ? 'PROMISE_PARTIAL' : 'PROMISE_BROKEN';
  return { kind, required: fen(required), received: fen(received) };
}

/** The least that a promise has to offer: a share of what is owed, by the product; a promise of one fen silences nothing. */
export function leastPromise(product: Product, owed: Fen): Fen {
  const { numerator, denominator } = rational(product.collections.promise.shareMin);
  return fen(Number((BigInt(owed) * numerator + denominator - 1n) / denominator));
}
