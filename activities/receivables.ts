import type { LoanFile } from '../db/loans';
import { settledTotals, type Account } from '../domain/account';
import type { Components } from '../domain/allocation';
import { minus } from '../domain/money';

/** What the ledger carries for a loan: the principal, and what was accrued by the daily close and has not been received. */
export function receivables(file: Pick<LoanFile, 'loan'>, account: Account): Components {
  const paid = settledTotals(account);
  return {
    principal: account.outstanding.principal,
    interest: minus(file.loan.accrued_interest_fen, paid.interest),
    fee: minus(file.loan.accrued_fee_fen, paid.fee),
    penalty: minus(file.loan.accrued_penalty_fen, paid.penalty),
  };
}
