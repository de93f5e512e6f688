import type { Knex } from 'knex';

/** Payments that come back, refunds of surplus, suspense accounts for money that is not where it should be, and the notices they need. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE payment_instructions DROP CONSTRAINT payment_instructions_direction_check,
      ADD CONSTRAINT payment_instructions_direction_check CHECK (direction IN ('PAYOUT', 'DEBIT', 'REFUND')),
      ADD COLUMN hinted_at timestamptz;
    CREATE UNIQUE INDEX payment_instructions_one_open_refund ON payment_instructions (loan_id)
      WHERE direction = 'REFUND' AND state IN ('CREATED', 'AUTHORIZED', 'IN_FLIGHT', 'MANUAL');
    ALTER TABLE payment_attempts ADD COLUMN account_tail text CHECK (length(account_tail) = 4),
      ADD COLUMN nothing_sent boolean NOT NULL DEFAULT false;
    CREATE INDEX payment_attempts_day ON payment_attempts (channel, value_date) WHERE state IN ('SUCCEEDED', 'RETURNED');
    GRANT UPDATE (hinted_at) ON payment_instructions TO loanloom_app;
    GRANT UPDATE (account_tail, nothing_sent) ON payment_attempts TO loanloom_app;
    INSERT INTO state_transitions (machine, from_state, to_state) VALUES ('loan', 'ACTIVE', 'APPROVED');
    INSERT INTO ledger_accounts (code, name, type) VALUES ('refunds-in-payment', 'Refunds sent and not confirmed', 'ASSET');
    DELETE FROM ledger_accounts a WHERE a.code LIKE 'suspense:%' AND NOT EXISTS (SELECT FROM journal_lines l WHERE l.account = a.code);
    DROP INDEX loan_transactions_one_disbursement;
    CREATE FUNCTION one_disbursement_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM FROM loans WHERE id = NEW.loan_id FOR UPDATE;
      IF EXISTS (SELECT FROM loan_transactions t WHERE t.loan_id = NEW.loan_id AND t.type = 'DISBURSEMENT' AND t.key <> NEW.key
          AND NOT EXISTS (SELECT FROM loan_transactions r WHERE r.loan_id = t.loan_id AND r.type = 'REVERSAL' AND r.data ->> 'of' = t.key)) THEN
        RAISE EXCEPTION 'loan % has a disbursement that did not come back', NEW.loan_id USING ERRCODE = 'LL001';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER loan_transactions_one_disbursement BEFORE INSERT ON loan_transactions FOR EACH ROW
      WHEN (NEW.type = 'DISBURSEMENT') EXECUTE FUNCTION one_disbursement_in_force();
    ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check,
      ADD CONSTRAINT outbox_topic_check CHECK (topic IN ('loan.fact', 'mail', 'break', 'alarm', 'payment.hint'));
    CREATE TABLE webhook_events (
      channel text NOT NULL,
      event_id text NOT NULL,
      number text NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (channel, event_id)
    );
    GRANT SELECT, INSERT ON webhook_events TO loanloom_app;
    CREATE TRIGGER webhook_events_append_only BEFORE UPDATE OR DELETE ON webhook_events FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TABLE webhook_refusals (
      channel text PRIMARY KEY,
      refused bigint NOT NULL,
      last_at timestamptz NOT NULL DEFAULT now()
    );
    GRANT SELECT, INSERT, UPDATE ON webhook_refusals TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE webhook_refusals;
    DROP TABLE webhook_events;
    DROP TRIGGER loan_transactions_one_disbursement ON loan_transactions;
    DROP FUNCTION one_disbursement_in_force;
    CREATE UNIQUE INDEX loan_transactions_one_disbursement ON loan_transactions (loan_id) WHERE type = 'DISBURSEMENT';
    ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check, ADD CONSTRAINT outbox_topic_check CHECK (topic IN ('loan.fact', 'mail'));
    DELETE FROM ledger_accounts WHERE code = 'refunds-in-payment';
    DELETE FROM state_transitions WHERE machine = 'loan' AND from_state = 'ACTIVE' AND to_state = 'APPROVED';
    DROP INDEX payment_attempts_day;
    ALTER TABLE payment_attempts DROP COLUMN account_tail, DROP COLUMN nothing_sent;
    DROP INDEX payment_instructions_one_open_refund;
    ALTER TABLE payment_instructions DROP CONSTRAINT payment_instructions_direction_check,
      ADD CONSTRAINT payment_instructions_direction_check CHECK (direction IN ('PAYOUT', 'DEBIT')),
      DROP COLUMN hinted_at;
  `);
}
