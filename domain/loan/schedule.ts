import { equalPeriodAnnuity, exactAnnuity } from './annuity';
import type { BusinessDate } from '../time/dates';
import { LoanloomError } from '../errors';
import { fen, ZERO, type Fen } from '../money/money';
import { factor, roundProduct, roundRatio, type Factor, type Rounding } from '../money/rounding';
import { periodRates, type LoanTerms, type Method } from './terms';

/** One row of a repayment schedule. `payment` = principal + interest + fee; `balance` is the principal left after it. */
export interface Installment {
  readonly number: number;
  readonly dueOn: BusinessDate;
  readonly principal: Fen;
  readonly interest: Fen;
  readonly fee: Fen;
  readonly payment: Fen;
  readonly balance: Fen;
}

/** What splits one row: the principal of row `index` (from 0) when `interest` falls on it; the last row takes the balance instead. */
export interface RowRule {
  interest(index: number, balance: Fen): Fen;
  principal(index: number, interest: Fen, balance: Fen): Fen;
}

/** The level payment of these terms over these period rates, for rows that repay principal. */
export function levelPayment(terms: Pick<LoanTerms, 'installment' | 'interest'>, principal: Fen, rates: readonly Factor[]): Fen {
  const rule = terms.installment;
  if ('amount' in rule) return rule.amount;
  if (rule.annuity === 'exact') return exactAnnuity(principal, rates, rule.rounding);
  if (terms.interest.basis === 'daily')
    throw new LoanloomError('VALIDATION', 'a periodic annuity needs an annual rate', { path: 'installment.annuity' });
  const { annualRate } = terms.interest;
  const rate = factor({ numerator: annualRate.numerator, denominator: annualRate.denominator * BigInt(rule.periodsPerYear) });
  return equalPeriodAnnuity(principal, rate, rates.length, rule.rounding);
}

export function tooSmall(installment: Fen, interest: Fen, row: number): LoanloomError {
  return new LoanloomError(
    'INSTALLMENT_TOO_SMALL',
    `an installment of ${String(installment)} does not cover the interest of ${String(interest)} in row ${String(row)} (minor units)`,
    { path: 'installment', row },
  );
}

function installmentRows(terms: LoanTerms, rates: readonly Factor[]): RowRule {
  const { grace } = terms;
  const level = levelPayment(terms, terms.principal, rates.slice(grace.principalPeriods));
  return {
    interest: (index, balance) => roundProduct(balance, rates[index] ?? noRate(), terms.interestRounding),
    principal: (index, interest) => {
      if (level < interest) throw tooSmall(level, interest, index + 1);
      return (level - interest) as Fen;
    },
  };
}

function noRate(): never {
  throw new LoanloomError('INTERNAL', 'a row without a rate');
}

/** Flat interest (一口价): every row bears the interest of the first, whatever is repaid; the last takes what is left of the total. */
function flatRows(terms: LoanTerms): RowRule {
  const { principal, interest, interestRounding, grace } = terms;
  if (interest.basis !== 'periodic')
    throw new LoanloomError('VALIDATION', 'flat interest is counted by equal periods', { path: 'interest.basis' });
  const count = terms.dates.length;
  const { numerator, denominator } = interest.annualRate;
  const perRow = { numerator: BigInt(principal) * numerator, denominator: denominator * BigInt(interest.periodsPerYear) };
  const total = roundRatio(perRow.numerator * BigInt(count), perRow.denominator, interestRounding);
  const each = roundRatio(perRow.numerator, perRow.denominator, interestRounding);
  const rule = terms.installment;
  const repaying = BigInt(count - grace.principalPeriods);
  const level = 'amount' in rule ? rule.amount : roundRatio(BigInt(principal) + BigInt(each) * repaying, repaying, rule.rounding);
  return {
    interest: (index) =>
      index === count - 1 ? fen(Math.max(0, total - each * index)) : fen(Math.min(each, Math.max(0, total - each * index))),
    principal: (index, charged) => {
      if (level < charged) throw tooSmall(level, charged, index + 1);
      return (level - charged) as Fen;
    },
  };
}

const RULES: Readonly<Record<Method, (terms: LoanTerms, rates: readonly Factor[]) => RowRule>> = {
  equal_installment: installmentRows,
  balloon: installmentRows,
  flat: flatRows,
  equal_principal: (terms, rates) => {
    const rows = BigInt(terms.dates.length - terms.grace.principalPeriods);
    const share = roundRatio(BigInt(terms.principal), rows, terms.principalRounding);
    return { ...onBalance(terms.interestRounding, rates), principal: () => share };
  },
  interest_first: (terms, rates) => ({ ...onBalance(terms.interestRounding, rates), principal: () => ZERO }),
  fixed_principal: (terms, rates) => ({ ...onBalance(terms.interestRounding, rates), principal: () => terms.fixedPrincipal ?? ZERO }),
};

function onBalance(rounding: Rounding, rates: readonly Factor[]): Pick<RowRule, 'interest'> {
  return { interest: (index, balance) => roundProduct(balance, rates[index] ?? noRate(), rounding) };
}

/**
 * The schedule of a loan. Row k: interest = round(balance before × rₖ), payment = principal + interest;
 * the last row's principal is the remaining balance. Rows = due dates, principal sums exactly, the last
 * balance is 0; a payment that rounding made too large never takes more than the balance, so late rows
 * may be 0. Grace: the first `principalPeriods` rows bear interest only; the interest of the first
 * `interestDeferredPeriods` rows is collected by the row after them, without compounding.
 *
 * INSTALLMENT_TOO_SMALL where a payment does not cover its row's interest; GRACE_TOO_LONG where no row
 * is left to repay; VALIDATION for a method and a basis that do not go together.
 */
export function scheduleOf(terms: LoanTerms): Installment[] {
  const { dates, grace, principal } = terms;
  for (const [name, periods] of Object.entries(grace)) {
    if (periods >= dates.length)
      throw new LoanloomError('GRACE_TOO_LONG', `a grace of ${String(periods)} periods leaves no row of ${String(dates.length)}`, {
        path: `grace.${name}`,
      });
  }
  const rule = RULES[terms.method](terms, periodRates(terms.interest, terms.disbursedOn, dates));
  const fee = fen(terms.fees.reduce((sum, each) => (each.on === 'each_installment' ? sum + each.amount : sum), 0));
  const rows: Installment[] = [];
  let balance = principal;
  let deferred = 0;
  for (let index = 0; index < dates.length; index += 1) {
    const charged = rule.interest(index, balance);
    const isLast = index === dates.length - 1;
    const wanted = isLast ? balance : index < grace.principalPeriods ? ZERO : rule.principal(index, charged, balance);
    const repaid = wanted < balance ? wanted : balance;
    balance = (balance - repaid) as Fen;
    deferred += charged;
    const isDeferred = index < grace.interestDeferredPeriods;
    const interest = fen(isDeferred ? 0 : deferred);
    if (!isDeferred) deferred = 0;
    rows.push({
      number: index + 1,
      dueOn: dates[index]?.dueOn ?? terms.disbursedOn,
      principal: repaid,
      interest,
      fee,
      payment: fen(repaid + interest + fee),
      balance,
    });
  }
  return rows;
}

export interface Totals {
  readonly principal: Fen;
  readonly interest: Fen;
  readonly fee: Fen;
  readonly payment: Fen;
}

export function totals(rows: readonly Installment[]): Totals {
  let [principal, interest, fee, payment] = [0, 0, 0, 0];
  for (const row of rows) {
    principal += row.principal;
    interest += row.interest;
    fee += row.fee;
    payment += row.payment;
  }
  return { principal: fen(principal), interest: fen(interest), fee: fen(fee), payment: fen(payment) };
}
