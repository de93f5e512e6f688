import type { BusinessDate } from '../../domain/time/dates';
import { accountsOf } from '../../domain/ledger/chart';
import type { Posting } from '../../domain/ledger/postings';
import type { Db, Tx } from '../pool';

/** One balanced entry, once: false when the key is booked already. The database refuses an unbalanced one at commit. */
export async function postEntry(
  tx: Tx,
  entry: { key: string; loanId: string | null; businessDate: BusinessDate; posting: Posting },
): Promise<boolean> {
  if (entry.posting.lines.length === 0) return false;
  const inserted = await tx('journal_entries')
    .insert({
      key: entry.key,
      kind: entry.posting.kind,
      loan_id: entry.loanId,
      business_date: entry.businessDate,
      description: entry.posting.description,
    })
    .onConflict('key')
    .ignore()
    .returning<{ id: number }[]>('id');
  const [row] = inserted;
  if (!row) return false;
  await tx('journal_lines').insert(
    entry.posting.lines.map((line, index) => ({
      entry_id: row.id,
      line: index + 1,
      account: line.account,
      side: line.side,
      amount_fen: line.amount,
    })),
  );
  return true;
}

/**
 * The accounts of a channel: settlement, in transit, fees that it will bill, and suspense for money that is not
 * where it should be: short (it left us, we claim it) and long (it came to us, we owe it). Repeating it changes nothing.
 */
export async function ensureChannelAccounts(db: Db, channels: readonly string[]): Promise<void> {
  const rows = channels.flatMap(accountsOf);
  await db('ledger_accounts').insert(rows).onConflict('code').ignore();
}

export interface AccountBalance {
  readonly account: string;
  readonly debit: number;
  readonly credit: number;
}

/** Debit and credit totals per account over all entries up to a business date. */
export async function trialBalance(db: Db | Tx, upTo?: BusinessDate): Promise<AccountBalance[]> {
  const query = db('journal_lines as l')
    .join('journal_entries as e', 'e.id', 'l.entry_id')
    .groupBy('l.account')
    .orderBy('l.account')
    .select<AccountBalance[]>(
      'l.account',
      db.raw(`coalesce(sum(l.amount_fen) FILTER (WHERE l.side = 'DEBIT'), 0)::bigint AS debit`),
      db.raw(`coalesce(sum(l.amount_fen) FILTER (WHERE l.side = 'CREDIT'), 0)::bigint AS credit`),
    );
  return upTo === undefined ? query : query.where('e.business_date', '<=', upTo);
}
