import fc from 'fast-check';
import { agreedFee } from '../../../domain/payment/channel-fees';
import { businessDate } from '../../../domain/time/dates';

const DAY = businessDate('2026-11-23');
const fee = (channel: string, kind: string, amount: number, on = DAY) => agreedFee(channel, { kind, amount }, on);

describe('what a channel may charge', () => {
  it('is the flat amount of its contract, or a share within its bounds, rounded half up to the fen', () => {
    expect([fee('wallet', 'PAYOUT', 1), fee('wallet', 'PAYOUT', 20_000_000), fee('bankdirect', 'DEBIT', 1)]).toEqual([50, 50, 120]);
    expect([1, 204_999, 205_000, 214_999, 745_000, 20_000_000].map((amount) => fee('wallet', 'DEBIT', amount))).toEqual([
      20, 20, 21, 21, 75, 75,
    ]);
  });

  it('is nothing before the first contract, for what has no price, and at a channel without one', () => {
    expect([
      fee('wallet', 'PAYOUT', 1_000, businessDate('2025-12-31')),
      fee('wallet', 'RETURN', 1_000),
      fee('other', 'DEBIT', 1_000),
    ]).toEqual([0, 0, 0]);
  });

  it('never falls as the amount grows', () => {
    fc.assert(
      fc.property(fc.nat(500_000_000), fc.nat(1_000_000), (amount, more) => {
        expect(fee('wallet', 'DEBIT', amount + more)).toBeGreaterThanOrEqual(fee('wallet', 'DEBIT', amount));
      }),
    );
  });
});
