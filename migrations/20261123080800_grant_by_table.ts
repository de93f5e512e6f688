import type { Knex } from 'knex';

/** Rows that are never changed, by any role: a trigger refuses even the owner. */
const FACTS = [
  'application_events',
  'application_drafts',
  'decisions',
  'offers',
  'contracts',
  'signatures',
  'loan_schedules',
  'loan_transactions',
  'loan_events',
  'payment_events',
  'journal_entries',
  'journal_lines',
  'audit_log',
  'business_day_closes',
  'loan_accruals',
  'loan_day_snapshots',
];

/** Columns that the application may change, table by table; everything else it may only insert and read. */
const MUTABLE: Readonly<Record<string, string>> = {
  borrowers: 'name_enc, id_number_enc, id_number_index, phone_enc, phone_index, email_enc',
  bank_cards: '',
  applications: 'status, principal_fen, term_months, bank_card_id, waiting_until',
  one_time_codes: 'attempts, used_at',
  loans:
    'status, schedule_version, activated_on, closed_on, date_cursor, next_kind, next_at, next_summary, waiting_since, needs_attention, bucket',
  contacts: 'state, record',
  payment_instructions: 'state, preferred_channel, failure_code, queries, last_queried_at',
  payment_attempts: 'state, code, channel_reference, value_date, not_found_since',
  commands: 'state, outcome, attempts, next_attempt_at',
  outbox: 'attempts, next_attempt_at, delivered_at, secret_enc',
  sandbox_clock: 'offset_ms, moved_at',
};

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$ BEGIN
      CREATE ROLE loanloom_app LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    GRANT USAGE ON SCHEMA public TO loanloom_app;
    GRANT SELECT ON state_transitions, ledger_accounts TO loanloom_app;
    GRANT INSERT ON ledger_accounts TO loanloom_app;
  `);
  for (const table of FACTS) {
    await knex.raw(`
      GRANT SELECT, INSERT ON ${table} TO loanloom_app;
      CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION forbid_change();
      CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    `);
  }
  for (const [table, columns] of Object.entries(MUTABLE)) {
    await knex.raw(`GRANT SELECT, INSERT${columns === '' ? '' : `, UPDATE (${columns})`} ON ${table} TO loanloom_app;`);
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const table of FACTS)
    await knex.raw(`DROP TRIGGER ${table}_append_only ON ${table}; DROP TRIGGER ${table}_no_truncate ON ${table};`);
  await knex.raw('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM loanloom_app; REVOKE ALL ON SCHEMA public FROM loanloom_app;');
}
