import { readLoanFile, recordOf } from '../db/loans';
import type { Tx } from '../db/pool';
import { latestValueDate, settledTotals, type Account } from '../domain/account';
import type { BusinessDate } from '../domain/dates';
import { loanAccount } from '../domain/loan-account';
import { minus } from '../domain/money';
import type { AccountEffect } from '../domain/postings';
import type { ActivityDeps } from './deps';

/** What changed between two folds of one loan: all that the ledger receives. */
export function effectOf(before: Account, after: Account): AccountEffect {
  const [a, b] = [settledTotals(after), settledTotals(before)];
  return {
    penalty: minus(a.penalty, b.penalty),
    fee: minus(a.fee, b.fee),
    interest: minus(a.interest, b.interest),
    principal: minus(a.principal, b.principal),
    surplus: minus(a.surplus, b.surplus),
  };
}

/** What a recorded fact changes: the fold with it minus the fold without it, on the latest day that either knows. */
export async function effectOfFact(
  deps: Pick<ActivityDeps, 'catalogue'>,
  tx: Tx,
  loanId: string,
  key: string,
  valueDate: BusinessDate,
): Promise<{ effect: AccountEffect; account: Account; isChargedOff: boolean }> {
  const file = await readLoanFile(tx, loanId);
  const record = recordOf(deps.catalogue, file);
  const asOf = latestValueDate(file.facts, valueDate);
  const without = { ...record, facts: record.facts.filter((fact) => fact.key !== key) };
  const account = loanAccount(record, asOf);
  return { effect: effectOf(loanAccount(without, asOf), account), account, isChargedOff: account.chargedOffOn !== null };
}
