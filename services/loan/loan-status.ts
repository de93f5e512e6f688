import { updateLoan, type LoanRow } from '../../db/loan/loans';
import { insertLoanEvent } from '../../db/loan/loan-facts';
import type { Tx } from '../../db/pool';
import type { Account } from '../../domain/loan/account';
import type { BusinessDate, Instant } from '../../domain/time/dates';
import { keys } from '../../domain/keys';

/**
 * What a fact about a closed loan makes of it: open again where something is owed to either side (its workflow is
 * then started by the fact's notice), else closed anew on the fact's day, so that the daily close sees it once more.
 */
export async function reopenWhereOwed(
  tx: Tx,
  loan: LoanRow,
  account: Account,
  fact: { readonly key: string; readonly at: Instant; readonly businessDate: BusinessDate },
): Promise<void> {
  if (loan.closed_on === null) return;
  const status = account.overpaid > 0 ? 'OVERPAID' : account.status === 'ACTIVE' ? 'ACTIVE' : null;
  if (status === null) {
    if (loan.closed_on < fact.businessDate) await updateLoan(tx, loan.id, { closed_on: fact.businessDate });
    return;
  }
  await updateLoan(tx, loan.id, { status, closed_on: null });
  const { at, businessDate } = fact;
  await insertLoanEvent(tx, loan.id, { key: keys.reopened(fact.key), kind: 'REOPENED', at, businessDate, data: {} });
}
