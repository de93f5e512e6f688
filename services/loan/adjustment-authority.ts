import type { Tx } from '../../db/pool';
import type { Account, LoanFact } from '../../domain/loan/account';
import { factsInForce } from '../../domain/loan/account/facts';
import { addDays, daysBetween, type BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { capOn } from '../../domain/product/offer';
import type { Product } from '../../domain/product/products';
import { rational } from '../../domain/money/rational';
import { assertRemainingCostWithin } from '../../domain/loan/remaining-cost';
import { sumOf } from '../../domain/money/allocation';

/** Days over which what one person decides alone adds up: small amounts one after another are one decision. */
const WINDOW_DAYS = 30;

interface Decision {
  readonly loanId: string;
  readonly fact: LoanFact;
  readonly facts: readonly LoanFact[];
  readonly before: Account;
  readonly after: Account;
  readonly product: Product;
  readonly today: BusinessDate;
}

/** What decisions of a type have come to on this loan lately, by people who decided alone. */
async function decidedAlone(tx: Tx, { loanId, fact, today }: Decision): Promise<number> {
  const row = await tx('loan_transactions')
    .where({ loan_id: loanId, type: fact.type })
    .whereNull('approved_by')
    .where('business_date', '>', addDays(today, -WINDOW_DAYS))
    .first<{ sum: number }>(tx.raw('coalesce(sum(amount_fen), 0)::bigint AS sum'));
  return row.sum;
}

const isAbove = (a: string, b: string) => {
  const [x, y] = [rational(a), rational(b)];
  return x.numerator * y.denominator > y.numerator * x.denominator;
};

/** The contract rate in force before a decision. */
function rateBefore({ facts, fact, product }: Decision): string {
  const changes = factsInForce(facts, fact.valueDate).filter((each) => each.type === 'RATE_CHANGE');
  return changes.at(-1)?.annualRate ?? product.annualRate;
}

/** What a decision takes from the interest of the whole loan, in minor units. */
function interestForgone({ before, after }: Decision): number {
  const interestOf = ({ installments }: Account) =>
    installments.reduce((sum, row) => sum + row.paid.interest + row.outstanding.interest, 0);
  return interestOf(before) - interestOf(after);
}

/** Whether a decision is for two: above what the product lets one person decide, or raising what the borrower pays for good. */
export async function needsSecond(tx: Tx, decision: Decision): Promise<boolean> {
  const { fact, facts, after, before, product, today } = decision;
  const { authority } = product;
  switch (fact.type) {
    case 'CHARGE':
      return (await decidedAlone(tx, decision)) + fact.amount > authority.charge;
    case 'WAIVER':
      return (await decidedAlone(tx, decision)) + fact.amount > authority.waiver;
    case 'SETTLEMENT_DISCOUNT':
      return (await decidedAlone(tx, decision)) + fact.amount > authority.discount;
    case 'WRITEOFF':
      return sumOf(after.writtenOff ?? before.outstanding) > authority.writeOff;
    case 'RATE_CHANGE':
      return isAbove(fact.annualRate, rateBefore(decision)) || fact.valueDate < today || interestForgone(decision) > authority.waiver;
    case 'REAGE':
      return fact.count > authority.reagePeriods || factsInForce(facts, fact.valueDate).some((each) => each.type === 'REAGE');
    case 'HARDSHIP_PAUSE':
      return (
        fact.interest === 'none' &&
        (daysBetween(fact.valueDate, fact.until) > authority.pauseDays ||
          interestForgone(decision) > authority.waiver ||
          factsInForce(facts, fact.valueDate).some((each) => each.type === 'HARDSHIP_PAUSE' && each.interest === 'none'))
      );
    case 'REVERSAL': {
      const target = facts.find((each) => each.key === fact.of);
      return (
        target !== undefined &&
        target.type !== 'REVERSAL' &&
        needsSecond(tx, { ...decision, fact: { ...target, key: fact.key }, facts: facts.filter((each) => each !== target) })
      );
    }
    default:
      return false;
  }
}

/** What a product does not allow, whoever decides it: APR_CAP_EXCEEDED, TERM_NOT_OFFERED. */
export function assertAllowed({ fact, before, after, product, today }: Decision): void {
  if (fact.type === 'RATE_CHANGE' || fact.type === 'CHARGE')
    assertRemainingCostWithin(before, after, today, capOn(product, today).annualRate);
  if (fact.type === 'TERM_EXTENSION' && after.installments.length > product.term.max)
    throw new LoanloomError(
      'TERM_NOT_OFFERED',
      `the product ends after ${String(product.term.max)} months: the term cannot be extended beyond`,
      { path: 'periods' },
    );
  if (fact.type === 'REAGE' && fact.count > product.term.max)
    throw new LoanloomError('TERM_NOT_OFFERED', `the product allows at most ${String(product.term.max)} installments`, { path: 'count' });
}
