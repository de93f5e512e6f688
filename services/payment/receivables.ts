import { postEntry } from '../../db/ledger/journal';
import { updateLoan, type LoanRow } from '../../db/loan/loans';
import type { Tx } from '../../db/pool';
import { settledTotals, type Account } from '../../domain/loan/account';
import type { Components } from '../../domain/money/allocation';
import type { BusinessDate } from '../../domain/time/dates';
import { minus } from '../../domain/money/money';
import { ACCRUED, accrued } from '../../domain/ledger/postings';
import { keys } from '../../domain/keys';

/** What a loan's receivables are by the fold: the principal, and what was earned and has not been received. */
export function receivables(account: Account): Components {
  const paid = settledTotals(account);
  return {
    principal: account.outstanding.principal,
    interest: minus(account.interestAccrued, paid.interest),
    fee: minus(account.feesCharged, paid.fee),
    penalty: minus(account.penaltyAccrued, paid.penalty),
  };
}

/**
 * Books at once what the loan has earned since the daily close last saw it (or takes back what it earned too much):
 * before its receivables are charged off, after which the close accrues nothing on it any more.
 */
export async function accrueNow(
  tx: Tx,
  loan: LoanRow,
  account: Account,
  about: { readonly key: string; readonly businessDate: BusinessDate },
): Promise<void> {
  const earned = { interest: account.interestAccrued, fee: account.feesCharged, penalty: account.penaltyAccrued };
  for (const component of ACCRUED)
    await postEntry(tx, {
      key: keys.accrualOfLoan(loan.id, component, about.key),
      loanId: loan.id,
      businessDate: about.businessDate,
      posting: accrued(component, minus(earned[component], loan[`accrued_${component}_fen`])),
    });
  await updateLoan(tx, loan.id, {
    accrued_interest_fen: earned.interest,
    accrued_fee_fen: earned.fee,
    accrued_penalty_fen: earned.penalty,
  });
}
