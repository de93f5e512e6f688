import fc from 'fast-check';
import { COMPONENTS } from '../../../domain/money/allocation';
import { fen, type Fen } from '../../../domain/money/money';
import * as postings from '../../../domain/ledger/postings';
import type { AccountEffect, Posting } from '../../../domain/ledger/postings';

/** Guarantee: each thing that happens to money is booked on the accounts that it is about, and balances. */
const shown = ({ lines }: Posting) =>
  lines.map(({ account, side, amount }) => `${side === 'DEBIT' ? 'D' : 'C'} ${account} ${String(amount)}`).sort();
const m = (amount: number): Fen => fen(amount);
const effect = (parts: Partial<Record<keyof AccountEffect, number>>): AccountEffect => {
  const none = { penalty: 0, fee: 0, interest: 0, principal: 0, surplus: 0, recovered: 0, discounted: 0, writtenOff: 0 };
  return Object.fromEntries(Object.entries({ ...none, ...parts }).map(([name, amount]) => [name, fen(amount)])) as unknown as AccountEffect;
};
const PAID = effect({ penalty: 1, fee: 2, interest: 4, principal: 8, surplus: 16 });

describe('postings', () => {
  it.each<[string, Posting, string[]]>([
    ['payout sent', postings.payoutSent('w', m(9)), ['C in-transit:w 9', 'D loans-in-disbursement 9']],
    ['payout proved failed', postings.payoutVoided('w', m(9)), ['C loans-in-disbursement 9', 'D in-transit:w 9']],
    [
      'payout confirmed',
      postings.payoutSucceeded('w', m(9)),
      ['C loans-in-disbursement 9', 'C settlement:w 9', 'D in-transit:w 9', 'D loans-receivable 9'],
    ],
    ['payout returned', postings.payoutReturned('w', m(9)), ['C loans-receivable 9', 'D settlement:w 9']],
    ['debit presented', postings.debitSent('w', m(9)), ['C debits-in-clearing 9', 'D in-transit:w 9']],
    ['debit proved failed', postings.debitVoided('w', m(9)), ['C in-transit:w 9', 'D debits-in-clearing 9']],
    [
      'repayment received',
      postings.debitSucceeded('w', m(31), PAID, false),
      [
        'C customer-credit 16',
        'C fees-receivable 2',
        'C in-transit:w 31',
        'C interest-receivable 4',
        'C loans-receivable 8',
        'C penalty-receivable 1',
        'D debits-in-clearing 31',
        'D settlement:w 31',
      ],
    ],
    [
      'repayment received',
      postings.debitSucceeded('w', m(31), PAID, true),
      [
        'C customer-credit 16',
        'C in-transit:w 31',
        'C recovery-income 1',
        'C recovery-income 2',
        'C recovery-income 4',
        'C recovery-income 8',
        'D debits-in-clearing 31',
        'D settlement:w 31',
      ],
    ],
    [
      'repayment returned',
      postings.debitReturned('w', m(12), effect({ interest: -4, principal: -8 }), false),
      ['C settlement:w 12', 'D interest-receivable 4', 'D loans-receivable 8'],
    ],
    ['refund sent', postings.refundSent('w', m(9)), ['C in-transit:w 9', 'D refunds-in-payment 9']],
    ['refund proved failed', postings.refundVoided('w', m(9)), ['C refunds-in-payment 9', 'D in-transit:w 9']],
    [
      'surplus refunded',
      postings.refundPaid('w', m(9), effect({ surplus: -7, principal: -2 }), false),
      ['C refunds-in-payment 9', 'C settlement:w 9', 'D customer-credit 7', 'D in-transit:w 9', 'D loans-receivable 2'],
    ],
    ['refund returned', postings.refundReturned('w', m(9), effect({ surplus: 9 }), false), ['C customer-credit 9', 'D settlement:w 9']],
    ['unexplained receipt', postings.intoSuspense('w', true, m(9)), ['C suspense-long:w 9', 'D settlement:w 9']],
    ['unexplained payment', postings.intoSuspense('w', false, m(9)), ['C settlement:w 9', 'D suspense-short:w 9']],
    ['unexplained receipt given back', postings.outOfSuspense('w', true, m(9)), ['C settlement:w 9', 'D suspense-long:w 9']],
    ['unexplained payment came back', postings.outOfSuspense('w', false, m(9)), ['C suspense-short:w 9', 'D settlement:w 9']],
    [
      'unexplained receipt applied to its loan',
      postings.suspenseApplied('w', m(9), effect({ principal: 8, recovered: 1 }), false),
      ['C loans-receivable 8', 'C recovery-income 1', 'D suspense-long:w 9'],
    ],
    ['unexplained receipt kept', postings.suspenseWrittenOff('w', true, m(9)), ['C recovery-income 9', 'D suspense-long:w 9']],
    ['unexplained payment lost', postings.suspenseWrittenOff('w', false, m(9)), ['C suspense-short:w 9', 'D write-off-expense 9']],
    ['receipt that was kept given back', postings.writeOffReversed('w', true, m(9)), ['C suspense-long:w 9', 'D recovery-income 9']],
    ['payment that was lost came back', postings.writeOffReversed('w', false, m(9)), ['C write-off-expense 9', 'D suspense-short:w 9']],
    [
      'account adjusted',
      postings.adjusted(effect({ principal: 5, interest: 2, discounted: 7 }), false),
      ['C interest-receivable 2', 'C loans-receivable 5', 'D discount-expense 7'],
    ],
    ['account adjusted', postings.adjusted(effect({ writtenOff: 6 }), false), ['C loans-receivable 6', 'D write-off-expense 6']],
    ['account adjusted', postings.adjusted(effect({ writtenOff: 6 }), true), []],
    ['interest accrued', postings.accrued('interest', m(3)), ['C interest-income 3', 'D interest-receivable 3']],
    ['fee accrued', postings.accrued('fee', m(3)), ['C fee-income 3', 'D fees-receivable 3']],
    ['penalty accrued', postings.accrued('penalty', m(-3)), ['C penalty-receivable 3', 'D penalty-income 3']],
    [
      'loan charged off',
      postings.chargedOff(effect({ penalty: 1, fee: 2, interest: 4, principal: 8 })),
      ['C fees-receivable 2', 'C interest-receivable 4', 'C loans-receivable 8', 'C penalty-receivable 1', 'D charge-off-expense 15'],
    ],
    ['fees of the channel', postings.channelFeesIncurred('w', m(3)), ['C fees-payable:w 3', 'D channel-fees 3']],
  ])('%s', (description, posting, lines) => {
    expect(posting.description).toBe(description);
    expect(shown(posting)).toEqual(lines);
  });

  it('balance for every effect whose parts sum to what moved, never with a line of nothing', () => {
    const part = fc.integer({ min: -50_000, max: 50_000 });
    const parts = fc.record({
      penalty: part,
      fee: part,
      interest: part,
      principal: part,
      surplus: part,
      recovered: part,
      discounted: part,
      writtenOff: part,
    });
    fc.assert(
      fc.property(parts, fc.boolean(), (raw, isChargedOff) => {
        const of = effect(raw);
        const amount = fen(COMPONENTS.reduce((sum, name) => sum + of[name], 0) + of.surplus + of.recovered - of.discounted);
        const back = fen(0 - amount);
        for (const { lines } of [
          postings.debitSucceeded('w', amount, of, isChargedOff),
          postings.debitReturned('w', back, of, isChargedOff),
          postings.refundPaid('w', back, of, isChargedOff),
          postings.refundReturned('w', amount, of, isChargedOff),
          postings.suspenseApplied('w', amount, of, isChargedOff),
        ]) {
          expect(lines.reduce((sum, line) => sum + (line.side === 'DEBIT' ? line.amount : 0 - line.amount), 0)).toBe(0);
          expect(lines.every((line) => line.amount > 0)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});
