import type { Knex } from 'knex';

/**
 * What channels and the house bank say about a day, and where that differs from our books. A file is
 * loaded once per channel and day: another one with other content is refused by the primary key of
 * channel_files. Its lines come in day by day, so a block-range index finds a day's. A break is cleared by two
 * people: the constraint knows.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE channel_files (
      channel text NOT NULL,
      business_date date NOT NULL,
      sha256 text NOT NULL,
      lines integer NOT NULL,
      net_fen bigint NOT NULL,
      loaded_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (channel, business_date)
    );
    CREATE TABLE channel_file_lines (
      channel text NOT NULL,
      business_date date NOT NULL,
      line integer NOT NULL,
      number text NOT NULL,
      kind text NOT NULL,
      amount_fen bigint NOT NULL,
      fee_fen bigint NOT NULL,
      booked boolean NOT NULL,
      account_tail text NOT NULL,
      value_date date NOT NULL,
      comes_in boolean NOT NULL
    );
    CREATE INDEX channel_file_lines_number ON channel_file_lines (number);
    CREATE INDEX channel_file_lines_day ON channel_file_lines USING brin (business_date) WITH (pages_per_range = 32);
    CREATE TABLE reconciliations (
      channel text NOT NULL,
      business_date date NOT NULL,
      lines integer NOT NULL,
      matched integer NOT NULL,
      file_net_fen bigint NOT NULL,
      ledger_net_fen bigint NOT NULL,
      bank_net_fen bigint,
      breaks integer NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (channel, business_date)
    );
    CREATE TABLE breaks (
      id text PRIMARY KEY,
      key text NOT NULL UNIQUE,
      channel text NOT NULL,
      business_date date NOT NULL,
      code text NOT NULL,
      number text,
      loan_id text REFERENCES loans,
      amount_fen bigint NOT NULL,
      expected_fen bigint NOT NULL,
      suspense_fen bigint NOT NULL DEFAULT 0,
      owner text NOT NULL,
      is_urgent boolean NOT NULL,
      state text NOT NULL DEFAULT 'OPEN',
      opened_at timestamptz NOT NULL,
      due_on date NOT NULL,
      closed_on date,
      proposed_by text,
      proposal text,
      approved_by text,
      CHECK (approved_by IS NULL OR approved_by <> proposed_by),
      CHECK ((state IN ('HEALED', 'CLEARED')) = (closed_on IS NOT NULL)),
      CHECK (state <> 'CLEARED' OR approved_by IS NOT NULL)
    );
    CREATE INDEX breaks_open ON breaks (channel, business_date) WHERE closed_on IS NULL;
    CREATE INDEX breaks_number ON breaks (channel, number);
    CREATE TABLE break_events (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      break_id text NOT NULL REFERENCES breaks,
      kind text NOT NULL,
      actor text NOT NULL,
      at timestamptz NOT NULL,
      note text NOT NULL DEFAULT ''
    );
    INSERT INTO state_transitions (machine, from_state, to_state) VALUES
      ('break', 'OPEN', 'PROPOSED'), ('break', 'OPEN', 'HEALED'), ('break', 'PROPOSED', 'OPEN'), ('break', 'PROPOSED', 'CLEARED'), ('break', 'PROPOSED', 'HEALED');
    CREATE TRIGGER breaks_transition BEFORE UPDATE ON breaks FOR EACH ROW EXECUTE FUNCTION check_transition('break', 'state');
    GRANT SELECT, INSERT ON channel_files, channel_file_lines, reconciliations, breaks, break_events TO loanloom_app;
    GRANT UPDATE (suspense_fen, state, closed_on, proposed_by, proposal, approved_by) ON breaks TO loanloom_app;
  `);
  for (const table of ['channel_files', 'channel_file_lines', 'reconciliations', 'break_events'])
    await knex.raw(`CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION forbid_change()`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE break_events; DROP TABLE breaks; DROP TABLE reconciliations; DROP TABLE channel_file_lines; DROP TABLE channel_files;
    DELETE FROM state_transitions WHERE machine = 'break';
  `);
}
