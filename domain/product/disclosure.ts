import type { Fen } from '../money/money';
import { yuan } from '../money/money';
import { capOn, type Quote } from './offer';
import type { Product } from './products';
import { rational, toDecimal, type Rational } from '../money/rational';
import type { BusinessDate } from '../time/dates';

interface Text {
  readonly en: string;
  readonly 'zh-CN': string;
}

/** One cost: what it is, how much, who collects it, and whether it is borne in any case or only when something happens. */
export interface DisclosedCost {
  readonly name: Text;
  readonly amount: Fen | null;
  readonly basis: Text;
  readonly collector: Text;
  readonly kind: 'normal' | 'contingent';
}

/**
 * The cost disclosure table (notice on showing the all-in annualised cost of personal loans, 2025; PBoC
 * announcement 3 of 2021): principal, method, every cost in the normal case and every contingent one,
 * who collects it, the annualised rate, and the sentence that nothing else is charged.
 */
export interface Disclosure {
  readonly lender: Text;
  /** Of the product's published list: who brought the borrower, and who guarantees. */
  readonly partners: readonly { readonly name: Text; readonly role: 'marketing' | 'guarantee' }[];
  readonly complaints: Text;
  readonly principal: Fen;
  readonly termMonths: number;
  readonly method: Text;
  readonly contractRate: string;
  readonly annualisedCost: string;
  readonly effectiveCost: string;
  readonly cap: { readonly annualRate: string; readonly source: string };
  readonly costs: readonly DisclosedCost[];
  readonly totalNormalCost: Fen;
  readonly statement: Text;
}

export const METHOD_NAMES: Readonly<Record<Product['method'], Text>> = {
  equal_installment: { 'zh-CN': '等额本息', en: 'equal installments' },
  equal_principal: { 'zh-CN': '等额本金', en: 'equal principal' },
  interest_first: { 'zh-CN': '先息后本', en: 'interest first, principal last' },
  balloon: { 'zh-CN': '气球贷', en: 'given installments with a balloon' },
  fixed_principal: { 'zh-CN': '固定本金', en: 'given principal' },
  flat: { 'zh-CN': '固定利息', en: 'flat interest' },
};

const LENDER: Text = { 'zh-CN': '贷款人', en: 'the lender' };

function percent({ numerator, denominator }: Rational): string {
  return `${toDecimal({ numerator: numerator * 100n, denominator }, 4).replace(/\.?0+$/, '')} %`;
}

function normalCosts(product: Product, quote: Quote): DisclosedCost[] {
  const interest: DisclosedCost = {
    name: { 'zh-CN': '利息', en: 'Interest' },
    amount: quote.totalInterest,
    basis: { 'zh-CN': `年利率 ${percent(rational(quote.annualRate))}`, en: `${percent(rational(quote.annualRate))} a year` },
    collector: LENDER,
    kind: 'normal',
  };
  const fees = product.fees.map((fee): DisclosedCost => {
    const total = (fee.amount * quote.termMonths) as Fen;
    const collector = { 'zh-CN': fee.collector, en: fee.collector };
    return {
      name: { 'zh-CN': fee.name, en: fee.name },
      amount: total,
      basis: { 'zh-CN': `每期 ${yuan(fee.amount)} 元`, en: `${yuan(fee.amount)} yuan with each installment` },
      collector,
      kind: 'normal',
    };
  });
  return [interest, ...fees];
}

function contingentCosts(product: Product): DisclosedCost[] {
  const { penalty, payoffFee } = product.account;
  const costs: DisclosedCost[] = [];
  if (penalty) {
    const [contract, multiplier] = [rational(product.annualRate), rational(penalty.rateMultiplier)];
    const rate = percent({
      numerator: contract.numerator * multiplier.numerator,
      denominator: contract.denominator * multiplier.denominator,
    });
    costs.push({
      name: { 'zh-CN': '逾期罚息', en: 'Penalty interest when late' },
      amount: null,
      basis: {
        'zh-CN': `对逾期本金按年 ${rate} 计收，宽限期 ${String(penalty.graceDays)} 天，不计复利`,
        en: `${rate} a year on overdue principal after ${String(penalty.graceDays)} days of grace, not compounded`,
      },
      collector: LENDER,
      kind: 'contingent',
    });
  }
  if (payoffFee)
    costs.push({
      name: { 'zh-CN': '提前结清手续费', en: 'Fee for early settlement' },
      amount: null,
      basis: {
        'zh-CN': `提前结清本金的 ${percent(rational(payoffFee.rate))}`,
        en: `${percent(rational(payoffFee.rate))} of the principal settled early`,
      },
      collector: LENDER,
      kind: 'contingent',
    });
  return costs;
}

/** The table as it is hashed and kept: JSON, its names in a fixed order. Two tables with one text are one table. */
export const disclosureText = (disclosure: Disclosure): string => JSON.stringify(disclosure);

/** The table that a stored text holds; the text was written by `disclosureText`. */
export const disclosureFrom = (text: string): Disclosure => JSON.parse(text) as Disclosure;

/** The table for a quote, as data with both languages; what is drawn from it draws nothing else. */
export function disclosureOf(product: Product, quote: Quote, on: BusinessDate): Disclosure {
  const costs = [...normalCosts(product, quote), ...contingentCosts(product)];
  return {
    lender: product.lender.name,
    partners: product.partners.map(({ name, role }) => ({ name, role })),
    complaints: product.lender.complaints,
    principal: quote.principal,
    termMonths: quote.termMonths,
    method: METHOD_NAMES[product.method],
    contractRate: quote.annualRate,
    annualisedCost: quote.apr,
    effectiveCost: quote.effectiveRate,
    cap: capOn(product, on),
    costs,
    totalNormalCost: costs.reduce((sum, cost) => (cost.kind === 'normal' ? sum + (cost.amount ?? 0) : sum), 0) as Fen,
    statement: { 'zh-CN': '除上述息费外，不收取任何其他费用。', en: 'Nothing else is charged.' },
  };
}
