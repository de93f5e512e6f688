import { recordOf, type LoanFile } from '../../db/loan/loan-file';
import type { Account } from '../../domain/loan/account';
import type { BusinessDate } from '../../domain/time/dates';
import { loanAccountNow } from '../../domain/loan/loan-account';
import type { ActivityDeps } from '../deps';

/** The account as far as anything is known: value dates may lie after the loan's own today. */
export function accountNow(deps: Pick<ActivityDeps, 'catalogue'>, file: LoanFile, today: BusinessDate): Account {
  return loanAccountNow(recordOf(deps.catalogue, file), today);
}
