import type { Command } from 'commander';
import { trueCost } from '../../domain/loan/apr';
import { businessDate, businessDateOf, instant, type BusinessDate } from '../../domain/time/dates';
import { datesByRule, dueDates } from '../../domain/time/due-dates';
import { disclosureOf, METHOD_NAMES } from '../../domain/product/disclosure';
import { LoanloomError } from '../../domain/errors';
import { fenFromYuan, fen, yuan, type Fen } from '../../domain/money/money';
import { quote as quoteProduct, termsFor } from '../../domain/product/offer';
import { createCatalogue, type Product } from '../../domain/product/products';
import { rational, toDecimal } from '../../domain/money/rational';
import { roundRatio } from '../../domain/money/rounding';
import { scheduleOf, totals, type Installment } from '../../domain/loan/schedule';
import { METHODS, type LoanTerms, type Method } from '../../domain/loan/terms';

interface Options {
  readonly principal: string;
  readonly months: string;
  readonly rate: string;
  readonly method: string;
  readonly from?: string;
  readonly product?: string;
}

const FEN = { mode: 'half_up', unit: 1 } as const;

/** What is asked for, whichever method repays it. */
interface Asked {
  readonly principal: Fen;
  readonly rate: string;
  readonly months: number;
  readonly from: BusinessDate;
}

/** Monthly terms of one method on 1/12 of the yearly rate. A balloon pays 3 % of the principal a month, given principal an equal share. */
function plainTerms(method: Method, { principal, rate, months, from }: Asked): LoanTerms {
  const share = roundRatio(BigInt(principal), BigInt(months), { mode: 'down', unit: 1 });
  return {
    principal,
    disbursedOn: from,
    dates: dueDates(datesByRule({ every: { months: 1 }, count: months }, from), from, undefined),
    method,
    interest: { basis: 'periodic', annualRate: rational(rate, 'rate'), periodsPerYear: 12 },
    interestRounding: FEN,
    principalRounding: FEN,
    installment: method === 'balloon' ? { amount: roundRatio(BigInt(principal) * 3n, 100n, FEN) } : { annuity: 'exact', rounding: FEN },
    ...(method === 'fixed_principal' ? { fixedPrincipal: share } : {}),
    grace: { principalPeriods: 0, interestDeferredPeriods: 0 },
    fees: [],
    periodsPerYear: { numerator: 12n, denominator: 1n },
  };
}

function percent(rate: string | null): string {
  return rate === null ? '—' : `${toDecimal({ ...rational(rate), numerator: rational(rate).numerator * 100n }, 4)} %`;
}

function line(cells: readonly (readonly [string, number])[]): string {
  return cells.map(([text, width]) => text.padStart(width)).join('  ');
}

function printRows(rows: readonly Installment[], print: (line: string) => void): void {
  print(line([['#', 4], ['due', 10], ['principal', 14], ['interest', 12], ['fee', 8], ['payment', 14], ['balance', 14]])); // prettier-ignore
  for (const row of rows) {
    const amounts = [[row.principal, 14], [row.interest, 12], [row.fee, 8], [row.payment, 14], [row.balance, 14]] as const; // prettier-ignore
    print(line([[String(row.number), 4], [row.dueOn, 10], ...amounts.map(([amount, width]) => [yuan(amount), width] as const)]));
  }
  const sums = totals(rows);
  print(line([['sum', 4], ['', 10], [yuan(sums.principal), 14], [yuan(sums.interest), 12], [yuan(sums.fee), 8], [yuan(sums.payment), 14]])); // prettier-ignore
}

/** Every method on the same principal, rate and dates, side by side. */
function printComparison(asked: Asked, print: (line: string) => void): void {
  const { principal, rate, months } = asked;
  print('');
  print(`the same ${yuan(principal)} yuan over ${String(months)} months at ${percent(rate)} a year, by method:`);
  print(line([['method', 18], ['first payment', 14], ['last payment', 14], ['interest', 14], ['true cost (IRR)', 16], ['effective', 12]])); // prettier-ignore
  for (const method of METHODS) {
    try {
      const terms = plainTerms(method, asked);
      const rows = scheduleOf(terms);
      const { irrNominal, effective } = trueCost(terms, rows);
      const first = yuan(rows[0]?.payment ?? fen(0));
      const last = yuan(rows.at(-1)?.payment ?? fen(0));
      print(line([[method, 18], [first, 14], [last, 14], [yuan(totals(rows).interest), 14], [percent(irrNominal), 16], [percent(effective), 12]])); // prettier-ignore
    } catch (error) {
      if (!(error instanceof LoanloomError)) throw error;
      print(
        line([
          [method, 18],
          [`not possible: ${error.message}`, 0],
        ]),
      );
    }
  }
}

function printProduct(product: Product, { principal, months, from }: Omit<Asked, 'rate'>, print: (line: string) => void): void {
  const quoted = quoteProduct({ principal, termMonths: months }, product, from);
  const disclosure = disclosureOf(product, quoted, from);
  print(`${product.name.en} / ${product.name['zh-CN']}, ${METHOD_NAMES[product.method].en}, value date ${from}`);
  printRows(scheduleOf(termsFor({ principal, termMonths: months }, product, from)), print);
  print(
    `true yearly cost (nominal IRR) ${percent(quoted.apr)}, effective ${percent(quoted.effectiveRate)}; cap ${percent(disclosure.cap.annualRate)}`,
  );
  for (const cost of disclosure.costs)
    print(
      `${cost.kind.padEnd(10)}  ${cost.name.en}: ${cost.amount === null ? '' : `${yuan(cost.amount)} yuan, `}${cost.basis.en}, to ${cost.collector.en}`,
    );
  print(disclosure.statement.en);
}

export function printQuote(options: Options, print: (line: string) => void): void {
  const from = options.from === undefined ? businessDateOf(instant(Date.now())) : businessDate(options.from, 'from');
  const principal = fenFromYuan(options.principal, 'principal');
  const months = Number(options.months);
  if (principal <= 0) throw new LoanloomError('INVALID_AMOUNT', '--principal must be greater than zero');
  if (!Number.isInteger(months) || months < 1 || months > 600)
    throw new LoanloomError('VALIDATION', '--months is a whole number from 1 to 600');
  if (options.product !== undefined) {
    const product = createCatalogue().current(options.product, from);
    printProduct(product, { principal, months, from }, print);
    printComparison({ principal, rate: product.annualRate, months, from }, print);
    return;
  }
  const method = METHODS.find((each) => each === options.method);
  if (method === undefined) throw new LoanloomError('VALIDATION', `--method is one of ${METHODS.join(', ')}`);
  const asked = { principal, rate: options.rate, months, from };
  const terms = plainTerms(method, asked);
  const rows = scheduleOf(terms);
  print(`${METHOD_NAMES[method].en} / ${METHOD_NAMES[method]['zh-CN']}, value date ${from}`);
  printRows(rows, print);
  const { irrNominal, effective } = trueCost(terms, rows);
  print(`true yearly cost (nominal IRR) ${percent(irrNominal)}, effective ${percent(effective)}`);
  printComparison(asked, print);
}

export function addQuote(program: Command, print: (line: string) => void): void {
  program
    .command('quote')
    .description('a repayment schedule, its true cost, and all methods side by side; needs no running stack')
    .requiredOption('--principal <yuan>', 'such as 12000')
    .option('--months <n>', 'number of monthly installments', '12')
    .option('--rate <fraction>', 'yearly rate, "0.12" is 12 %', '0.12')
    .option('--method <name>', METHODS.join(', '), 'equal_installment')
    .option('--from <date>', 'value date of the payout, by default today')
    .option('--product <id>', 'a product of the catalogue instead of rate and method')
    .action((options: Options) => {
      printQuote(options, print);
    });
}
