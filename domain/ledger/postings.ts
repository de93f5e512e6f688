import { COMPONENTS, sumOf, type Component, type Components } from '../money/allocation';
import { fen, ZERO, type Fen } from '../money/money';

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

/**
 * What a fact changed in the account: the fold with it minus the fold without it. Backdated facts may shift earlier
 * splits, so single components may be negative. What money moved is the sum of components, recovered and surplus
 * less what was discounted.
 */
export interface AccountEffect extends Components {
  readonly surplus: Fen;
  /** Of what was written off. */
  readonly recovered: Fen;
  /** Forgiven in a settlement: part of what the components say is settled. */
  readonly discounted: Fen;
  /** Principal given up; income that was accrued and never received is taken back by the daily close. */
  readonly writtenOff: Fen;
}

/** Where each component of an account is booked; after a charge-off whatever comes in is a recovery. */
function accountOf(component: Component, isChargedOff: boolean): string {
  if (isChargedOff) return 'recovery-income';
  return { penalty: 'penalty-receivable', fee: 'fees-receivable', interest: 'interest-receivable', principal: 'loans-receivable' }[
    component
  ];
}

function settled(effect: AccountEffect, isChargedOff: boolean): [string, Fen][] {
  // What is charged off is an expense already.
  const principal = isChargedOff ? ZERO : effect.writtenOff;
  return [
    ...COMPONENTS.map((component): [string, Fen] => [accountOf(component, isChargedOff), effect[component]]),
    ['customer-credit', effect.surplus],
    ['recovery-income', effect.recovered],
    ['discount-expense', fen(0 - effect.discounted)],
    ['loans-receivable', principal],
    ['write-off-expense', fen(0 - principal)],
  ];
}

/** Confirmed repayment; the effect's parts sum to its amount. */
export function debitSucceeded(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting(
    'repayment received',
    [
      [`settlement:${channel}`, amount],
      ['debits-in-clearing', amount],
    ],
    [[`in-transit:${channel}`, amount], ...settled(effect, isChargedOff)],
  );
}

/** A repayment that its bank took back: what it had settled is owed again. */
export function debitReturned(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('repayment returned', [], [[`settlement:${channel}`, amount], ...settled(effect, isChargedOff)]);
}

/** A payout that came back: the borrower never had it. */
export function payoutReturned(channel: string, amount: Fen): Posting {
  return posting('payout returned', [[`settlement:${channel}`, amount]], [['loans-receivable', amount]]);
}

/** Surplus on its way back to the borrower. */
export function refundSent(channel: string, amount: Fen): Posting {
  return posting('refund sent', [['refunds-in-payment', amount]], [[`in-transit:${channel}`, amount]]);
}

export function refundVoided(channel: string, amount: Fen): Posting {
  return posting('refund proved failed', [[`in-transit:${channel}`, amount]], [['refunds-in-payment', amount]]);
}

/** Confirmed refund; the effect's parts sum to minus its amount. What its surplus no longer covers is lent once more. */
export function refundPaid(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting(
    'surplus refunded',
    [[`in-transit:${channel}`, amount]],
    [['refunds-in-payment', amount], [`settlement:${channel}`, amount], ...settled(effect, isChargedOff)],
  );
}

/** A refund that came back: the borrower's credit again, or no longer owed where it had been lent once more. */
export function refundReturned(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('refund returned', [[`settlement:${channel}`, amount]], settled(effect, isChargedOff));
}

/** Money that moved at the channel and belongs to no payment of ours: what came in is owed, what left is claimed. */
export function intoSuspense(channel: string, comesIn: boolean, amount: Fen): Posting {
  return comesIn
    ? posting('unexplained receipt', [[`settlement:${channel}`, amount]], [[`suspense-long:${channel}`, amount]])
    : posting('unexplained payment', [[`suspense-short:${channel}`, amount]], [[`settlement:${channel}`, amount]]);
}

/** The counterpart of money in suspense arrived: the channel gave back what it had moved. */
export function outOfSuspense(channel: string, cameIn: boolean, amount: Fen): Posting {
  return cameIn
    ? posting('unexplained receipt given back', [[`suspense-long:${channel}`, amount]], [[`settlement:${channel}`, amount]])
    : posting('unexplained payment came back', [[`settlement:${channel}`, amount]], [[`suspense-short:${channel}`, amount]]);
}

/** Two people decided whose money it is: the receipt is the loan's repayment. */
export function suspenseApplied(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('unexplained receipt applied to its loan', [[`suspense-long:${channel}`, amount]], settled(effect, isChargedOff));
}

/** A person decided that suspense stays with us: a loss, or income where nobody claims it. Never decided by a program. */
export function suspenseWrittenOff(channel: string, cameIn: boolean, amount: Fen): Posting {
  return cameIn
    ? posting('unexplained receipt kept', [[`suspense-long:${channel}`, amount]], [['recovery-income', amount]])
    : posting('unexplained payment lost', [['write-off-expense', amount]], [[`suspense-short:${channel}`, amount]]);
}

/** What was written off came back after all: the loss (or the income) was none. */
export function writeOffReversed(channel: string, cameIn: boolean, amount: Fen): Posting {
  return cameIn
    ? posting('receipt that was kept given back', [['recovery-income', amount]], [[`suspense-long:${channel}`, amount]])
    : posting('payment that was lost came back', [[`suspense-short:${channel}`, amount]], [['write-off-expense', amount]]);
}

/** A fact without money that moved earlier allocations or gave something up; the effect's parts sum to nothing. */
export function adjusted(effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('account adjusted', [], settled(effect, isChargedOff));
}

/** Income components of the daily close. */
export const ACCRUED = ['interest', 'fee', 'penalty'] as const;
export type AccruedComponent = (typeof ACCRUED)[number];

const INCOME = { interest: 'interest-income', fee: 'fee-income', penalty: 'penalty-income' } as const;

/** What a day earned of one component; a negative amount (an early settlement, a waiver, a backdated payment) takes income back. */
export function accrued(component: AccruedComponent, amount: Fen): Posting {
  return posting(`${component} accrued`, [[accountOf(component, false), amount]], [[INCOME[component], amount]]);
}

/** Accounting only: the debt lives on. What was accrued and not received is charged off with the principal. */
export function chargedOff(owed: Components): Posting {
  return posting(
    'loan charged off',
    [['charge-off-expense', sumOf(owed)]],
    COMPONENTS.map((component): [string, Fen] => [accountOf(component, false), owed[component]]),
  );
}

/** What a channel may charge for a day's payments, until its bill comes. */
export function channelFeesIncurred(channel: string, amount: Fen): Posting {
  return posting('fees of the channel', [['channel-fees', amount]], [[`fees-payable:${channel}`, amount]]);
}
