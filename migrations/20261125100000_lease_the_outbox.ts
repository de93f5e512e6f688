import type { Knex } from 'knex';

/** Outbox rows are leased, urgent ones first, and may fail for good; a contact is a row that a dispatcher delivers. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check,
      ADD CONSTRAINT outbox_topic_check CHECK (topic IN ('loan.fact', 'mail', 'break', 'alarm', 'payment.hint', 'contact')),
      ADD COLUMN urgent boolean NOT NULL DEFAULT false,
      ADD COLUMN failed_at timestamptz,
      ADD CONSTRAINT outbox_ended_once CHECK (failed_at IS NULL OR delivered_at IS NULL);
    CREATE INDEX outbox_due ON outbox (topic, urgent DESC, id) WHERE delivered_at IS NULL AND failed_at IS NULL;
    GRANT UPDATE (failed_at) ON outbox TO loanloom_app;
    ALTER TABLE contacts DROP CONSTRAINT contacts_state_check,
      ADD CONSTRAINT contacts_state_check CHECK (state IN ('PLANNED', 'OPEN', 'SENT', 'DONE', 'MISSED')),
      ADD COLUMN planned_at timestamptz, ADD COLUMN days_past_due integer, ADD COLUMN due_on date;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE contacts SET state = 'OPEN' WHERE state IN ('PLANNED', 'MISSED');
    ALTER TABLE contacts DROP CONSTRAINT contacts_state_check,
      ADD CONSTRAINT contacts_state_check CHECK (state IN ('OPEN', 'SENT', 'DONE')),
      DROP COLUMN planned_at, DROP COLUMN days_past_due, DROP COLUMN due_on;
    DROP INDEX outbox_due;
    DELETE FROM outbox WHERE topic = 'contact';
    ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check, DROP CONSTRAINT outbox_ended_once,
      ADD CONSTRAINT outbox_topic_check CHECK (topic IN ('loan.fact', 'mail', 'break', 'alarm', 'payment.hint')),
      DROP COLUMN urgent, DROP COLUMN failed_at;
  `);
}
