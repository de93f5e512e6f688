import type { Knex } from 'knex';

/** Money in suspense may be applied to the loan that it is found to be for. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE breaks ADD COLUMN applies_to text REFERENCES loans;
    ALTER TABLE breaks ADD CONSTRAINT breaks_apply_check CHECK ((proposal IS NOT DISTINCT FROM 'APPLY') = (applies_to IS NOT NULL));
    GRANT UPDATE (applies_to) ON breaks TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE breaks DROP COLUMN applies_to');
}
