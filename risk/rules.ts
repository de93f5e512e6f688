import { FORBIDDEN_PURPOSES, isIdExpired, type RequirableField, type Stated } from '../domain/application/form';
import type { BusinessDate } from '../domain/time/dates';
import type { Fen } from '../domain/money/money';
import type { Product } from '../domain/product/products';
import { rational } from '../domain/money/rational';
import { ageOn } from '../domain/party/person';

/** Everything that the rules look at: kept sealed with the decision, so that it can be run again. */
export interface Applicant {
  readonly bornOn: BusinessDate;
  readonly monthlyIncome: Fen;
  readonly requested: Fen;
  readonly installment: Fen;
  /** What the person owes a month besides: open loans and offers that stand. */
  readonly others: Fen;
  readonly stated: Stated;
  readonly asOf: BusinessDate;
}

export interface RuleResult {
  readonly rule: string;
  readonly outcome: 'PASS' | 'REFER' | 'DECLINE' | 'MISSING';
  readonly reason: string;
}

export interface Decision {
  readonly outcome: 'APPROVE' | 'REFER' | 'DECLINE';
  readonly policy: string;
  readonly results: readonly RuleResult[];
  readonly notChecked: readonly string[];
}

export const POLICY = 'eligibility-rules-3';

const passes = (rule: string): RuleResult => ({ rule, outcome: 'PASS', reason: '' });

function check(rule: string, isPassed: boolean, otherwise: 'REFER' | 'DECLINE', reason: string): RuleResult {
  return isPassed ? passes(rule) : { rule, outcome: otherwise, reason };
}

/** A fact that the product asks for and nobody stated is looked at by a person; one that it does not ask for says nothing. */
function checkStated(field: RequirableField, { stated }: Applicant, product: Product, found: () => RuleResult): RuleResult {
  if (stated[field] !== null) return found();
  const isAsked = product.eligibility.required.includes(field);
  return { rule: field, outcome: 'MISSING', reason: isAsked ? `${field} was not stated` : '' };
}

function isAffordable({ installment, others, monthlyIncome, stated }: Applicant, { eligibility }: Product): boolean {
  const share = rational(eligibility.installmentToIncomeMax);
  const owed = BigInt(installment) + BigInt(others) + BigInt(stated.existingLoanObligations ?? 0);
  return owed * share.denominator <= BigInt(monthlyIncome) * share.numerator;
}

/** Rules on age, income, amount, purpose, occupation and the ID's validity. Every one is evaluated and recorded; the severest outcome counts. */
export function decide(applicant: Applicant, product: Product): Decision {
  const { eligibility } = product;
  const { stated, asOf } = applicant;
  const age = ageOn(applicant.bornOn, asOf);
  const results = [
    check(
      'age',
      age >= eligibility.ageMin && age <= eligibility.ageMax,
      'DECLINE',
      `the product is for ages ${String(eligibility.ageMin)} to ${String(eligibility.ageMax)}`,
    ),
    check('income', applicant.monthlyIncome >= eligibility.monthlyIncomeMin, 'DECLINE', 'the stated monthly income is below the minimum'),
    check(
      'affordability',
      isAffordable(applicant, product),
      'DECLINE',
      `the installment, with those of other loans and offers, is more than ${eligibility.installmentToIncomeMax} of the stated monthly income`,
    ),
    check('amount', applicant.requested <= eligibility.referAbove, 'REFER', 'amounts of this size are reviewed by a person'),
    checkStated('loanPurpose', applicant, product, () =>
      check(
        'loanPurpose',
        stated.loanPurpose === null || !FORBIDDEN_PURPOSES.includes(stated.loanPurpose),
        'DECLINE',
        'a consumer loan may not pay for housing, securities, a business or other debts',
      ),
    ),
    checkStated('employmentStatus', applicant, product, () =>
      check('employmentStatus', stated.employmentStatus !== 'STUDENT', 'DECLINE', 'no loans are made to students'),
    ),
    checkStated('idValidUntil', applicant, product, () =>
      check('idValidUntil', !isIdExpired(stated.idValidUntil, asOf), 'DECLINE', 'the ID card is out of date'),
    ),
    ...(['employmentDurationMonths', 'occupation', 'residence', 'existingLoanObligations'] as const).map((field) =>
      checkStated(field, applicant, product, () => passes(field)),
    ),
  ];
  return {
    outcome: severestOf(results),
    policy: POLICY,
    results,
    notChecked: ['credit bureau', 'income documents', 'blacklists', 'scorecard'],
  };
}

function severestOf(results: readonly RuleResult[]): Decision['outcome'] {
  if (results.some(({ outcome }) => outcome === 'DECLINE')) return 'DECLINE';
  const isOpen = results.some(({ outcome, reason }) => outcome === 'REFER' || (outcome === 'MISSING' && reason !== ''));
  return isOpen ? 'REFER' : 'APPROVE';
}
