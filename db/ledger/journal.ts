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
  const { key, loanId, businessDate, posting } = entry;
  const result = await tx.raw<{ rows: { id: number }[] }>(
    `WITH entry AS (
       INSERT INTO journal_entries (key, kind, loan_id, business_date, description) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (key) DO NOTHING RETURNING id
     )
     INSERT INTO journal_lines (entry_id, line, account, side, amount_fen)
     SELECT entry.id, l.ordinality, l.account, l.side, l.amount
     FROM entry, unnest(?::text[], ?::text[], ?::bigint[]) WITH ORDINALITY AS l (account, side, amount, ordinality)
     RETURNING entry_id AS id`,
    [
      key,
      posting.kind,
      loanId,
      businessDate,
      posting.description,
      posting.lines.map(({ account }) => account),
      posting.lines.map(({ side }) => side),
      posting.lines.map(({ amount }) => amount),
    ],
  );
  return result.rows.length > 0;
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
