import type { Knex } from 'knex';

/** What each description of an entry stands for: entries of before this migration, and of a worker that has not been replaced yet. */
const KINDS: Readonly<Record<string, string>> = {
  'payout sent': 'PAYOUT_SENT',
  'payout proved failed': 'PAYOUT_VOIDED',
  'payout confirmed': 'PAYOUT_SUCCEEDED',
  'payout returned': 'PAYOUT_RETURNED',
  'debit presented': 'DEBIT_SENT',
  'debit proved failed': 'DEBIT_VOIDED',
  'repayment received': 'DEBIT_SUCCEEDED',
  'repayment returned': 'DEBIT_RETURNED',
  'refund sent': 'REFUND_SENT',
  'refund proved failed': 'REFUND_VOIDED',
  'surplus refunded': 'REFUND_SUCCEEDED',
  'refund returned': 'REFUND_RETURNED',
  'unexplained receipt': 'SUSPENDED',
  'unexplained payment': 'SUSPENDED',
  'unexplained receipt given back': 'SUSPENSE_CLEARED',
  'unexplained payment came back': 'SUSPENSE_CLEARED',
  'unexplained receipt applied to its loan': 'SUSPENSE_APPLIED',
  'unexplained receipt kept': 'SUSPENSE_WRITTEN_OFF',
  'unexplained payment lost': 'SUSPENSE_WRITTEN_OFF',
  'receipt that was kept given back': 'WRITE_OFF_REVERSED',
  'payment that was lost came back': 'WRITE_OFF_REVERSED',
  'account adjusted': 'ADJUSTED',
  'interest accrued': 'ACCRUED',
  'fee accrued': 'ACCRUED',
  'penalty accrued': 'ACCRUED',
  'loan charged off': 'CHARGED_OFF',
  'fees of the channel': 'CHANNEL_FEES',
};

/**
 * Meaning that was hidden in text becomes columns: what kind an entry is, who gave a command, and why a loan waits
 * for a person. What a worker of the version before writes meanwhile is named by a trigger.
 */
export async function up(knex: Knex): Promise<void> {
  const kinds = [...new Set(Object.values(KINDS))].map((kind) => `'${kind}'`).join(', ');
  const cases = Object.entries(KINDS).map(([description, kind]) => `WHEN '${description}' THEN '${kind}'`);
  await knex.raw(`
    CREATE FUNCTION journal_kind_of(description text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE description ${cases.join(' ')} END
    $$;
    ALTER TABLE journal_entries ADD COLUMN kind text;
    ALTER TABLE journal_entries DISABLE TRIGGER journal_entries_append_only;
    UPDATE journal_entries SET kind = journal_kind_of(description);
    ALTER TABLE journal_entries ENABLE TRIGGER journal_entries_append_only;
    ALTER TABLE journal_entries ALTER COLUMN kind SET NOT NULL, ADD CONSTRAINT journal_entries_kind CHECK (kind IN (${kinds}));
    CREATE FUNCTION journal_entry_has_kind() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.kind := journal_kind_of(NEW.description);
      RETURN NEW;
    END $$;
    CREATE TRIGGER journal_entries_kind BEFORE INSERT ON journal_entries FOR EACH ROW WHEN (NEW.kind IS NULL) EXECUTE FUNCTION journal_entry_has_kind();

    ALTER TABLE ledger_accounts ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (split_part(code, ':', 1)) STORED;
    ALTER TABLE commands
      ADD COLUMN caller_role text NOT NULL GENERATED ALWAYS AS (split_part(caller, ':', 1)) STORED CHECK (caller_role IN ('borrower', 'operator')),
      ADD COLUMN caller_id text NOT NULL GENERATED ALWAYS AS (split_part(caller, ':', 2)) STORED;

    ALTER TABLE loans ADD COLUMN attention_kind text CHECK (attention_kind IN
        ('PAST_SLA', 'AWAIT_OPERATOR', 'AWAIT_CHANNEL', 'CANNOT_GO_ON', 'PAYMENT_FORGOTTEN', 'CANCELLATION_REFUSED')),
      ADD COLUMN attention_sticky boolean NOT NULL DEFAULT false;
    GRANT UPDATE (attention_kind, attention_sticky) ON loans TO loanloom_app;
    UPDATE loans SET needs_attention = ltrim(needs_attention, '!'),
        attention_sticky = needs_attention LIKE '!payment%' OR needs_attention LIKE '!a cancellation%',
        attention_kind = CASE WHEN needs_attention LIKE '!payment%' THEN 'PAYMENT_FORGOTTEN'
          WHEN needs_attention LIKE '!a cancellation%' THEN 'CANCELLATION_REFUSED'
          WHEN needs_attention LIKE '!the loan cannot%' THEN 'CANNOT_GO_ON'
          WHEN needs_attention LIKE '%past its SLA%' THEN 'PAST_SLA'
          WHEN next_kind = 'AWAIT_CHANNEL' THEN 'AWAIT_CHANNEL' ELSE 'AWAIT_OPERATOR' END
      WHERE needs_attention IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE loans SET needs_attention = '!' || needs_attention WHERE attention_sticky OR attention_kind = 'CANNOT_GO_ON';
    ALTER TABLE loans DROP COLUMN attention_kind, DROP COLUMN attention_sticky;
    ALTER TABLE ledger_accounts DROP COLUMN kind;
    ALTER TABLE commands DROP COLUMN caller_role, DROP COLUMN caller_id;
    DROP TRIGGER journal_entries_kind ON journal_entries;
    DROP FUNCTION journal_entry_has_kind;
    ALTER TABLE journal_entries DROP COLUMN kind;
    DROP FUNCTION journal_kind_of;
  `);
}
