import type { Knex } from 'knex';

/** The sandbox clock, the daily close and what it records per loan: accrual (sub-ledger) and a delinquency snapshot. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE sandbox_clock (
      id integer PRIMARY KEY CHECK (id = 1),
      offset_ms bigint NOT NULL CHECK (offset_ms >= 0),
      moved_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE business_day_closes (
      business_date date NOT NULL,
      revision integer NOT NULL DEFAULT 0,
      totals jsonb NOT NULL,
      closed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (business_date, revision)
    );
    CREATE TABLE loan_accruals (
      loan_id text NOT NULL REFERENCES loans,
      business_date date NOT NULL,
      amount_fen bigint NOT NULL,
      PRIMARY KEY (loan_id, business_date)
    );
    CREATE TABLE loan_day_snapshots (
      loan_id text NOT NULL REFERENCES loans,
      business_date date NOT NULL,
      status text NOT NULL,
      days_past_due integer NOT NULL,
      bucket text NOT NULL,
      principal_fen bigint NOT NULL,
      interest_fen bigint NOT NULL,
      PRIMARY KEY (loan_id, business_date)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE loan_day_snapshots; DROP TABLE loan_accruals; DROP TABLE business_day_closes; DROP TABLE sandbox_clock;');
}
