import { COMPONENTS, sumOf, type Component, type Components } from '../money/allocation';
import { fen, ZERO, type Fen } from '../money/money';
import { accountAt, type LedgerCode } from './chart';

export interface PostingLine {
  readonly account: LedgerCode;
  readonly side: 'DEBIT' | 'CREDIT';
  readonly amount: Fen;
}

/** What an entry is about: one word per posting of this file, a column in the journal. */
export const ENTRY_KINDS = [
  'PAYOUT_SENT',
  'PAYOUT_VOIDED',
  'PAYOUT_SUCCEEDED',
  'PAYOUT_RETURNED',
  'DEBIT_SENT',
  'DEBIT_VOIDED',
  'DEBIT_SUCCEEDED',
  'DEBIT_RETURNED',
  'REFUND_SENT',
  'REFUND_VOIDED',
  'REFUND_SUCCEEDED',
  'REFUND_RETURNED',
  'SUSPENDED',
  'SUSPENSE_CLEARED',
  'SUSPENSE_APPLIED',
  'SUSPENSE_WRITTEN_OFF',
  'WRITE_OFF_REVERSED',
  'ADJUSTED',
  'ACCRUED',
  'CHARGED_OFF',
  'CHANNEL_FEES',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** A balanced journal entry, before it has a key and a date. */
export interface Posting {
  readonly kind: EntryKind;
  readonly description: string;
  readonly lines: readonly PostingLine[];
}

/** A negative amount is the same amount on the other side. */
const debit = (account: LedgerCode, amount: Fen): PostingLine =>
  amount >= 0 ? { account, side: 'DEBIT', amount } : { account, side: 'CREDIT', amount: fen(0 - amount) };
const credit = (account: LedgerCode, amount: Fen): PostingLine => debit(account, fen(0 - amount));

const posting = (kind: EntryKind, description: string, lines: readonly PostingLine[]): Posting => ({
  kind,
  description,
  lines: lines.filter((line) => line.amount > 0),
});

/** Pending at send: the money may be on its way. */
export function payoutSent(channel: string, amount: Fen): Posting {
  return posting('PAYOUT_SENT', 'payout sent', [debit('loans-in-disbursement', amount), credit(accountAt('in-transit', channel), amount)]);
}

/** Proof of failure: the money never left. */
export function payoutVoided(channel: string, amount: Fen): Posting {
  return posting('PAYOUT_VOIDED', 'payout proved failed', [
    debit(accountAt('in-transit', channel), amount),
    credit('loans-in-disbursement', amount),
  ]);
}

/** Confirmed: the loan exists from here on. */
export function payoutSucceeded(channel: string, amount: Fen): Posting {
  return posting('PAYOUT_SUCCEEDED', 'payout confirmed', [
    debit('loans-receivable', amount),
    debit(accountAt('in-transit', channel), amount),
    credit('loans-in-disbursement', amount),
    credit(accountAt('settlement', channel), amount),
  ]);
}

export function debitSent(channel: string, amount: Fen): Posting {
  return posting('DEBIT_SENT', 'debit presented', [debit(accountAt('in-transit', channel), amount), credit('debits-in-clearing', amount)]);
}

export function debitVoided(channel: string, amount: Fen): Posting {
  return posting('DEBIT_VOIDED', 'debit proved failed', [
    debit('debits-in-clearing', amount),
    credit(accountAt('in-transit', channel), amount),
  ]);
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

const RECEIVABLE = {
  penalty: 'penalty-receivable',
  fee: 'fees-receivable',
  interest: 'interest-receivable',
  principal: 'loans-receivable',
} as const satisfies Record<Component, LedgerCode>;

/** Where each component of an account is booked; after a charge-off whatever comes in is a recovery. */
function accountOf(component: Component, isChargedOff: boolean): LedgerCode {
  if (isChargedOff) return 'recovery-income';
  return RECEIVABLE[component];
}

/** The credits of what an effect settled. */
function settled(effect: AccountEffect, isChargedOff: boolean): PostingLine[] {
  // What is charged off is an expense already.
  const principal = isChargedOff ? ZERO : effect.writtenOff;
  return [
    ...COMPONENTS.map((component) => credit(accountOf(component, isChargedOff), effect[component])),
    credit('customer-credit', effect.surplus),
    credit('recovery-income', effect.recovered),
    debit('discount-expense', effect.discounted),
    credit('loans-receivable', principal),
    debit('write-off-expense', principal),
  ];
}

/** Confirmed repayment; the effect's parts sum to its amount. */
export function debitSucceeded(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('DEBIT_SUCCEEDED', 'repayment received', [
    debit(accountAt('settlement', channel), amount),
    debit('debits-in-clearing', amount),
    credit(accountAt('in-transit', channel), amount),
    ...settled(effect, isChargedOff),
  ]);
}

/** A repayment that its bank took back: what it had settled is owed again. */
export function debitReturned(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('DEBIT_RETURNED', 'repayment returned', [
    credit(accountAt('settlement', channel), amount),
    ...settled(effect, isChargedOff),
  ]);
}

/** A payout that came back: the borrower never had it. */
export function payoutReturned(channel: string, amount: Fen): Posting {
  return posting('PAYOUT_RETURNED', 'payout returned', [
    debit(accountAt('settlement', channel), amount),
    credit('loans-receivable', amount),
  ]);
}

/** Surplus on its way back to the borrower. */
export function refundSent(channel: string, amount: Fen): Posting {
  return posting('REFUND_SENT', 'refund sent', [debit('refunds-in-payment', amount), credit(accountAt('in-transit', channel), amount)]);
}

export function refundVoided(channel: string, amount: Fen): Posting {
  return posting('REFUND_VOIDED', 'refund proved failed', [
    debit(accountAt('in-transit', channel), amount),
    credit('refunds-in-payment', amount),
  ]);
}

/** Confirmed refund; the effect's parts sum to minus its amount. What its surplus no longer covers is lent once more. */
export function refundPaid(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('REFUND_SUCCEEDED', 'surplus refunded', [
    debit(accountAt('in-transit', channel), amount),
    credit('refunds-in-payment', amount),
    credit(accountAt('settlement', channel), amount),
    ...settled(effect, isChargedOff),
  ]);
}

/** A refund that came back: the borrower's credit again, or no longer owed where it had been lent once more. */
export function refundReturned(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('REFUND_RETURNED', 'refund returned', [debit(accountAt('settlement', channel), amount), ...settled(effect, isChargedOff)]);
}

/** Money that moved at the channel and belongs to no payment of ours: what came in is owed, what left is claimed. */
export function intoSuspense(channel: string, comesIn: boolean, amount: Fen): Posting {
  return comesIn
    ? posting('SUSPENDED', 'unexplained receipt', [
        debit(accountAt('settlement', channel), amount),
        credit(accountAt('suspense-long', channel), amount),
      ])
    : posting('SUSPENDED', 'unexplained payment', [
        debit(accountAt('suspense-short', channel), amount),
        credit(accountAt('settlement', channel), amount),
      ]);
}

/** The counterpart of money in suspense arrived: the channel gave back what it had moved. */
export function outOfSuspense(channel: string, cameIn: boolean, amount: Fen): Posting {
  return cameIn
    ? posting('SUSPENSE_CLEARED', 'unexplained receipt given back', [
        debit(accountAt('suspense-long', channel), amount),
        credit(accountAt('settlement', channel), amount),
      ])
    : posting('SUSPENSE_CLEARED', 'unexplained payment came back', [
        debit(accountAt('settlement', channel), amount),
        credit(accountAt('suspense-short', channel), amount),
      ]);
}

/** Two people decided whose money it is: the receipt is the loan's repayment. */
export function suspenseApplied(channel: string, amount: Fen, effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('SUSPENSE_APPLIED', 'unexplained receipt applied to its loan', [
    debit(accountAt('suspense-long', channel), amount),
    ...settled(effect, isChargedOff),
  ]);
}

/** A person decided that suspense stays with us: a loss, or income where nobody claims it. Never decided by a program. */
export function suspenseWrittenOff(channel: string, cameIn: boolean, amount: Fen): Posting {
  return cameIn
    ? posting('SUSPENSE_WRITTEN_OFF', 'unexplained receipt kept', [
        debit(accountAt('suspense-long', channel), amount),
        credit('recovery-income', amount),
      ])
    : posting('SUSPENSE_WRITTEN_OFF', 'unexplained payment lost', [
        debit('write-off-expense', amount),
        credit(accountAt('suspense-short', channel), amount),
      ]);
}

/** What was written off came back after all: the loss (or the income) was none. */
export function writeOffReversed(channel: string, cameIn: boolean, amount: Fen): Posting {
  return cameIn
    ? posting('WRITE_OFF_REVERSED', 'receipt that was kept given back', [
        debit('recovery-income', amount),
        credit(accountAt('suspense-long', channel), amount),
      ])
    : posting('WRITE_OFF_REVERSED', 'payment that was lost came back', [
        debit(accountAt('suspense-short', channel), amount),
        credit('write-off-expense', amount),
      ]);
}

/** A fact without money that moved earlier allocations or gave something up; the effect's parts sum to nothing. */
export function adjusted(effect: AccountEffect, isChargedOff: boolean): Posting {
  return posting('ADJUSTED', 'account adjusted', [...settled(effect, isChargedOff)]);
}

/** Income components of the daily close. */
export const ACCRUED = ['interest', 'fee', 'penalty'] as const;
export type AccruedComponent = (typeof ACCRUED)[number];

const INCOME = { interest: 'interest-income', fee: 'fee-income', penalty: 'penalty-income' } as const;

/** What a day earned of one component; a negative amount (an early settlement, a waiver, a backdated payment) takes income back. */
export function accrued(component: AccruedComponent, amount: Fen): Posting {
  return posting('ACCRUED', `${component} accrued`, [debit(accountOf(component, false), amount), credit(INCOME[component], amount)]);
}

/** Accounting only: the debt lives on. What was accrued and not received is charged off with the principal. */
export function chargedOff(owed: Components): Posting {
  return posting('CHARGED_OFF', 'loan charged off', [
    debit('charge-off-expense', sumOf(owed)),
    ...COMPONENTS.map((component) => credit(accountOf(component, false), owed[component])),
  ]);
}

/** What a channel may charge for a day's payments, until its bill comes. */
export function channelFeesIncurred(channel: string, amount: Fen): Posting {
  return posting('CHANNEL_FEES', 'fees of the channel', [
    debit('channel-fees', amount),
    credit(accountAt('fees-payable', channel), amount),
  ]);
}
