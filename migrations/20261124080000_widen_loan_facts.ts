import type { Knex } from 'knex';

/** Facts that carry no amount of their own. */
const WITHOUT_AMOUNT = `'REVERSAL', 'RATE_CHANGE', 'REAGE', 'REAMORTIZE', 'TERM_EXTENSION', 'HARDSHIP_PAUSE', 'WRITEOFF'`;

/** Every fact that the account fold knows, the accounts they are booked on, and what the daily close keeps per loan. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE loan_transactions
      DROP CONSTRAINT loan_transactions_type_check,
      ALTER COLUMN amount_fen DROP NOT NULL,
      ADD COLUMN data jsonb NOT NULL DEFAULT '{}',
      ADD CONSTRAINT loan_transactions_type_check CHECK (type IN ('DISBURSEMENT', 'REPAYMENT', 'CHARGE_OFF', 'CHARGE', 'WAIVER',
        'RECOVERY_REPAYMENT', 'SETTLEMENT_DISCOUNT', 'CREDIT_BALANCE_REFUND', ${WITHOUT_AMOUNT})),
      ADD CONSTRAINT loan_transactions_amount_check CHECK ((amount_fen IS NULL) = (type IN (${WITHOUT_AMOUNT})));
    INSERT INTO ledger_accounts (code, name, type) VALUES
      ('fees-receivable', 'Fees due and not received', 'ASSET'),
      ('penalty-receivable', 'Penalty charged and not received', 'ASSET'),
      ('penalty-income', 'Penalty', 'INCOME'),
      ('discount-expense', 'Debt forgiven in settlements', 'EXPENSE'),
      ('write-off-expense', 'Loans written off', 'EXPENSE');
    ALTER TABLE loan_accruals ADD COLUMN component text NOT NULL DEFAULT 'interest' CHECK (component IN ('interest', 'fee', 'penalty'));
    ALTER TABLE loan_accruals DROP CONSTRAINT loan_accruals_pkey, ADD PRIMARY KEY (loan_id, business_date, component);
    ALTER TABLE loan_day_snapshots ADD COLUMN fee_fen bigint NOT NULL DEFAULT 0, ADD COLUMN penalty_fen bigint NOT NULL DEFAULT 0;
    ALTER TABLE loans
      ADD COLUMN closed_through date,
      ADD COLUMN accrued_interest_fen bigint NOT NULL DEFAULT 0,
      ADD COLUMN accrued_fee_fen bigint NOT NULL DEFAULT 0,
      ADD COLUMN accrued_penalty_fen bigint NOT NULL DEFAULT 0;
    CREATE INDEX loans_to_close ON loans (id) WHERE activated_on IS NOT NULL;
    UPDATE loans SET accrued_interest_fen = a.total
      FROM (SELECT loan_id, sum(amount_fen) AS total FROM loan_accruals GROUP BY loan_id) a WHERE a.loan_id = loans.id;
    CREATE TABLE close_batches (
      business_date date NOT NULL,
      first_loan_id text NOT NULL,
      totals jsonb NOT NULL,
      PRIMARY KEY (business_date, first_loan_id)
    );
    GRANT SELECT, INSERT ON close_batches TO loanloom_app;
    GRANT UPDATE (closed_through, accrued_interest_fen, accrued_fee_fen, accrued_penalty_fen) ON loans TO loanloom_app;
    CREATE TRIGGER close_batches_append_only BEFORE UPDATE OR DELETE ON close_batches FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER close_batches_no_truncate BEFORE TRUNCATE ON close_batches FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE close_batches;
    DROP INDEX loans_to_close;
    ALTER TABLE loans DROP COLUMN closed_through, DROP COLUMN accrued_interest_fen, DROP COLUMN accrued_fee_fen, DROP COLUMN accrued_penalty_fen;
    ALTER TABLE loan_day_snapshots DROP COLUMN fee_fen, DROP COLUMN penalty_fen;
    ALTER TABLE loan_accruals DROP CONSTRAINT loan_accruals_pkey, ADD PRIMARY KEY (loan_id, business_date), DROP COLUMN component;
    DELETE FROM ledger_accounts WHERE code IN ('fees-receivable', 'penalty-receivable', 'penalty-income', 'discount-expense', 'write-off-expense');
    ALTER TABLE loan_transactions
      DROP CONSTRAINT loan_transactions_amount_check,
      DROP CONSTRAINT loan_transactions_type_check,
      ADD CONSTRAINT loan_transactions_type_check CHECK (type IN ('DISBURSEMENT', 'REPAYMENT', 'CHARGE_OFF')),
      ALTER COLUMN amount_fen SET NOT NULL,
      DROP COLUMN data;
  `);
}
