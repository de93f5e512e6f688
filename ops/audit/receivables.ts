import { signed } from '../../db/sql';
import type { LoanFile } from '../../db/loan/loan-file';
import { recordOf } from '../../db/loan/loan-file';
import type { Db } from '../../db/pool';
import { settledTotals } from '../../domain/loan/account';
import type { Components } from '../../domain/money/allocation';
import type { BusinessDate } from '../../domain/time/dates';
import { loanAccount, loanAccountNow } from '../../domain/loan/loan-account';
import { ACCRUED } from '../../domain/ledger/postings';
import type { Catalogue } from '../../domain/product/products';

const EARLIEST = '1900-01-01' as BusinessDate;
const ACCOUNTS = {
  principal: 'loans-receivable',
  interest: 'interest-receivable',
  fee: 'fees-receivable',
  penalty: 'penalty-receivable',
} as const;
type Component = keyof typeof ACCOUNTS;
const COMPONENT_NAMES = Object.keys(ACCOUNTS) as Component[];

/** What the journal carries for each loan by component, without the accruals that the daily close keeps per loan. */
async function journalByLoan(db: Db): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
  const result = await db.raw<{ rows: { loan_id: string; account: string; balance: number }[] }>(
    `SELECT e.loan_id, l.account, sum(${signed('DEBIT')})::bigint AS balance
      FROM journal_lines l JOIN journal_entries e ON e.id = l.entry_id
      WHERE e.loan_id IS NOT NULL AND l.account = ANY(?) AND e.kind <> 'ACCRUED' GROUP BY 1, 2`,
    [Object.values(ACCOUNTS)],
  );
  const byLoan = new Map<string, Record<string, number>>();
  for (const row of result.rows) byLoan.set(row.loan_id, { ...byLoan.get(row.loan_id), [row.account]: row.balance });
  return byLoan;
}

/** Loans about which something was recorded after the last close that covers them: their accruals are corrected by the next one. */
async function changedSinceClose(db: Db): Promise<ReadonlySet<string>> {
  const result = await db.raw<{ rows: { id: string }[] }>(
    `SELECT l.id FROM loans l JOIN business_day_closes c ON c.business_date = l.closed_through
      WHERE EXISTS (SELECT FROM loan_transactions t WHERE t.loan_id = l.id AND t.created_at >= c.closed_at - interval '1 hour')
         OR EXISTS (SELECT FROM payment_events e JOIN payment_instructions i ON i.id = e.instruction_id
              WHERE i.loan_id = l.id AND e.created_at >= c.closed_at - interval '1 hour')`,
  );
  return new Set(result.rows.map((row) => row.id));
}

/** What the ledger has to carry for a loan: what it has earned by its last close less what is paid; nothing once it is charged off. */
function expectedOf(catalogue: Catalogue, file: LoanFile, isChanged: boolean): Components {
  const nothing = { principal: 0, interest: 0, fee: 0, penalty: 0 } as unknown as Components;
  const { loan } = file;
  if (loan.activated_on === null) return nothing;
  const record = recordOf(catalogue, file);
  const account = loanAccountNow(record, EARLIEST);
  if (account.chargedOffOn !== null) return nothing;
  const paid = settledTotals(account);
  const closed = isChanged || loan.closed_through === null ? null : loanAccount(record, loan.closed_through);
  const earned = closed
    ? { interest: closed.interestAccrued, fee: closed.feesCharged, penalty: closed.penaltyAccrued }
    : { interest: loan.accrued_interest_fen, fee: loan.accrued_fee_fen, penalty: loan.accrued_penalty_fen };
  return {
    principal: account.outstanding.principal,
    interest: earned.interest - paid.interest,
    fee: earned.fee - paid.fee,
    penalty: earned.penalty - paid.penalty,
  } as Components;
}

/** I7b: per loan and component, receivables in the ledger, sub-ledger accruals included, equal the fold, in every status. */
export async function receivablesEqualTheFold(db: Db, catalogue: Catalogue, files: readonly LoanFile[]): Promise<string[]> {
  const [journal, changed] = [await journalByLoan(db), await changedSinceClose(db)];
  return files.flatMap((file) => {
    const { loan } = file;
    const lines = journal.get(loan.id) ?? {};
    const accrued: Record<Component, number> = { principal: 0, interest: 0, fee: 0, penalty: 0 };
    for (const component of ACCRUED) accrued[component] = loan[`accrued_${component}_fen`];
    const expected = expectedOf(catalogue, file, changed.has(loan.id));
    return COMPONENT_NAMES.flatMap((component) => {
      const ledger = (lines[ACCOUNTS[component]] ?? 0) + accrued[component];
      return ledger === expected[component]
        ? []
        : [
            `loan ${loan.id} (${loan.status}): ${component} in the ledger ${String(ledger)} ≠ in its account ${String(expected[component])} fen`,
          ];
    });
  });
}
