import type { Knex } from 'knex';

/**
 * Sends counted before they begin, the card that an attempt was opened with, recalls counted instead of noted one
 * by one, and the epoch that tells a restored database from the one that went on.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE payment_attempts ADD COLUMN sends integer NOT NULL DEFAULT 0 CHECK (sends >= 0),
      ADD COLUMN sends_refused integer NOT NULL DEFAULT 0 CHECK (sends_refused BETWEEN 0 AND sends),
      ADD COLUMN bank_card_id text REFERENCES bank_cards;
    -- An attempt that is open may have been sent once already.
    UPDATE payment_attempts SET sends = 1 WHERE state IN ('SENDING', 'ACCEPTED', 'UNKNOWN');
    GRANT UPDATE (sends, sends_refused) ON payment_attempts TO loanloom_app;
    GRANT UPDATE (bank_card_id) ON loans TO loanloom_app;
    ALTER TABLE breaks ADD COLUMN recalls integer NOT NULL DEFAULT 0, ADD COLUMN recalled_at timestamptz;
    GRANT UPDATE (recalls, recalled_at) ON breaks TO loanloom_app;
    CREATE TABLE restore_state (
      id integer PRIMARY KEY CHECK (id = 1),
      epoch integer NOT NULL CHECK (epoch > 0),
      cleared_at timestamptz NOT NULL DEFAULT now()
    );
    INSERT INTO restore_state (id, epoch) VALUES (1, 1);
    GRANT SELECT ON restore_state TO loanloom_app;
    GRANT UPDATE (epoch, cleared_at) ON restore_state TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE restore_state;
    ALTER TABLE breaks DROP COLUMN recalls, DROP COLUMN recalled_at;
    REVOKE UPDATE (bank_card_id) ON loans FROM loanloom_app;
    ALTER TABLE payment_attempts DROP COLUMN sends, DROP COLUMN sends_refused, DROP COLUMN bank_card_id;
  `);
}
