import { businessDate, at } from '../../domain/dates';
import type { LoanEvent } from '../../domain/loan-events';
import type { LoanFact } from '../../domain/account';
import { fen } from '../../domain/money';
import { promiseOutcome } from '../../domain/promises';

const on = businessDate('2026-11-12');
const event = (kind: LoanEvent['kind'], data: LoanEvent['data'], date = on): LoanEvent => ({
  key: `${kind}:${String(data.fact ?? data.promiseId)}`,
  kind,
  at: at(date, '10:00'),
  businessDate: date,
  data,
});
const made = event('PROMISE_MADE', { promiseId: 'p', amount: 50_000, owed: 60_000, dueOn: '2026-11-17' });
const received = (fact: string, amount: number, date = on) => event('PAYMENT_RECEIVED', { fact, amount }, date);
const repayment = (key: string, amount: number, valueDate = on): LoanFact => ({ key, type: 'REPAYMENT', amount: fen(amount), valueDate });

describe('whether a promise was kept', () => {
  it.each([
    ['kept by what was promised', [made, received('a', 50_000)], [repayment('a', 50_000)], 'PROMISE_KEPT'],
    [
      'kept by all that was owed, where less was owed than promised',
      [event('PROMISE_MADE', { ...made.data, owed: 20_000 }), received('a', 20_000)],
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
    ['broken by nothing', [made], [], 'PROMISE_BROKEN'],
  ] as const)('%s', (_name, events, facts, kind) => {
    expect(promiseOutcome('p', events, facts)?.kind).toBe(kind);
  });
});
