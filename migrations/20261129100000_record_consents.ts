import type { Knex } from 'knex';

/** Consents, each grant and each withdrawal a row: what text, when, from which device. The latest row of a kind is what holds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE consents (
      id text PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
      borrower_id text NOT NULL REFERENCES borrowers,
      kind text NOT NULL CHECK (kind IN ('PRIVACY', 'IDENTITY_QUERY', 'BUREAU_QUERY', 'BUREAU_REPORTING', 'FACE', 'AUTOMATED_DECISION',
        'PARTNER_SHARING', 'MARKETING')),
      partner_id text,
      is_granted boolean NOT NULL,
      text_version integer NOT NULL CHECK (text_version > 0),
      text_sha256 text NOT NULL CHECK (text_sha256 ~ '^[0-9a-f]{64}$'),
      locale text NOT NULL CHECK (locale IN ('zh-CN', 'en')),
      device text NOT NULL CHECK (device ~ '^[0-9a-f]{16}$'),
      at timestamptz NOT NULL,
      CHECK ((partner_id IS NOT NULL) = (kind = 'PARTNER_SHARING'))
    );
    CREATE INDEX consents_of_borrower ON consents (borrower_id, kind, seq DESC);
    CREATE TRIGGER consents_append_only BEFORE UPDATE OR DELETE ON consents FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER consents_no_truncate BEFORE TRUNCATE ON consents FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT, INSERT ON consents TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE consents');
}
