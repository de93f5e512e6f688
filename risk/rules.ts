import { FORBIDDEN_PURPOSES, isIdExpired, isIdPlausible, type RequirableField, type Stated } from '../domain/application/form';
import type { BusinessDate } from '../domain/time/dates';
import type { Fen } from '../domain/money/money';
import { limitsOn } from '../domain/product/limits';
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
  /** Lent or promised to the person besides, in fen. */
  readonly otherPrincipal: Fen;
  readonly stated: Stated;
  /** The person does not agree to be decided about by rules alone (PIPL 24). */
  readonly wantsPerson: boolean;
  /** A person looked at an earlier round: rules alone offer nothing after that. */
  readonly wasReferred: boolean;
  readonly asOf: BusinessDate;
}

export interface RuleResult {
  readonly rule: string;
  readonly outcome: 'PASS' | 'REFER' | 'DECLINE' | 'MISSING';
  readonly reason: string;
}

export interface Decision {
  readonly outcome: 'APPROVE' | 'REFER' | 'DECLINE';
  /** What the rules alone say. */
  readonly byRules: 'APPROVE' | 'REFER' | 'DECLINE';
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
  const exposure = applicant.requested + applicant.otherPrincipal;
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
    check('amount', exposure <= eligibility.referAbove, 'REFER', 'amounts of this size are reviewed by a person'),
    check(
      'legalLimit',
      exposure <= (limitsOn(asOf)?.principalMax ?? exposure),
      'DECLINE',
      'with other loans and offers it is more than may be lent to one person',
    ),
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
      isIdExpired(stated.idValidUntil, asOf)
        ? check('idValidUntil', false, 'DECLINE', 'the ID card is out of date')
        : check('idValidUntil', isIdPlausible(stated.idValidUntil, age, asOf), 'REFER', 'no ID card is issued for so long at this age'),
    ),
    ...(['employmentDurationMonths', 'occupation', 'residence', 'existingLoanObligations'] as const).map((field) =>
      checkStated(field, applicant, product, () => passes(field)),
    ),
  ];
  const byRules = severestOf(results);
  const outcome = applicant.wantsPerson || (applicant.wasReferred && byRules === 'APPROVE') ? 'REFER' : byRules;
  return {
    outcome,
    byRules,
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
