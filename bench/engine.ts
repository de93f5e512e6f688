import { Loan } from 'loanjs';
import { foldAccount, type LoanFact } from '../domain/loan/account';
import { businessDate, monthsFromAnchor, addDays, type BusinessDate } from '../domain/time/dates';
import { datesByRule, dueDates } from '../domain/time/due-dates';
import { fen } from '../domain/money/money';
import { rational } from '../domain/money/rational';
import { scheduleOf, type Installment } from '../domain/loan/schedule';
import type { LoanTerms } from '../domain/loan/terms';

const START = businessDate('2026-01-31');
const FEN = { mode: 'half_up', unit: 1 } as const;

/** Terms from scratch, dates included: what every quote has to do. */
function termsOf(principal: number, annualRate: ReturnType<typeof rational>, count: number): LoanTerms {
  return {
    principal: fen(principal),
    disbursedOn: START,
    dates: dueDates(datesByRule({ every: { months: 1 }, count }, START), START, undefined),
    method: 'equal_installment',
    interest: { basis: 'periodic', annualRate, periodsPerYear: 12 },
    interestRounding: FEN,
    principalRounding: FEN,
    installment: { annuity: 'exact', rounding: FEN },
    grace: { principalPeriods: 0, interestDeferredPeriods: 0 },
    fees: [],
    periodsPerYear: { numerator: 12n, denominator: 1n },
  };
}

/** Calls a second of the best of `rounds` rounds. */
function perSecond(work: (index: number) => unknown, times: number, rounds = 3): number {
  let best = 0;
  for (let round = 0; round < rounds; round += 1) {
    const began = process.hrtime.bigint();
    for (let index = 0; index < times; index += 1) work(index);
    best = Math.max(best, times / (Number(process.hrtime.bigint() - began) / 1e9));
  }
  return best;
}

const principalOf = (index: number) => 100_000 + ((index * 7_919) % 19_900_000);

/** How many fen of loanjs's rows differ from the exact schedule: it counts in binary floating point and keeps the payment's fractions. */
function wrongRows(count: number): { rows: number; wrong: number; loansThatDoNotClose: number } {
  const rate = rational('0.12');
  let [rows, wrong, loansThatDoNotClose] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    const principal = principalOf(index);
    const exact: Installment[] = scheduleOf(termsOf(principal, rate, 12));
    const theirs = Loan(principal / 100, 12, 12, 'annuity');
    let repaid = 0;
    for (const [row, installment] of theirs.installments.entries()) {
      rows += 1;
      repaid += Math.round(installment.capital * 100);
      if (Math.round(installment.capital * 100) !== exact[row]?.principal || Math.round(installment.interest * 100) !== exact[row].interest)
        wrong += 1;
    }
    if (repaid !== principal) loansThatDoNotClose += 1;
  }
  return { rows, wrong, loansThatDoNotClose };
}

function account(months: number, facts: number): { terms: LoanTerms; facts: LoanFact[]; asOf: BusinessDate } {
  const terms = termsOf(50_000_000, rational('0.12'), months);
  const level = scheduleOf(terms)[0]?.payment ?? fen(0);
  const known: LoanFact[] = [{ key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: terms.principal }];
  for (let index = 0; index < facts; index += 1) {
    // Two part payments a month, some days late.
    const month = Math.floor(index / 2) + 1;
    const valueDate = addDays(monthsFromAnchor(START, month), index % 2 === 0 ? 0 : 6);
    known.push({ key: `p${String(index).padStart(4, '0')}`, type: 'REPAYMENT', valueDate, amount: fen(Math.floor(level / 2)) });
  }
  return { terms, facts: known, asOf: monthsFromAnchor(START, months) };
}

const POLICY = {
  allocation: {
    due: ['penalty', 'fee', 'interest', 'principal'],
    inAdvance: ['penalty', 'fee', 'interest', 'principal'],
    mode: 'horizontal',
  },
  earlyPayment: 'interest_then_principal',
  prepayment: { effect: 'advance_next', rounding: null },
  penalty: { rateMultiplier: { numerator: 3n, denominator: 2n }, on: 'principal', dayCount: 'ACT/360', graceDays: 0, cap: null },
  overdueInterest: 'none',
  payoffInterest: 'to_date',
  payoffFee: null,
} as const;

function foldMs(months: number, facts: number, interestOn: 'scheduled' | 'actual'): number {
  const input = account(months, facts);
  const fold = () => foldAccount({ ...input, policy: { ...POLICY, interestOn } });
  return 1_000 / perSecond(fold, Math.max(20, Math.floor(20_000 / months / (1 + facts / 60))));
}

/** Schedules and folds on one core, beside loanjs on the same one. */
export function benchEngine(print: (line: string) => void): void {
  const rate = rational('0.12');
  const ours = perSecond((index) => scheduleOf(termsOf(principalOf(index), rate, 12)), 100_000);
  const theirs = perSecond((index) => Loan(principalOf(index) / 100, 12, 12, 'annuity'), 100_000);
  const { rows, wrong, loansThatDoNotClose } = wrongRows(2_000);
  print('\nLoan engine, one core');
  print(
    `  12-month schedules/s   ${ours.toFixed(0)} exact, dates included (goal ≥ 100,000); loanjs ${theirs.toFixed(0)}, ratio ${(ours / theirs).toFixed(2)}`,
  );
  print(
    `  loanjs against ours    ${String(wrong)} of ${String(rows)} rows wrong in a fen, ${String(loansThatDoNotClose)} of 2000 loans do not repay their principal`,
  );
  for (const interestOn of ['scheduled', 'actual'] as const) {
    print(
      `  fold, ${interestOn.padEnd(9)}        36 months, 60 facts ${foldMs(36, 60, interestOn).toFixed(3)} ms (goal ≤ 1); 360 months, 60 facts ${foldMs(360, 60, interestOn).toFixed(3)} ms, 600 facts ${foldMs(360, 600, interestOn).toFixed(3)} ms (goal ≤ 5)`,
    );
  }
}
