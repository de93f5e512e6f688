import { assertWithinCap, trueCost } from '../loan/apr';
import { CN_MAINLAND } from '../time/calendar';
import type { BusinessDate } from '../time/dates';
import { datesByRule, dueDates } from '../time/due-dates';
import { LoanloomError } from '../errors';
import { yuan, type Fen } from '../money/money';
import type { AccountPolicy } from '../loan/account/policy';
import { limitsOn } from './limits';
import type { Product } from './products';
import { ratio, rational, type Rational } from '../money/rational';
import { roundRatio, type Rounding } from '../money/rounding';
import { scheduleOf, totals, type Installment } from '../loan/schedule';
import type { InstallmentRule, InterestBasis, LoanTerms } from '../loan/terms';

/** What a borrower asks for. */
export interface LoanRequest {
  readonly principal: Fen;
  readonly termMonths: number;
}

/** Terms as they would bind, with the true yearly cost. The dates are illustrative until the payout is confirmed. */
export interface Quote extends LoanRequest {
  readonly annualRate: string;
  /** Nominal IRR of all payments including fees, per year: the figure that the cap binds. */
  readonly apr: string;
  readonly effectiveRate: string;
  readonly schedule: readonly Installment[];
  readonly firstInstallment: Fen;
  readonly totalPayment: Fen;
  readonly totalInterest: Fen;
  readonly totalFees: Fen;
}

/** AMOUNT_NOT_OFFERED or TERM_NOT_OFFERED where the law allows less on a day than the product offers. */
export function assertLawful(request: LoanRequest, on: BusinessDate): void {
  const limits = limitsOn(on);
  if (!limits) return;
  if (request.principal > limits.principalMax)
    throw new LoanloomError('AMOUNT_NOT_OFFERED', `${yuan(limits.principalMax)} yuan are the most that may be lent (${limits.source})`, {
      path: 'principal',
    });
  if (request.termMonths > limits.termMonthsMax) throw tooLong(limits.termMonthsMax, limits.source);
}

const tooLong = (months: number, source: string) =>
  new LoanloomError('TERM_NOT_OFFERED', `${String(months)} months are the longest lawful term (${source})`, { path: 'termMonths' });

/** A loan that is repaid at its end, by whatever method: most of its principal stands in the last row. */
function assertLawfulBullet(schedule: readonly Installment[], { principal, termMonths }: LoanRequest, on: BusinessDate): void {
  const limits = limitsOn(on);
  const isBullet = 2 * (schedule.at(-1)?.principal ?? 0) >= principal;
  if (limits && isBullet && termMonths > limits.bulletMonthsMax) throw tooLong(limits.bulletMonthsMax, limits.source);
}

/** AMOUNT_NOT_OFFERED or TERM_NOT_OFFERED outside the product's limits. */
export function assertOffered(request: LoanRequest, product: Product): void {
  const { amount, term } = product;
  if (request.principal < amount.min || request.principal > amount.max) {
    throw new LoanloomError('AMOUNT_NOT_OFFERED', `${product.id} is offered from ${yuan(amount.min)} to ${yuan(amount.max)} yuan`, {
      path: 'principal',
    });
  }
  if (!Number.isInteger(request.termMonths) || request.termMonths < term.min || request.termMonths > term.max) {
    throw new LoanloomError('TERM_NOT_OFFERED', `${product.id} is offered for ${String(term.min)} to ${String(term.max)} months`, {
      path: 'termMonths',
    });
  }
}

const FEN: Rounding = { mode: 'half_up', unit: 1 };

function shareOf(principal: Fen, share: string): Fen {
  const { numerator, denominator } = rational(share);
  return roundRatio(BigInt(principal) * numerator, denominator, FEN);
}

function interestOf(product: Product): InterestBasis {
  const annualRate = rational(product.annualRate);
  return product.interest.basis === 'periodic'
    ? { basis: 'periodic', annualRate, periodsPerYear: product.interest.periodsPerYear }
    : { basis: 'day_count', annualRate, convention: product.interest.convention };
}

/** Whether a due date rests on a year whose working days are not published yet; derived, so that a new calendar takes the mark away. */
export function isProvisionalDue(product: Pick<Product, 'dueDates'>, dueOn: BusinessDate): boolean {
  return product.dueDates.holidayRule !== 'same_day' && CN_MAINLAND.isProvisional(dueOn);
}

/** The terms of a product for one request and value date: the same function for a quote, an offer and the binding version. */
export function termsFor(request: LoanRequest, product: Product, disbursedOn: BusinessDate): LoanTerms {
  const { principal, termMonths } = request;
  const rounding: Rounding = { mode: product.interest.rounding, unit: 1 };
  const installment: InstallmentRule =
    product.installmentShare === undefined ? { annuity: 'exact', rounding } : { amount: shareOf(principal, product.installmentShare) };
  const dates = datesByRule({ every: { months: 1 }, count: termMonths }, disbursedOn);
  const { holidayRule, interestFollows } = product.dueDates;
  return {
    principal,
    disbursedOn,
    dates: dueDates(dates, disbursedOn, {
      rule: holidayRule,
      interestFollows,
      isWorkingDay: (date) => CN_MAINLAND.isWorkingDay(date),
    }),
    method: product.method,
    interest: interestOf(product),
    interestRounding: rounding,
    principalRounding: rounding,
    installment,
    ...(product.principalShare === undefined ? {} : { fixedPrincipal: shareOf(principal, product.principalShare) }),
    grace: { principalPeriods: 0, interestDeferredPeriods: 0 },
    fees: product.fees,
    periodsPerYear: ratio(12n, 1n),
  };
}

/** How a product's accounts take money and penalty. */
export function policyOf(product: Product): AccountPolicy {
  const { penalty, payoffFee, ...rest } = product.account;
  const share = (text: string): Rational => rational(text);
  return {
    ...rest,
    prepayment: { effect: product.account.prepayment, rounding: null },
    penalty: penalty === null ? null : { ...penalty, rateMultiplier: share(penalty.rateMultiplier) },
    payoffFee: payoffFee === null ? null : { rate: share(payoffFee.rate) },
  };
}

/** The schedule of a product for one request and value date. */
export function scheduleFor(request: LoanRequest, product: Product, disbursedOn: BusinessDate): Installment[] {
  return scheduleOf(termsFor(request, product, disbursedOn));
}

/** The cap that binds on a date: the last one in force by then. */
export function capOn(product: Product, date: BusinessDate): { readonly annualRate: string; readonly source: string } {
  const caps = product.aprCaps.filter((cap) => cap.from <= date);
  const cap = caps.at(-1) ?? product.aprCaps[0];
  if (cap === undefined) throw new LoanloomError('PRODUCT_INVALID', `product ${product.id} names no cap`);
  return cap;
}

/**
 * Quotes a request: limits, schedule, annualised IRR over all payments including fees, and the cap in
 * force on that all-in figure (APR_CAP_EXCEEDED). Called when quoting, offering and again when signing.
 */
export function quote(request: LoanRequest, product: Product, disbursedOn: BusinessDate): Quote {
  assertOffered(request, product);
  assertLawful(request, disbursedOn);
  const terms = termsFor(request, product, disbursedOn);
  const schedule = scheduleOf(terms);
  assertLawfulBullet(schedule, request, disbursedOn);
  const { irrNominal, effective } = trueCost(terms, schedule);
  if (irrNominal === null || effective === null)
    throw new LoanloomError('RATE_NOT_FOUND', 'the true yearly cost of these terms cannot be stated, so they cannot be offered');
  assertWithinCap(irrNominal, capOn(product, disbursedOn).annualRate);
  const sums = totals(schedule);
  return {
    principal: request.principal,
    termMonths: request.termMonths,
    annualRate: product.annualRate,
    apr: irrNominal,
    effectiveRate: effective,
    schedule,
    firstInstallment: schedule[0]?.payment ?? request.principal,
    totalPayment: sums.payment,
    totalInterest: sums.interest,
    totalFees: sums.fee,
  };
}
