import type { Knex } from 'knex';

/**
 * Double-entry journal. At commit every entry must balance and have at least two lines; lines may be
 * added only in the transaction that created their entry, so a committed entry never changes.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE ledger_accounts (
      code text PRIMARY KEY,
      name text NOT NULL,
      type text NOT NULL CHECK (type IN ('ASSET', 'LIABILITY', 'INCOME', 'EXPENSE')),
      channel text
    );
    INSERT INTO ledger_accounts (code, name, type) VALUES
      ('loans-receivable', 'Loan principal receivable', 'ASSET'),
      ('interest-receivable', 'Interest accrued and not received', 'ASSET'),
      ('loans-in-disbursement', 'Payouts sent and not confirmed', 'ASSET'),
      ('debits-in-clearing', 'Debits presented and not confirmed', 'LIABILITY'),
      ('customer-credit', 'Surplus owed to borrowers', 'LIABILITY'),
      ('interest-income', 'Contract interest', 'INCOME'),
      ('fee-income', 'Fees', 'INCOME'),
      ('recovery-income', 'Recoveries on charged-off loans', 'INCOME'),
      ('charge-off-expense', 'Loans charged off', 'EXPENSE');
    CREATE TABLE journal_entries (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE,
      loan_id text REFERENCES loans,
      business_date date NOT NULL,
      description text NOT NULL,
      xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX journal_entries_loan ON journal_entries (loan_id);
    CREATE INDEX journal_entries_date ON journal_entries (business_date);
    CREATE TABLE journal_lines (
      entry_id bigint NOT NULL REFERENCES journal_entries,
      line integer NOT NULL CHECK (line > 0),
      account text NOT NULL REFERENCES ledger_accounts,
      side text NOT NULL CHECK (side IN ('DEBIT', 'CREDIT')),
      amount_fen bigint NOT NULL CHECK (amount_fen > 0),
      PRIMARY KEY (entry_id, line)
    );
    CREATE INDEX journal_lines_account ON journal_lines (account);
    CREATE FUNCTION journal_line_in_same_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT xact FROM journal_entries WHERE id = NEW.entry_id) <> pg_current_xact_id() THEN
        RAISE EXCEPTION 'journal entry % is committed: correct it by a new entry', NEW.entry_id USING ERRCODE = 'LL002';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER journal_lines_same_transaction BEFORE INSERT ON journal_lines FOR EACH ROW EXECUTE FUNCTION journal_line_in_same_transaction();
    CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      difference bigint;
      sides integer;
    BEGIN
      SELECT coalesce(sum(CASE side WHEN 'DEBIT' THEN amount_fen ELSE -amount_fen END), 0), count(DISTINCT side)
        INTO difference, sides FROM journal_lines WHERE entry_id = NEW.id;
      IF difference <> 0 OR sides <> 2 THEN
        RAISE EXCEPTION 'journal entry % is off balance by % fen', NEW.key, difference USING ERRCODE = 'LL003';
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entry_balances();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'DROP TABLE journal_lines; DROP TABLE journal_entries; DROP TABLE ledger_accounts; DROP FUNCTION journal_entry_balances; DROP FUNCTION journal_line_in_same_transaction;',
  );
}
