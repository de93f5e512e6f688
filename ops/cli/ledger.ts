import type { Command } from 'commander';
import { accountStatement, balanceAt, brokenLinks, chartOfAccounts, loanEntries } from '../../db/ledger/ledger';
import { trialBalance } from '../../db/ledger/journal';
import { businessNow } from '../../db/clock';
import { businessDate, type BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { fen, yuan } from '../../domain/money/money';
import type { Attached } from '../attach';
import { defaultCommand, withAttached } from './subcommands';

type Print = (line: string) => void;
const MOST_LINES = 10_000;
const amount = (value: number) => yuan(fen(value)).padStart(18);

async function printTrialBalance(attached: Attached, to: BusinessDate, print: Print): Promise<void> {
  const types = new Map((await chartOfAccounts(attached.db)).map((account) => [account.code, account.type]));
  const rows = await trialBalance(attached.db, to);
  print(`trial balance up to ${to}`);
  print(`${'account'.padEnd(32)}${'type'.padEnd(11)}${'debit'.padStart(18)}${'credit'.padStart(18)}${'balance'.padStart(18)}`);
  for (const row of rows)
    print(
      `${row.account.padEnd(32)}${(types.get(row.account) ?? '').padEnd(11)}${amount(row.debit)}${amount(row.credit)}${amount(row.debit - row.credit)}`,
    );
  const debit = rows.reduce((sum, row) => sum + row.debit, 0);
  const credit = rows.reduce((sum, row) => sum + row.credit, 0);
  print(`${'sum'.padEnd(43)}${amount(debit)}${amount(credit)}${amount(debit - credit)}`);
  if (debit !== credit) process.exitCode = 2;
}

async function printAccount(
  attached: Attached,
  { code, from, to, print }: { readonly code: string; readonly from: BusinessDate; readonly to: BusinessDate; readonly print: Print },
): Promise<void> {
  const { opening, lines } = await accountStatement(attached.db, code, { from, to, limit: MOST_LINES });
  print(`${code} from ${from} to ${to}; brought forward ${yuan(fen(opening))}`);
  for (const line of lines)
    print(
      `${line.businessDate}  ${line.side.padEnd(6)} ${amount(line.amountFen)} ${amount(line.balance)}  ${line.key}  ${line.description}`,
    );
  print(
    lines.length === MOST_LINES
      ? `… more than ${String(MOST_LINES)} lines: narrow the dates`
      : `balance on ${to}: ${yuan(fen(await balanceAt(attached.db, code, to)))}`,
  );
}

async function printLoan(attached: Attached, loanId: string, print: Print): Promise<void> {
  if (!(await attached.db('loans').where({ id: loanId }).first<{ id: string } | undefined>('id')))
    throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  let entry = 0;
  for (const line of await loanEntries(attached.db, loanId)) {
    if (line.id !== entry) print(`${line.businessDate}  ${line.description}  (${line.key})`);
    entry = line.id;
    print(`    ${line.side.padEnd(6)} ${line.account.padEnd(28)}${amount(line.amountFen)}`);
  }
  if (entry === 0) print('nothing is booked on this loan');
}

/** `loan ledger`: the books as finance reads them. */
export function addLedger(program: Command, print: Print): void {
  const ledger = program.command('ledger').description('the books: accounts, balances, entries, and whether any row was changed');
  const withBooks = (command: Command, work: (attached: Attached, today: BusinessDate) => Promise<void>) =>
    withAttached(command, async (attached) => work(attached, (await businessNow(attached.db)).today));
  ledger
    .command('accounts')
    .description('the chart of accounts')
    .action((_options: object, command: Command) =>
      withBooks(command, async ({ db }) => {
        for (const account of await chartOfAccounts(db)) print(`${account.type.padEnd(11)}${account.code.padEnd(32)}${account.name}`);
      }),
    );
  defaultCommand(ledger, 'trial-balance')
    .description('debit, credit and balance per account')
    .option('--to <date>', 'up to this business date, by default today')
    .action((options: { to?: string }, command: Command) =>
      withBooks(command, (attached, today) =>
        printTrialBalance(attached, options.to === undefined ? today : businessDate(options.to, 'to'), print),
      ),
    );
  ledger
    .command('account <code>')
    .description('one account’s statement')
    .option('--from <date>', 'first business date', '1900-01-01')
    .option('--to <date>', 'last business date, by default today')
    .action((code: string, options: { from: string; to?: string }, command: Command) =>
      withBooks(command, (attached, today) =>
        printAccount(attached, {
          code,
          from: businessDate(options.from, 'from'),
          to: options.to === undefined ? today : businessDate(options.to, 'to'),
          print,
        }),
      ),
    );
  ledger
    .command('loan <loanId>')
    .description('every entry booked on one loan')
    .action((loanId: string, _options: object, command: Command) => withBooks(command, (attached) => printLoan(attached, loanId, print)));
  ledger
    .command('verify')
    .description('recompute the hash chains: status 2 when a row was changed')
    .action((_options: object, command: Command) =>
      withBooks(command, async ({ db }) => {
        const faults = await brokenLinks(db);
        for (const fault of faults) print(fault);
        print(faults.length === 0 ? 'every entry is as it was written' : `${String(faults.length)} contradictions`);
        if (faults.length > 0) process.exitCode = 2;
      }),
    );
}
