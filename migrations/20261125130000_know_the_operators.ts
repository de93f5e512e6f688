import type { Knex } from 'knex';

/**
 * Operators: one row per person, who is known by their staff number and cannot be entered twice. The
 * application reads them and cannot make one: only the schema's owner does (`loan operator add`).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE operators (
      name text PRIMARY KEY CHECK (name ~ '^[0-9a-z][0-9a-z-]{1,47}$'),
      staff_number text NOT NULL UNIQUE CHECK (staff_number ~ '^[0-9A-Z-]{1,20}$'),
      roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['clerk', 'approver', 'treasurer', 'auditor']),
      public_key text NOT NULL UNIQUE,
      is_active boolean NOT NULL DEFAULT true,
      added_at timestamptz NOT NULL DEFAULT now(),
      -- The restore epoch in which the schema's owner last vouched for them: a backup brings back who was dismissed since.
      epoch integer NOT NULL DEFAULT 1 CHECK (epoch > 0),
      CHECK (NOT 'auditor' = ANY (roles) OR cardinality(roles) = 1)
    );
    GRANT SELECT ON operators TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE operators');
}
