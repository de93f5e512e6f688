import { readLoanFile } from '../../db/loan/loan-file';
import { at, businessDate, type BusinessDate } from '../../domain/time/dates';
import type { ActivityDeps } from '../../services/deps';
import { appointmentOf } from '../../services/loan/outlook';
import { commandLoan } from './adjust';
import { seedActiveLoan } from './seed';

/** The day of the payout. Far ahead: the database’s own clock is never later than the commands'. */
export const START = businessDate('2090-04-05');

/** Loans of 10,000.00 yuan over twelve months that were paid out on START, and what their borrowers do. */
export const withdrawals = (deps: () => ActivityDeps) => ({
  lent: async (productId = 'consumer-withdrawable') =>
    (await seedActiveLoan(deps(), { productId, principalFen: 1_000_000, termMonths: 12, on: START })).loanId,
  withdraw: (loanId: string, on: BusinessDate) =>
    commandLoan(deps(), { loanId, operation: 'WITHDRAW_AFTER_PAYOUT', body: {}, caller: 'borrower:test' }, on),
  next: async (loanId: string, on: BusinessDate, time = '12:00') =>
    appointmentOf(deps(), await readLoanFile(deps().db, loanId), at(on, time)),
});
