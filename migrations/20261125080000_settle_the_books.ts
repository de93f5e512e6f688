import type { Knex } from 'knex';

/**
 * Loans that were closed and owe the borrower something are open again; a charge-off of no principal; decisions
 * that need a second person, by constraint.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    INSERT INTO state_transitions (machine, from_state, to_state) VALUES
      ('loan', 'CLOSED_OBLIGATIONS_MET', 'OVERPAID'), ('loan', 'CLOSED_WRITTEN_OFF', 'OVERPAID'),
      ('loan', 'CLOSED_WRITTEN_OFF', 'ACTIVE'), ('loan', 'OVERPAID', 'CLOSED_WRITTEN_OFF');
    ALTER TABLE loan_transactions DROP CONSTRAINT loan_transactions_amount_check,
      ADD CONSTRAINT loan_transactions_amount_check CHECK (type = 'CHARGE_OFF' OR (amount_fen IS NULL) =
        (type IN ('REVERSAL', 'RATE_CHANGE', 'REAGE', 'REAMORTIZE', 'TERM_EXTENSION', 'HARDSHIP_PAUSE', 'WRITEOFF')));
    CREATE TABLE adjustment_proposals (
      id text PRIMARY KEY,
      loan_id text NOT NULL REFERENCES loans,
      body jsonb NOT NULL,
      why text NOT NULL,
      proposed_by text NOT NULL,
      proposed_at timestamptz NOT NULL,
      state text NOT NULL DEFAULT 'PROPOSED' CHECK (state IN ('PROPOSED', 'APPROVED', 'REFUSED')),
      decided_by text CHECK (decided_by <> proposed_by),
      CHECK ((state = 'PROPOSED') = (decided_by IS NULL))
    );
    CREATE INDEX adjustment_proposals_open ON adjustment_proposals (loan_id) WHERE state = 'PROPOSED';
    GRANT SELECT, INSERT ON adjustment_proposals TO loanloom_app;
    GRANT UPDATE (state, decided_by) ON adjustment_proposals TO loanloom_app;
    ALTER TABLE loan_transactions ADD COLUMN decided_by text, ADD COLUMN approved_by text, ADD COLUMN needs_second boolean NOT NULL DEFAULT false,
      ADD CONSTRAINT loan_transactions_second_person CHECK (approved_by <> decided_by),
      ADD CONSTRAINT loan_transactions_four_eyes CHECK (NOT needs_second OR (decided_by IS NOT NULL AND approved_by IS NOT NULL));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE loan_transactions DROP CONSTRAINT loan_transactions_four_eyes, DROP CONSTRAINT loan_transactions_second_person,
      DROP COLUMN decided_by, DROP COLUMN approved_by, DROP COLUMN needs_second;
    DROP TABLE adjustment_proposals;
    ALTER TABLE loan_transactions DROP CONSTRAINT loan_transactions_amount_check,
      ADD CONSTRAINT loan_transactions_amount_check CHECK ((amount_fen IS NULL) =
        (type IN ('REVERSAL', 'RATE_CHANGE', 'REAGE', 'REAMORTIZE', 'TERM_EXTENSION', 'HARDSHIP_PAUSE', 'WRITEOFF')));
    DELETE FROM state_transitions WHERE machine = 'loan' AND (from_state, to_state) IN
      (('CLOSED_OBLIGATIONS_MET', 'OVERPAID'), ('CLOSED_WRITTEN_OFF', 'OVERPAID'), ('CLOSED_WRITTEN_OFF', 'ACTIVE'), ('OVERPAID', 'CLOSED_WRITTEN_OFF'));
  `);
}
