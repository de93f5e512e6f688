import { signed, isOneOf } from '../sql';
import { PAID_ATTEMPTS, OPEN_ATTEMPTS } from '../../domain/states';
import type { BusinessDate } from '../../domain/time/dates';
import type { Fen } from '../../domain/money/money';
import type { Db, Tx } from '../pool';

/** The balance of one kind of account, by channel: positive where money is ours. */
const ledgerNet = (kind: 'settlement' | 'in-transit' | 'fees-payable') => `SELECT a.channel, sum(${signed('DEBIT')}) AS net
      FROM journal_lines l JOIN ledger_accounts a ON a.code = l.account WHERE a.kind = '${kind}' GROUP BY 1`;

/**
 * Settlement accounts whose balance is not what our payments, returns and suspense add up to: the ledger and
 * the payments have grown apart (INTERNAL).
 */
export async function settlementDifferences(db: Db | Tx): Promise<{ channel: string; ledger: Fen; payments: Fen }[]> {
  const result = await db.raw<{ rows: { channel: string; ledger: Fen; payments: Fen }[] }>(`
    WITH ledger AS (
      ${ledgerNet('settlement')}
    ), suspense AS (
      SELECT a.channel, sum(${signed('CREDIT')}) AS net
      FROM journal_lines l JOIN ledger_accounts a ON a.code = l.account JOIN journal_entries e ON e.id = l.entry_id
      WHERE a.kind IN ('suspense-long', 'suspense-short') AND e.kind IN ('SUSPENDED', 'SUSPENSE_CLEARED') GROUP BY 1
    ), payments AS (
      SELECT a.channel, sum(CASE i.direction WHEN 'DEBIT' THEN i.amount_fen ELSE -i.amount_fen END) AS net
      FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id WHERE a.state = 'SUCCEEDED' GROUP BY 1
    )
    SELECT c.channel, coalesce(l.net, 0)::bigint AS ledger, (coalesce(p.net, 0) + coalesce(s.net, 0))::bigint AS payments
    FROM (SELECT DISTINCT channel FROM ledger_accounts WHERE channel IS NOT NULL) c
    LEFT JOIN ledger l USING (channel) LEFT JOIN suspense s USING (channel) LEFT JOIN payments p USING (channel)
    WHERE coalesce(l.net, 0) <> coalesce(p.net, 0) + coalesce(s.net, 0)`);
  return result.rows;
}

/** Channels whose account in transit is not what the attempts without an outcome add up to. */
export async function transitDifferences(db: Db | Tx): Promise<{ channel: string; ledger: Fen; payments: Fen }[]> {
  const result = await db.raw<{ rows: { channel: string; ledger: Fen; payments: Fen }[] }>(`
    WITH ledger AS (
      ${ledgerNet('in-transit')}
    ), payments AS (
      SELECT a.channel, sum(CASE i.direction WHEN 'DEBIT' THEN i.amount_fen ELSE -i.amount_fen END) AS net
      FROM payment_attempts a JOIN payment_instructions i ON i.id = a.instruction_id
      WHERE ${isOneOf('a.state', OPEN_ATTEMPTS)} GROUP BY 1
    )
    SELECT coalesce(l.channel, p.channel) AS channel, coalesce(l.net, 0)::bigint AS ledger, coalesce(p.net, 0)::bigint AS payments
    FROM ledger l FULL JOIN payments p USING (channel) WHERE coalesce(l.net, 0) <> coalesce(p.net, 0)`);
  return result.rows;
}

/** Channels whose fees payable are not what their reconciled days add up to. */
export async function feeDifferences(db: Db | Tx): Promise<{ channel: string; ledger: Fen; days: Fen }[]> {
  const result = await db.raw<{ rows: { channel: string; ledger: Fen; days: Fen }[] }>(`
    WITH ledger AS (
      ${ledgerNet('fees-payable')}
    ), days AS (
      SELECT channel, -sum(fees_fen) AS net FROM reconciliations GROUP BY 1
    )
    SELECT coalesce(l.channel, d.channel) AS channel, coalesce(l.net, 0)::bigint AS ledger, coalesce(d.net, 0)::bigint AS days
    FROM ledger l FULL JOIN days d USING (channel) WHERE coalesce(l.net, 0) <> coalesce(d.net, 0)`);
  return result.rows;
}

/** Channels that moved money on a day which is not reconciled, and whose file is not known to be late. */
export async function unexplainedDays(db: Db | Tx, date: BusinessDate): Promise<string[]> {
  const result = await db.raw<{ rows: { channel: string }[] }>(
    `SELECT DISTINCT a.channel FROM payment_attempts a
      WHERE a.value_date = ? AND ${isOneOf('a.state', PAID_ATTEMPTS)}
        AND NOT EXISTS (SELECT FROM reconciliations r WHERE r.channel = a.channel AND r.business_date = ?)
        AND NOT EXISTS (SELECT FROM breaks b WHERE b.channel = a.channel AND b.business_date = ? AND b.code IN ('FILE', 'BANK'))`,
    [date, date, date],
  );
  return result.rows.map((row) => row.channel);
}
