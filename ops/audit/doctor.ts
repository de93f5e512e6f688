import type { Client } from '@temporalio/client';
import { businessNow } from '../../db/clock';
import { readLoanFile, recordOf } from '../../db/loan/loan-file';
import type { Vault } from '../../db/party/vault';
import type { Db } from '../../db/pool';
import { missingKeys } from '../../services/party/key-check';
import { loanAccount } from '../../domain/loan/loan-account';
import { createCatalogue } from '../../domain/product/products';
import { yuan } from '../../domain/money/money';
import type { BankBooks } from './bank-books';
import { orphans } from './workflows';
import { checkInvariants, type CheckResult } from './invariants';
import { workflowShapes } from '../../domain/keys';

export interface DoctorReport {
  readonly businessDate: string;
  readonly loans: readonly LoanLine[];
  readonly checks: readonly CheckResult[];
}

/** One loan as the doctor prints it: the same before and after a kill when nothing was lost. */
export interface LoanLine {
  readonly loanId: string;
  readonly runId: string;
  readonly status: string;
  readonly next: string;
  readonly account: string;
}

async function runIdOf(client: Client, loanId: string): Promise<string> {
  return client.workflow
    .getHandle(workflowShapes.loan(loanId))
    .describe()
    .then((description) => `${description.runId} ${description.status.name}`)
    .catch(() => 'no workflow');
}

export async function loanLine(db: Db, client: Client, loanId: string): Promise<LoanLine> {
  const { today } = await businessNow(db);
  const file = await readLoanFile(db, loanId);
  const account = loanAccount(recordOf(createCatalogue(), file), today);
  return {
    loanId,
    runId: await runIdOf(client, loanId),
    status: file.loan.status,
    next: file.loan.next_kind === null ? 'nothing yet' : `${file.loan.next_kind} at ${file.loan.next_at ?? 'an operator’s word'}`,
    account: `principal ${yuan(account.outstanding.principal)}, interest ${yuan(account.outstanding.interest)}, owed now ${yuan(account.owedNow)}, ${account.bucket}`,
  };
}

/** A keeper of keys that does not answer is no contradiction, and is said. */
async function keysAreThere(db: Db, vault: Vault): Promise<CheckResult> {
  const violations = await missingKeys({ db, vault }).catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
  return { invariant: 'KEYS', claim: 'every key version that the database needs is with the key provider', violations };
}

export async function examine(input: { db: Db; client: Client; booksUrl?: string; vault?: Vault }): Promise<DoctorReport> {
  const { db, client } = input;
  const { today } = await businessNow(db);
  const ids = await db('loans').orderBy('id').limit(200).select<{ id: string }[]>('id');
  const books = input.booksUrl === undefined ? undefined : ((await (await fetch(input.booksUrl)).json()) as BankBooks);
  return {
    businessDate: today,
    loans: await Promise.all(ids.map(({ id }) => loanLine(db, client, id))),
    checks: [
      ...(await checkInvariants({ db, client, ...(books === undefined ? {} : { books }) })),
      ...(input.vault ? [await keysAreThere(db, input.vault)] : []),
    ],
  };
}

/**
 * Starts the workflow of every open loan, application, payout and break that has none, from Postgres alone (I11). Safe to repeat: the
 * workflow id refuses a second one, and business keys refuse a second payout or debit.
 */
export async function repair(db: Db, client: Client, isEnded = false): Promise<string[]> {
  const missing = await orphans(db, client, isEnded);
  const { now } = await businessNow(db);
  for (const each of missing) await each.restart(now);
  return missing.map((each) => each.workflowId);
}

export function printReport(report: DoctorReport, print: (line: string) => void): void {
  print(`business date ${report.businessDate}, ${String(report.loans.length)} loans`);
  for (const line of report.loans)
    print(`  ${line.loanId}  ${line.status}  run ${line.runId}\n    next: ${line.next}\n    account: ${line.account}`);
  for (const check of report.checks) {
    print(`${check.violations.length === 0 ? 'holds ' : 'BROKEN'}  ${check.invariant}  ${check.claim}`);
    for (const violation of check.violations) print(`        ${violation}`);
  }
}
