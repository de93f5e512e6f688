import { businessDate, type BusinessDate } from '../time/dates';
import { fen, ZERO, type Fen } from '../money/money';

/** One row of what a channel charges per payment, by contract. Amounts in minor units. */
interface FeeTerms {
  readonly kind: 'PAYOUT' | 'DEBIT';
  /** The first value date that it holds for, until a later row of the kind. */
  readonly from: BusinessDate;
  readonly flat: number;
  /** Millionths of the amount, rounded half up to the fen, within `least` and `most`. */
  readonly perMillion: number;
  readonly least: number;
  readonly most: number;
}

const flat = (kind: FeeTerms['kind'], from: BusinessDate, amount: number): FeeTerms => ({
  kind,
  from,
  flat: amount,
  perMillion: 0,
  least: 0,
  most: amount,
});

const SIGNED = businessDate('2026-01-01');

/** A new contract adds a row and changes none: a file of last year is judged by last year's fee. */
const FEE_TABLE: Readonly<Record<string, readonly FeeTerms[]>> = {
  wallet: [flat('PAYOUT', SIGNED, 50), { kind: 'DEBIT', from: SIGNED, flat: 0, perMillion: 100, least: 20, most: 75 }],
  cardnet: [flat('PAYOUT', SIGNED, 80), flat('DEBIT', SIGNED, 80)],
  bankdirect: [flat('PAYOUT', SIGNED, 120), flat('DEBIT', SIGNED, 120)],
};

/**
 * The fee of one payment over a channel on a value date, in minor units; nothing where no contract names one.
 * Channels bill their fees by the month: they are never taken out of what is settled.
 */
export function agreedFee(channel: string, payment: { readonly kind: string; readonly amount: number }, on: BusinessDate): Fen {
  const terms = FEE_TABLE[channel]?.findLast((each) => each.kind === payment.kind && each.from <= on);
  if (!terms) return ZERO;
  const share = terms.flat + Math.floor((payment.amount * terms.perMillion + 500_000) / 1_000_000);
  return fen(Math.min(terms.most, Math.max(terms.least, share)));
}
