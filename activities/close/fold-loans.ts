import type { ClosedLoan, LoanToClose } from '../../db/ledger/close';
import type { BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { loanAccount } from '../../domain/loan/loan-account';
import type { Product } from '../../domain/product/products';

/** Products by `id@version`, as plain data that a thread can be given. */
export type ProductTable = Readonly<Record<string, Product>>;

/**
 * Folds a page of loans for a day. Accrual = what the fold has earned to date minus what is posted; a loan
 * that is charged off accrues no income any more.
 */
export function foldLoans(products: ProductTable, loans: readonly LoanToClose[], date: BusinessDate): ClosedLoan[] {
  return loans.map((loan) => {
    const product = products[`${loan.product_id}@${String(loan.product_version)}`];
    if (!product)
      throw new LoanloomError('PRODUCT_NOT_FOUND', `there is no product ${loan.product_id} version ${String(loan.product_version)}`);
    const { principal_fen: principal, term_months: termMonths, schedule, facts, accrued } = loan;
    const account = loanAccount({ principal, termMonths, product, schedule, facts }, date);
    // From the moment of a charge-off, whatever day is closed: it has booked what was earned by then.
    const stopped = facts.some((fact) => fact.type === 'CHARGE_OFF');
    return {
      id: loan.id,
      read: loan,
      productId: loan.product_id,
      status: account.status,
      daysPastDue: account.daysPastDue,
      bucket: account.bucket,
      outstanding: account.outstanding,
      accrual: {
        interest: stopped ? 0 : account.interestAccrued - accrued.interest,
        fee: stopped ? 0 : account.feesCharged - accrued.fee,
        penalty: stopped ? 0 : account.penaltyAccrued - accrued.penalty,
      },
    };
  });
}
