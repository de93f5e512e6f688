import { settledTotals, type Account } from '../domain/account';
import { minus } from '../domain/money';
import type { AccountEffect } from '../domain/postings';

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
