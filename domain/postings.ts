import { fen, plus, type Fen } from './money';
import type { Components } from './account';

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
  // A negative amount is the same amount on the other side.
  const line = (side: PostingLine['side'], other: PostingLine['side'], account: string, amount: Fen): PostingLine =>
    amount >= 0 ? { account, side, amount } : { account, side: other, amount: fen(0 - amount) };
  const lines = [
    ...debits.map(([account, amount]) => line('DEBIT', 'CREDIT', account, amount)),
    ...credits.map(([account, amount]) => line('CREDIT', 'DEBIT', account, amount)),
  ];
  return { description, lines: lines.filter((each) => each.amount > 0) };
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

/** What a confirmed repayment changed in the account: the fold with it minus the fold without it. Backdated money may shift earlier splits, so single components may be negative; they sum to its amount. */
export type RepaymentEffect = Components & { readonly surplus: Fen };

/** Confirmed repayment. After a charge-off its principal is a recovery. */
export function debitSucceeded(channel: string, amount: Fen, effect: RepaymentEffect, isChargedOff: boolean): Posting {
  return posting(
    'repayment received',
    [
      [`settlement:${channel}`, amount],
      ['debits-in-clearing', amount],
    ],
    [
      [`in-transit:${channel}`, amount],
      ['fee-income', plus(effect.fee, effect.penalty)],
      ['interest-receivable', effect.interest],
      [isChargedOff ? 'recovery-income' : 'loans-receivable', effect.principal],
      ['customer-credit', effect.surplus],
    ],
  );
}

/** Contract interest of a day; a negative amount (an early settlement, a backdated payment) takes income back. */
export function interestAccrued(amount: Fen): Posting {
  return posting('interest accrued', [['interest-receivable', amount]], [['interest-income', amount]]);
}

/** Accounting only: the debt lives on. */
export function chargedOff(principal: Fen): Posting {
  return posting('principal charged off', [['charge-off-expense', principal]], [['loans-receivable', principal]]);
}
