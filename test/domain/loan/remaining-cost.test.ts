import { foldAccount, type LoanFact } from '../../../domain/loan/account';
import { businessDate, addDays, type BusinessDate } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import { policyOf, termsFor } from '../../../domain/product/offer';
import { parseProduct } from '../../../domain/product/products';
import consumerInstallment from '../../../domain/product/products/consumer-installment.v1.json';
import { assertRemainingCostWithin } from '../../../domain/loan/remaining-cost';

/** Guarantee: a decision that makes the rest of a loan dearer stays below the cap of its day, measured on the rest alone. */
const product = parseProduct(consumerInstallment);
const PAID_OUT = businessDate('2026-01-10');
const terms = termsFor({ principal: fen(1_200_000), termMonths: 12 }, product, PAID_OUT);
const base: LoanFact[] = [{ type: 'DISBURSEMENT', key: 'payout', valueDate: PAID_OUT, amount: fen(1_200_000) }];
const accountOn = (on: BusinessDate, facts: readonly LoanFact[]) => foldAccount({ terms, policy: policyOf(product), facts, asOf: on });
const judge = (on: BusinessDate, fact: LoanFact, cap: string, known: readonly LoanFact[] = base) => {
  try {
    assertRemainingCostWithin(accountOn(on, known), accountOn(on, [...known, fact]), on, cap);
    return 'within';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const charge = (on: BusinessDate, amount: number): LoanFact => ({
  type: 'CHARGE',
  key: 'c',
  valueDate: on,
  amount: fen(amount),
  component: 'fee',
});

describe('the cost of what remains', () => {
  it('of a loan as it is, is its own rate: the cap is met at it and not below it', () => {
    const nothing: LoanFact = { type: 'WAIVER', key: 'w', valueDate: PAID_OUT, amount: fen(1), component: 'penalty' };
    expect([judge(PAID_OUT, nothing, '0.1220'), judge(PAID_OUT, nothing, '0.1180')]).toEqual(['within', 'APR_CAP_EXCEEDED']);
  });

  it('rises with a charge, the more the less of the loan is left', () => {
    const [early, late] = [addDays(PAID_OUT, 1), businessDate('2026-11-15')];
    const paid: LoanFact[] = [...base, { type: 'REPAYMENT', key: 'p', valueDate: businessDate('2026-11-10'), amount: fen(1_066_190) }];
    expect(judge(early, charge(early, 5_000), '0.24')).toBe('within');
    expect(judge(late, charge(late, 5_000), '0.24', paid)).toBe('APR_CAP_EXCEEDED');
    expect(judge(early, charge(early, 100_000), '0.24')).toBe('APR_CAP_EXCEEDED');
  });

  it('after the last due date is what is added, as a share of what settles the loan', () => {
    const late = businessDate('2027-03-01');
    const open = accountOn(late, base).payoff.total;
    expect(judge(late, charge(late, Math.floor(open * 0.239)), '0.24')).toBe('within');
    expect(judge(late, charge(late, Math.ceil(open * 0.241)), '0.24')).toBe('APR_CAP_EXCEEDED');
    expect(judge(late, { type: 'WAIVER', key: 'w', valueDate: late, amount: fen(100), component: 'interest' }, '0')).toBe('within');
  });

  it('of a settled loan is nothing', () => {
    const late = businessDate('2027-03-01');
    const settled: LoanFact[] = [...base, { type: 'REPAYMENT', key: 'p', valueDate: late, amount: fen(2_000_000) }];
    expect(judge(late, charge(late, 1_000), '0.01', settled)).toBe('within');
  });
});
