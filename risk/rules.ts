import type { BusinessDate } from '../domain/time/dates';
import type { Fen } from '../domain/money/money';
import type { Product } from '../domain/product/products';
import { rational } from '../domain/money/rational';
import { ageOn } from '../domain/party/person';

export interface Applicant {
  readonly bornOn: BusinessDate;
  readonly monthlyIncome: Fen;
  readonly requested: Fen;
  readonly installment: Fen;
  /** What the person owes a month besides: open loans and offers that stand. */
  readonly others: Fen;
  readonly asOf: BusinessDate;
}

export interface RuleResult {
  readonly rule: string;
  readonly outcome: 'PASS' | 'REFER' | 'DECLINE';
  readonly reason: string;
}

export interface Decision {
  readonly outcome: 'APPROVE' | 'REFER' | 'DECLINE';
  readonly policy: string;
  readonly results: readonly RuleResult[];
  readonly notChecked: readonly string[];
}

const POLICY = 'eligibility-rules-2';

/** Rules on age, income and amount. Every rule is evaluated and recorded; the severest outcome counts. */
export function decide(applicant: Applicant, product: Product): Decision {
  const { eligibility } = product;
  const age = ageOn(applicant.bornOn, applicant.asOf);
  const share = rational(eligibility.installmentToIncomeMax);
  const installmentFits =
    (BigInt(applicant.installment) + BigInt(applicant.others)) * share.denominator <= BigInt(applicant.monthlyIncome) * share.numerator;
  const rule = (name: string, passed: boolean, otherwise: 'REFER' | 'DECLINE', reason: string): RuleResult => ({
    rule: name,
    outcome: passed ? 'PASS' : otherwise,
    reason: passed ? '' : reason,
  });
  const results = [
    rule(
      'age',
      age >= eligibility.ageMin && age <= eligibility.ageMax,
      'DECLINE',
      `the product is for ages ${String(eligibility.ageMin)} to ${String(eligibility.ageMax)}`,
    ),
    rule('income', applicant.monthlyIncome >= eligibility.monthlyIncomeMin, 'DECLINE', 'the stated monthly income is below the minimum'),
    rule(
      'affordability',
      installmentFits,
      'DECLINE',
      `the installment, with those of other loans and offers, is more than ${eligibility.installmentToIncomeMax} of the stated monthly income`,
    ),
    rule('amount', applicant.requested <= eligibility.referAbove, 'REFER', 'amounts of this size are reviewed by a person'),
  ];
  const severest = results.some((each) => each.outcome === 'DECLINE')
    ? 'DECLINE'
    : results.some((each) => each.outcome === 'REFER')
      ? 'REFER'
      : 'APPROVE';
  return { outcome: severest, policy: POLICY, results, notChecked: ['credit bureau', 'income documents', 'blacklists', 'scorecard'] };
}
