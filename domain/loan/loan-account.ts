import { foldAccount, latestValueDate, type Account, type LoanFact } from './account';
import type { BusinessDate } from '../time/dates';
import type { Fen } from '../money/money';
import { policyOf, termsFor } from '../product/offer';
import type { Product } from '../product/products';
import type { Installment } from './schedule';

/** What is recorded about one loan, as the fold needs it. `schedule` is the signed one (version 1); restructurings are facts. */
export interface LoanRecord {
  readonly principal: Fen;
  readonly termMonths: number;
  readonly product: Product;
  readonly schedule: readonly Installment[];
  readonly facts: readonly LoanFact[];
}

/** The disbursement in force: one whose payout did not come back. */
export function disbursementOf(facts: readonly LoanFact[]): LoanFact | undefined {
  return facts.find((fact) => fact.type === 'DISBURSEMENT' && !facts.some((other) => other.type === 'REVERSAL' && other.of === fact.key));
}

/** The account of a recorded loan on a date; facts with a later value date are not known yet. */
export function loanAccount(record: LoanRecord, asOf: BusinessDate): Account {
  const disbursedOn = disbursementOf(record.facts)?.valueDate ?? asOf;
  return foldAccount({
    terms: termsFor(record, record.product, disbursedOn),
    ...(record.schedule.length === 0 ? {} : { schedule: record.schedule }),
    policy: policyOf(record.product),
    facts: record.facts,
    asOf,
  });
}

/** The account as far as anything is known: value dates may lie after the loan's own today. */
export function loanAccountNow(record: LoanRecord, today: BusinessDate): Account {
  return loanAccount(record, latestValueDate(record.facts, today));
}
