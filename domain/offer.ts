import { annualIrr, assertWithinCap } from './apr';
import { CN_MAINLAND } from './calendar';
import type { BusinessDate } from './dates';
import { LoanloomError } from './errors';
import { fen, plus, ZERO, yuan, type Fen } from './money';
import type { Product } from './products';
import { rational } from './rational';
import { equalInstallmentSchedule, totals, type Installment } from './schedule';

/** What a borrower asks for. */
export interface LoanRequest {
  readonly principal: Fen;
  readonly termMonths: number;
}

/** Terms as they would bind, with the true yearly cost. The dates are illustrative until the payout is confirmed. */
export interface Quote extends LoanRequest {
  readonly annualRate: string;
  readonly apr: string;
  readonly schedule: readonly Installment[];
  readonly firstInstallment: Fen;
  readonly totalPayment: Fen;
  readonly totalInterest: Fen;
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

/** The schedule of a product for one request and value date: the same function for a quote, an offer and the binding version. */
export function scheduleFor(request: LoanRequest, product: Product, disbursedOn: BusinessDate): Installment[] {
  return equalInstallmentSchedule({
    principal: request.principal,
    annualRate: rational(product.annualRate),
    periodsPerYear: product.interest.periodsPerYear,
    count: request.termMonths,
    disbursedOn,
    interestRounding: product.interest.rounding,
    feePerInstallment: product.fees.reduce((sum, fee) => plus(sum, fee.amount), ZERO),
    holidayRule: product.dueDates.holidayRule,
    calendar: CN_MAINLAND,
  });
}

/**
 * Quotes a request: limits, schedule, annualised IRR over all payments including fees, and the cap on
 * that all-in figure (APR_CAP_EXCEEDED). Called when quoting, offering and again when signing.
 */
export function quote(request: LoanRequest, product: Product, disbursedOn: BusinessDate): Quote {
  assertOffered(request, product);
  const schedule = scheduleFor(request, product, disbursedOn);
  const apr = annualIrr(
    request.principal,
    schedule.map((row) => row.payment),
    product.interest.periodsPerYear,
  );
  assertWithinCap(apr, product.aprCap.annualRate);
  const sums = totals(schedule);
  return {
    ...request,
    annualRate: product.annualRate,
    apr,
    schedule,
    firstInstallment: schedule[0]?.payment ?? fen(0),
    totalPayment: sums.payment,
    totalInterest: sums.interest,
  };
}
