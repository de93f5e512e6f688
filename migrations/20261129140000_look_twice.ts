import type { Knex } from 'knex';

/**
 * What a decision by rules was taken from, sealed beside it, so that it can be run again; and the word of a first reviewer
 * where an amount takes two.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE decisions ADD COLUMN snapshot_enc bytea, ADD COLUMN snapshot_mac text CHECK (snapshot_mac ~ '^[0-9a-f]{64}$'),
      ADD CHECK ((snapshot_enc IS NULL) = (snapshot_mac IS NULL));

    CREATE TABLE review_approvals (
      application_id text NOT NULL REFERENCES applications,
      round integer NOT NULL CHECK (round > 0),
      approved_by text NOT NULL CHECK (approved_by LIKE 'operator:%'),
      reason text NOT NULL CHECK (reason <> ''),
      approved_at timestamptz NOT NULL,
      PRIMARY KEY (application_id, round, approved_by)
    );
    CREATE TRIGGER review_approvals_append_only BEFORE UPDATE OR DELETE ON review_approvals FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER review_approvals_no_truncate BEFORE TRUNCATE ON review_approvals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT, INSERT ON review_approvals TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE review_approvals; ALTER TABLE decisions DROP COLUMN snapshot_enc, DROP COLUMN snapshot_mac');
}
