import type { Knex } from 'knex';

const PARTITIONS = 8;

/**
 * Loans and their facts. `loans` holds the contract and what the workflow last reported; balances are
 * folded, never stored. Transactions are hash-partitioned by loan, so that a shard is a set of partitions.
 */
export async function up(knex: Knex): Promise<void> {
  const partitions = Array.from(
    { length: PARTITIONS },
    (_, index) =>
      `CREATE TABLE loan_transactions_${String(index)} PARTITION OF loan_transactions FOR VALUES WITH (MODULUS ${String(PARTITIONS)}, REMAINDER ${String(index)});`,
  );
  await knex.raw(`
    CREATE TABLE loans (
      id text PRIMARY KEY REFERENCES applications,
      borrower_id text NOT NULL REFERENCES borrowers,
      product_id text NOT NULL,
      product_version integer NOT NULL,
      bank_card_id text NOT NULL REFERENCES bank_cards,
      principal_fen bigint NOT NULL CHECK (principal_fen > 0),
      currency text NOT NULL CHECK (currency = 'CNY'),
      annual_rate text NOT NULL,
      term_months integer NOT NULL CHECK (term_months > 0),
      status text NOT NULL DEFAULT 'APPROVED',
      schedule_version integer NOT NULL DEFAULT 0,
      opened_on date NOT NULL,
      activated_on date,
      closed_on date,
      date_cursor date,
      next_kind text,
      next_at timestamptz,
      next_summary text,
      waiting_since timestamptz,
      needs_attention text,
      bucket text NOT NULL DEFAULT 'CURRENT',
      CHECK ((status IN ('APPROVED', 'REJECTED')) = (activated_on IS NULL))
    );
    CREATE INDEX loans_borrower ON loans (borrower_id);
    CREATE INDEX loans_open ON loans (next_at) WHERE status IN ('APPROVED', 'ACTIVE', 'OVERPAID');
    CREATE TRIGGER loans_transition BEFORE UPDATE ON loans FOR EACH ROW EXECUTE FUNCTION check_transition('loan', 'status');
    CREATE TABLE loan_schedules (
      loan_id text NOT NULL REFERENCES loans,
      version integer NOT NULL CHECK (version > 0),
      reason text NOT NULL,
      value_date date NOT NULL,
      installments jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (loan_id, version)
    );
    CREATE TABLE loan_transactions (
      loan_id text NOT NULL REFERENCES loans,
      key text NOT NULL,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      type text NOT NULL CHECK (type IN ('DISBURSEMENT', 'REPAYMENT', 'CHARGE_OFF')),
      amount_fen bigint NOT NULL CHECK (amount_fen > 0),
      value_date date NOT NULL,
      business_date date NOT NULL,
      instruction_id text,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (loan_id, key)
    ) PARTITION BY HASH (loan_id);
    ${partitions.join('\n    ')}
    CREATE UNIQUE INDEX loan_transactions_one_disbursement ON loan_transactions (loan_id) WHERE type = 'DISBURSEMENT';
    CREATE TABLE loan_events (
      loan_id text NOT NULL REFERENCES loans,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      key text NOT NULL,
      kind text NOT NULL,
      at timestamptz NOT NULL,
      business_date date NOT NULL,
      data jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (loan_id, key)
    );
    CREATE TABLE contacts (
      loan_id text NOT NULL REFERENCES loans,
      key text NOT NULL,
      action text NOT NULL CHECK (action IN ('SMS', 'MAIL', 'CALL_TASK')),
      business_date date NOT NULL,
      state text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'SENT', 'DONE')),
      record jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (loan_id, key)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE contacts; DROP TABLE loan_events; DROP TABLE loan_transactions; DROP TABLE loan_schedules; DROP TABLE loans;');
}
