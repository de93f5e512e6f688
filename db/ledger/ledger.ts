import { signed } from '../sql';
import type { BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Db, Tx } from '../pool';

export interface LedgerAccount {
  readonly code: string;
  readonly name: string;
  readonly type: 'ASSET' | 'LIABILITY' | 'INCOME' | 'EXPENSE';
  readonly channel: string | null;
}

/** One line of an account's statement. `balance` is debit minus credit after it. */
export interface StatementLine {
  readonly businessDate: BusinessDate;
  readonly key: string;
  readonly description: string;
  readonly loanId: string | null;
  readonly side: 'DEBIT' | 'CREDIT';
  readonly amountFen: number;
  readonly balance: number;
}

export async function chartOfAccounts(db: Db): Promise<LedgerAccount[]> {
  return db('ledger_accounts').orderBy(['type', 'code']).select<LedgerAccount[]>('code', 'name', 'type', 'channel');
}

async function assertAccount(db: Db | Tx, code: string): Promise<void> {
  if (!(await db('ledger_accounts').where({ code }).first('code')))
    throw new LoanloomError('NOT_FOUND', `there is no ledger account ${code.slice(0, 60)}: "loan ledger accounts" lists them`);
}

/** Debit minus credit of an account over all entries up to and including a business date. NOT_FOUND for an unknown account. */
export async function balanceAt(db: Db | Tx, account: string, date: BusinessDate): Promise<number> {
  await assertAccount(db, account);
  const row = await db('journal_lines as l')
    .join('journal_entries as e', 'e.id', 'l.entry_id')
    .where('l.account', account)
    .where('e.business_date', '<=', date)
    .first<{ balance: number }>(db.raw(`coalesce(sum(${signed('DEBIT')}), 0)::bigint AS balance`));
  return row.balance;
}

/** An account's lines from one business date to another, in order, with the balance brought forward. NOT_FOUND for an unknown account. */
export async function accountStatement(
  db: Db,
  account: string,
  range: { from: BusinessDate; to: BusinessDate; limit: number },
): Promise<{ opening: number; lines: StatementLine[] }> {
  const dayBefore = await db.raw<{ rows: { day: BusinessDate }[] }>('SELECT (?::date - 1)::date AS day', [range.from]);
  const opening = await balanceAt(db, account, dayBefore.rows[0]?.day ?? range.from);
  const rows = await db('journal_lines as l')
    .join('journal_entries as e', 'e.id', 'l.entry_id')
    .where('l.account', account)
    .whereBetween('e.business_date', [range.from, range.to])
    .orderBy(['e.business_date', 'e.id', 'l.line'])
    .limit(range.limit)
    .select<Omit<StatementLine, 'balance'>[]>(
      'e.business_date as businessDate',
      'e.key as key',
      'e.description as description',
      'e.loan_id as loanId',
      'l.side as side',
      'l.amount_fen as amountFen',
    );
  let balance = opening;
  return {
    opening,
    lines: rows.map((row) => {
      balance += row.side === 'DEBIT' ? row.amountFen : -row.amountFen;
      return { ...row, balance };
    }),
  };
}

/** Every entry of one loan with its lines, in order. */
export async function loanEntries(db: Db, loanId: string) {
  return db('journal_entries as e')
    .join('journal_lines as l', 'l.entry_id', 'e.id')
    .where('e.loan_id', loanId)
    .orderBy(['e.id', 'l.line'])
    .select<
      { id: number; businessDate: BusinessDate; key: string; description: string; account: string; side: string; amountFen: number }[]
    >(
      'e.id as id',
      'e.business_date as businessDate',
      'e.key as key',
      'e.description as description',
      'l.account as account',
      'l.side as side',
      'l.amount_fen as amountFen',
    );
}

/**
 * What contradicts the journal's hash chains: an entry whose content or place was changed, an entry
 * without a link, a chain that lost its end. Empty when the journal is as it was written.
 */
export async function brokenLinks(db: Db): Promise<string[]> {
  const result = await db.raw<{ rows: { fault: string }[] }>(`
    SELECT 'entry ' || key || ' was changed, or one before it' AS fault FROM (
      SELECT k.*, e.key, e.loan_id, lag(k.hash) OVER (PARTITION BY k.chain ORDER BY k.seq) AS expected, lag(k.seq) OVER (PARTITION BY k.chain ORDER BY k.seq) AS before
      FROM ledger_links k JOIN journal_entries e ON e.id = k.entry_id
    ) linked
    WHERE hash <> ledger_link_hash(previous_hash, entry_id)
       OR previous_hash <> coalesce(expected, sha256(convert_to(chain, 'UTF8')))
       OR seq <> coalesce(before, 0) + 1 OR chain <> ledger_chain_of(loan_id)
    UNION ALL
    SELECT 'entry ' || e.key || ' has no link' FROM journal_entries e LEFT JOIN ledger_links k ON k.entry_id = e.id WHERE k.entry_id IS NULL
    UNION ALL
    SELECT 'chain ' || h.chain || ' has lost its end' FROM ledger_chain_heads h
      LEFT JOIN ledger_links k ON k.chain = h.chain AND k.seq = h.seq AND k.hash = h.hash
      WHERE h.seq > 0 AND k.chain IS NULL
    LIMIT 50`);
  return result.rows.map((row) => row.fault);
}
