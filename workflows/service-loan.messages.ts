import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Verdict } from '../services/commands';
import type { Appointment } from '../domain/loan/appointment';
import type { Instant } from '../domain/time/dates';
import type { CommandMessage } from './inbox';

/** Updates of a loan: each names a stored command; the verdict says whether it was applied. */
export const loanUpdates = {
  PAY: defineUpdate<Verdict, [CommandMessage]>('pay'),
  PROMISE_TO_PAY: defineUpdate<Verdict, [CommandMessage]>('promiseToPay'),
  HOLD: defineUpdate<Verdict, [CommandMessage]>('hold'),
  RELEASE: defineUpdate<Verdict, [CommandMessage]>('release'),
  RETRY_PAYOUT: defineUpdate<Verdict, [CommandMessage]>('retryPayout'),
  SWITCH_CHANNEL: defineUpdate<Verdict, [CommandMessage]>('switchChannel'),
  REJECT_LOAN: defineUpdate<Verdict, [CommandMessage]>('rejectLoan'),
  ADJUST: defineUpdate<Verdict, [CommandMessage]>('adjust'),
  DECIDE_ADJUSTMENT: defineUpdate<Verdict, [CommandMessage]>('decideAdjustment'),
  CHANGE_CARD: defineUpdate<Verdict, [CommandMessage]>('changeCard'),
  WITHDRAW_LOAN: defineUpdate<Verdict, [CommandMessage]>('withdrawLoan'),
  WITHDRAW_AFTER_PAYOUT: defineUpdate<Verdict, [CommandMessage]>('withdrawAfterPayout'),
} as const;

export const LOAN_UPDATE_DESCRIPTIONS: Readonly<Record<keyof typeof loanUpdates, string>> = {
  PAY: 'A payment that the borrower asked for',
  PROMISE_TO_PAY: 'A promise to pay by a date',
  HOLD: 'Stop payouts, debits and contacts until a date',
  RELEASE: 'End a hold early',
  RETRY_PAYOUT: 'Authorise a new payout after every channel refused',
  SWITCH_CHANNEL: 'Authorise a new payout, over a given channel first',
  REJECT_LOAN: 'Give up a loan whose payout failed',
  ADJUST: 'Charge, waive, restructure, discount or write off',
  DECIDE_ADJUSTMENT: 'Approve or refuse an adjustment that takes two people',
  WITHDRAW_LOAN: 'The borrower gives the loan up before its payout has begun',
  WITHDRAW_AFTER_PAYOUT: 'The borrower withdraws after the payout, and pays back',
  CHANGE_CARD: 'Another bank card for debits, payout and refunds',
};

/** Facts about the loan were committed by someone else: look again. */
export const factsChanged = defineSignal<[{ at: Instant }]>('factsChanged');

/** For debugging only; products read Postgres. */
export const getNextAppointment = defineQuery<Appointment | undefined>('getNextAppointment');
