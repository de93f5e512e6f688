import type { Knex } from 'knex';

/**
 * Instructions and attempts. The two partial unique indexes are the double-payment lock: one attempt of
 * an instruction may be open or successful at a time (UNKNOWN blocks, FAILED frees), and one debit of a
 * loan may be open.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE payment_instructions (
      id text PRIMARY KEY,
      loan_id text NOT NULL REFERENCES loans,
      direction text NOT NULL CHECK (direction IN ('PAYOUT', 'DEBIT')),
      amount_fen bigint NOT NULL CHECK (amount_fen > 0),
      business_date date NOT NULL,
      presentment integer NOT NULL CHECK (presentment > 0),
      state text NOT NULL DEFAULT 'CREATED',
      preferred_channel text,
      failure_code text,
      queries integer NOT NULL DEFAULT 0,
      last_queried_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (loan_id, direction, business_date, presentment)
    );
    CREATE UNIQUE INDEX payment_instructions_one_open_debit ON payment_instructions (loan_id)
      WHERE direction = 'DEBIT' AND state IN ('CREATED', 'AUTHORIZED', 'IN_FLIGHT', 'MANUAL');
    CREATE UNIQUE INDEX payment_instructions_one_payout ON payment_instructions (loan_id)
      WHERE direction = 'PAYOUT' AND state IN ('CREATED', 'AUTHORIZED', 'IN_FLIGHT', 'MANUAL', 'SUCCEEDED');
    CREATE TRIGGER payment_instructions_transition BEFORE UPDATE ON payment_instructions FOR EACH ROW EXECUTE FUNCTION check_transition('instruction', 'state');
    CREATE TABLE payment_attempts (
      instruction_id text NOT NULL REFERENCES payment_instructions,
      attempt integer NOT NULL CHECK (attempt > 0),
      loan_id text NOT NULL REFERENCES loans,
      channel text NOT NULL,
      number text NOT NULL,
      request_sha256 text NOT NULL,
      state text NOT NULL DEFAULT 'SENDING',
      code text,
      channel_reference text,
      value_date date,
      sent_at timestamptz NOT NULL,
      not_found_since timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (instruction_id, attempt),
      UNIQUE (channel, number)
    );
    CREATE UNIQUE INDEX payment_attempts_one_live ON payment_attempts (instruction_id)
      WHERE state IN ('SENDING', 'ACCEPTED', 'UNKNOWN', 'SUCCEEDED');
    CREATE INDEX payment_attempts_loan ON payment_attempts (loan_id);
    CREATE TRIGGER payment_attempts_transition BEFORE UPDATE ON payment_attempts FOR EACH ROW EXECUTE FUNCTION check_transition('attempt', 'state');
    CREATE TABLE payment_events (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      instruction_id text NOT NULL REFERENCES payment_instructions,
      attempt integer,
      from_state text,
      to_state text NOT NULL,
      code text,
      at timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX payment_events_instruction ON payment_events (instruction_id, seq);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE payment_events; DROP TABLE payment_attempts; DROP TABLE payment_instructions;');
}
