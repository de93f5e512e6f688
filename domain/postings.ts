import { plus, ZERO, type Fen } from './money';
import type { Allocation } from './account';

export interface PostingLine {
  readonly account: string;
  readonly side: 'DEBIT' | 'CREDIT';
  readonly amount: Fen;
}

/** A balanced journal entry, before it has a key and a date. */
export interface Posting {
  readonly description: string;
  readonly lines: readonly PostingLine[];
}

function posting(description: string, debits: readonly (readonly [string, Fen])[], credits: readonly (readonly [string, Fen])[]): Posting {
  const lines = [
    ...debits.map(([account, amount]): PostingLine => ({ account, side: 'DEBIT', amount })),
    ...credits.map(([account, amount]): PostingLine => ({ account, side: 'CREDIT', amount })),
  ];
  return { description, lines: lines.filter((line) => line.amount > 0) };
}

/** Pending at send: the money may be on its way. */
export function payoutSent(channel: string, amount: Fen): Posting {
  return posting('payout sent', [['loans-in-disbursement', amount]], [[`in-transit:${channel}`, amount]]);
}

/** Proof of failure: the money never left. */
export function payoutVoided(channel: string, amount: Fen): Posting {
  return posting('payout proved failed', [[`in-transit:${channel}`, amount]], [['loans-in-disbursement', amount]]);
}

/** Confirmed: the loan exists from here on. */
export function payoutSucceeded(channel: string, amount: Fen): Posting {
  return posting(
    'payout confirmed',
    [
      ['loans-receivable', amount],
      [`in-transit:${channel}`, amount],
    ],
    [
      ['loans-in-disbursement', amount],
      [`settlement:${channel}`, amount],
    ],
  );
}

export function debitSent(channel: string, amount: Fen): Posting {
  return posting('debit presented', [[`in-transit:${channel}`, amount]], [['debits-in-clearing', amount]]);
}

export function debitVoided(channel: string, amount: Fen): Posting {
  return posting('debit proved failed', [['debits-in-clearing', amount]], [[`in-transit:${channel}`, amount]]);
}

/** Confirmed repayment, split as the fold allocated it. After a charge-off its principal is a recovery. */
export function debitSucceeded(channel: string, amount: Fen, allocation: Allocation, chargedOff: boolean): Posting {
  const { penalty, fee, interest, principal } = allocation.components;
  return posting(
    'repayment received',
    [
      [`settlement:${channel}`, amount],
      ['debits-in-clearing', amount],
    ],
    [
      [`in-transit:${channel}`, amount],
      ['fee-income', plus(fee, penalty)],
      ['interest-receivable', interest],
      [chargedOff ? 'recovery-income' : 'loans-receivable', principal],
      ['customer-credit', allocation.surplus],
    ],
  );
}

/** Contract interest of a day; a negative amount (an early settlement, a backdated payment) takes income back. */
export function interestAccrued(amount: Fen): Posting {
  const size = Math.abs(amount) as Fen;
  return amount >= ZERO
    ? posting('interest accrued', [['interest-receivable', size]], [['interest-income', size]])
    : posting('interest accrual taken back', [['interest-income', size]], [['interest-receivable', size]]);
}

/** Accounting only: the debt lives on. */
export function chargedOff(principal: Fen): Posting {
  return posting('principal charged off', [['charge-off-expense', principal]], [['loans-receivable', principal]]);
}
