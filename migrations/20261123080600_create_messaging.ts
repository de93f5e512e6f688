import type { Knex } from 'knex';

/** Commands (stored before they are delivered), the transactional outbox, and the hash-chained audit log. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE commands (
      id text PRIMARY KEY,
      caller text NOT NULL,
      idempotency_key text NOT NULL,
      operation text NOT NULL,
      subject text NOT NULL,
      body_sha256 text NOT NULL,
      body jsonb NOT NULL,
      state text NOT NULL DEFAULT 'RECEIVED',
      outcome jsonb,
      business_date date NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz NOT NULL DEFAULT now(),
      created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (caller, idempotency_key),
      CHECK ((state = 'RECEIVED') = (outcome IS NULL))
    );
    CREATE INDEX commands_undelivered ON commands (next_attempt_at) WHERE state = 'RECEIVED';
    CREATE TRIGGER commands_transition BEFORE UPDATE ON commands FOR EACH ROW EXECUTE FUNCTION check_transition('command', 'state');
    CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE,
      topic text NOT NULL CHECK (topic IN ('loan.fact', 'mail')),
      subject text NOT NULL,
      payload jsonb NOT NULL DEFAULT '{}',
      secret_enc bytea,
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz NOT NULL DEFAULT now(),
      delivered_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX outbox_undelivered ON outbox (next_attempt_at) WHERE delivered_at IS NULL;
    CREATE INDEX outbox_undelivered_subject ON outbox (subject) WHERE delivered_at IS NULL;
    CREATE TABLE audit_log (
      id bigint PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT now(),
      actor text NOT NULL,
      action text NOT NULL,
      subject text NOT NULL,
      reason text NOT NULL CHECK (length(reason) > 0),
      data jsonb NOT NULL DEFAULT '{}',
      previous_hash bytea,
      hash bytea NOT NULL
    );
    CREATE FUNCTION audit_log_hash(previous bytea, row_at timestamptz, actor text, action text, subject text, reason text, data jsonb) RETURNS bytea
      LANGUAGE sql IMMUTABLE AS $$
      SELECT sha256(coalesce(previous, ''::bytea) || convert_to(concat_ws(E'\\x1f', extract(epoch FROM row_at)::text, actor, action, subject, reason, data::text), 'UTF8'))
    $$;
    CREATE FUNCTION audit_log_chain() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('audit_log'));
      -- Numbered under the lock: a sequence would hand out ids before it, and the chain would not follow them.
      SELECT coalesce(max(id), 0) + 1 INTO NEW.id FROM audit_log;
      NEW.previous_hash := (SELECT hash FROM audit_log ORDER BY id DESC LIMIT 1);
      NEW.hash := audit_log_hash(NEW.previous_hash, NEW.at, NEW.actor, NEW.action, NEW.subject, NEW.reason, NEW.data);
      RETURN NEW;
    END $$;
    CREATE TRIGGER audit_log_chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_chain();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'DROP TABLE audit_log; DROP FUNCTION audit_log_chain; DROP FUNCTION audit_log_hash; DROP TABLE outbox; DROP TABLE commands;',
  );
}
