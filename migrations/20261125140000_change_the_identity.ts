import type { Knex } from 'knex';

/**
 * A borrower's wish to be reached elsewhere or to be called otherwise. What is wished is sealed; it is
 * confirmed by codes to the old address and to each new one, and a new name by an operator as well.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE identity_changes (
      id text PRIMARY KEY,
      borrower_id text NOT NULL REFERENCES borrowers,
      body_sha256 text NOT NULL,
      base_version integer NOT NULL,
      wanted_enc bytea NOT NULL,
      fields text[] NOT NULL CHECK (cardinality(fields) > 0 AND fields <@ ARRAY['name', 'idNumber', 'phone', 'email']),
      code_hashes jsonb NOT NULL,
      attempts integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
      expires_at timestamptz NOT NULL,
      state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'CONFIRMED', 'APPLIED', 'REFUSED')),
      decided_by text,
      checks jsonb,
      created_at timestamptz NOT NULL DEFAULT now(),
      CHECK (state <> 'APPLIED' OR NOT (fields && ARRAY['name', 'idNumber']) OR decided_by IS NOT NULL)
    );
    CREATE INDEX identity_changes_of_borrower ON identity_changes (borrower_id, created_at DESC);
    CREATE INDEX identity_changes_waiting ON identity_changes (created_at) WHERE state = 'CONFIRMED';
    GRANT SELECT, INSERT ON identity_changes TO loanloom_app;
    GRANT UPDATE (attempts, state, decided_by, checks) ON identity_changes TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE identity_changes');
}
