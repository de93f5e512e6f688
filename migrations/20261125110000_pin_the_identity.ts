import type { Knex } from 'knex';

/** An identity is a version that applications pin; codes are for a purpose; an application can be withdrawn until its payout has begun. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE borrowers ADD COLUMN identity_version integer NOT NULL DEFAULT 0;
    UPDATE borrowers SET identity_version = 1 WHERE name_enc IS NOT NULL;
    GRANT UPDATE (identity_version) ON borrowers TO loanloom_app;
    ALTER TABLE applications ADD COLUMN identity_version integer;
    UPDATE applications a SET identity_version = b.identity_version FROM borrowers b WHERE b.id = a.borrower_id AND a.status <> 'DRAFT';
    GRANT UPDATE (identity_version) ON applications TO loanloom_app;
    ALTER TABLE one_time_codes DROP CONSTRAINT one_time_codes_purpose_check,
      ADD CONSTRAINT one_time_codes_purpose_check CHECK (purpose IN ('SIGN', 'CARD')),
      ADD COLUMN bank_card_id text REFERENCES bank_cards;
    INSERT INTO state_transitions (machine, from_state, to_state) VALUES ('application', 'READY_TO_DISBURSE', 'WITHDRAWN');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DELETE FROM state_transitions WHERE machine = 'application' AND from_state = 'READY_TO_DISBURSE' AND to_state = 'WITHDRAWN';
    DELETE FROM one_time_codes WHERE purpose = 'CARD';
    ALTER TABLE one_time_codes DROP CONSTRAINT one_time_codes_purpose_check,
      ADD CONSTRAINT one_time_codes_purpose_check CHECK (purpose = 'SIGN'), DROP COLUMN bank_card_id;
    ALTER TABLE applications DROP COLUMN identity_version;
    ALTER TABLE borrowers DROP COLUMN identity_version;
  `);
}
