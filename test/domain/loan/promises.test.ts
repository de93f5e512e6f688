import { businessDate, at } from '../../../domain/time/dates';
import type { LoanEvent } from '../../../domain/loan/loan-events';
import type { LoanFact } from '../../../domain/loan/account';
import { fen } from '../../../domain/money/money';
import { createCatalogue } from '../../../domain/product/products';
import { leastPromise, promiseOutcome } from '../../../domain/loan/promises';
import { anEvent } from '../../support/events';

const on = businessDate('2026-11-12');
const event = (
  kind: LoanEvent['kind'],
  data: { fact?: string; promiseId?: string; amount?: number; owed?: number; dueOn?: string },
  date = on,
): LoanEvent => anEvent({ key: `${kind}:${data.fact ?? data.promiseId ?? ''}`, kind, at: at(date, '10:00'), businessDate: date, data });
const PROMISE = { promiseId: 'p', amount: 50_000, owed: 60_000, dueOn: '2026-11-17' };
const made = event('PROMISE_MADE', PROMISE);
const received = (fact: string, amount: number, date = on) => event('PAYMENT_RECEIVED', { fact, amount }, date);
const repayment = (key: string, amount: number, valueDate = on): LoanFact => ({ key, type: 'REPAYMENT', amount: fen(amount), valueDate });

describe('whether a promise was kept', () => {
  it.each([
    ['kept by what was promised', [made, received('a', 50_000)], [repayment('a', 50_000)], 'PROMISE_KEPT'],
    [
      'kept by all that was owed, where less was owed than promised',
      [event('PROMISE_MADE', { ...PROMISE, owed: 20_000 }), received('a', 20_000)],
      [repayment('a', 20_000)],
      'PROMISE_KEPT',
    ],
    [
      'kept in parts',
      [made, received('a', 20_000), received('b', 30_000)],
      [repayment('a', 20_000), repayment('b', 30_000)],
      'PROMISE_KEPT',
    ],
    ['one fen short is partial', [made, received('a', 49_999)], [repayment('a', 49_999)], 'PROMISE_PARTIAL'],
    ['not by money that came before it on the same day', [received('a', 90_000), made], [repayment('a', 90_000)], 'PROMISE_BROKEN'],
    [
      'not by money that was taken back',
      [made, received('a', 90_000)],
      [repayment('a', 90_000), { key: 'r', type: 'REVERSAL', of: 'a', valueDate: on } satisfies LoanFact],
      'PROMISE_BROKEN',
    ],
    [
      'not by money that came too late',
      [made, received('a', 90_000, businessDate('2026-11-18'))],
      [repayment('a', 90_000, businessDate('2026-11-18'))],
      'PROMISE_BROKEN',
    ],
    [
      'kept by money on its very day',
      [made, received('a', 50_000, businessDate('2026-11-17'))],
      [repayment('a', 50_000, businessDate('2026-11-17'))],
      'PROMISE_KEPT',
    ],
    [
      'kept by what was promised, where a record of before says nothing of what was owed',
      [event('PROMISE_MADE', { promiseId: 'p', amount: 50_000, dueOn: '2026-11-17' }), received('a', 49_999)],
      [repayment('a', 49_999)],
      'PROMISE_PARTIAL',
    ],
    [
      'judged from its own making, not from that of another',
      [event('PROMISE_MADE', { ...PROMISE, promiseId: 'o' }), received('a', 50_000), made],
      [repayment('a', 50_000)],
      'PROMISE_BROKEN',
    ],
    [
      'judged from its making, not from its end',
      [event('PROMISE_BROKEN', { promiseId: 'p' }), made, received('a', 50_000)],
      [repayment('a', 50_000)],
      'PROMISE_KEPT',
    ],
    [
      'kept by payments alone, not by other news of them',
      [made, event('REPAYMENT_RETURNED', { fact: 'a', amount: 50_000 })],
      [repayment('a', 50_000)],
      'PROMISE_BROKEN',
    ],
    ['broken by nothing', [made], [], 'PROMISE_BROKEN'],
  ] as const)('%s', (_name, events, facts, kind) => {
    expect(promiseOutcome('p', events, facts)?.kind).toBe(kind);
  });
});

it('nothing is known of a promise that was never made', () => {
  expect(promiseOutcome('q', [made, received('a', 50_000)], [repayment('a', 50_000)])).toBeUndefined();
});

describe('the least that a promise offers', () => {
  const product = createCatalogue().version('consumer-installment', 1);
  const withShare = (shareMin: string) =>
    ({ ...product, collections: { ...product.collections, promise: { ...product.collections.promise, shareMin } } }) as typeof product;
  it.each([
    ['0.3', 100, 30],
    ['0.3', 101, 31],
    ['0.3', 1, 1],
    ['0.5', 3, 2],
    ['1', 777, 777],
    ['0.25', 0, 0],
  ])('%s of %i fen, rounded up, is %i fen', (share, owed, least) => {
    expect(leastPromise(withShare(share), fen(owed))).toBe(least);
  });
});
