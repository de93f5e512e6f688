import type { Knex } from 'knex';

/**
 * What identity sources were asked about a person, and what they said: one row for one question, by f(subject, check,
 * version). It rests on a consent that is in force whenever it is asked; what was answered stays.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE identity_checks (
      request_id text PRIMARY KEY,
      borrower_id text NOT NULL REFERENCES borrowers,
      subject text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('ID_NAME', 'PHONE_THREE_ELEMENTS', 'CARD_FOUR_ELEMENTS')),
      version text NOT NULL,
      serial integer NOT NULL DEFAULT 1 CHECK (serial > 0),
      source text NOT NULL,
      consent_id text NOT NULL REFERENCES consents,
      tries integer NOT NULL DEFAULT 1 CHECK (tries > 0),
      asked_at timestamptz NOT NULL,
      last_asked_at timestamptz NOT NULL CHECK (last_asked_at >= asked_at),
      detail text CHECK (detail ~ '^[A-Za-z0-9_.-]{1,80}$'),
      answer text CHECK (answer IN ('MATCH', 'MISMATCH', 'NOT_FOUND')),
      reply_enc bytea,
      reply_sha256 text CHECK (reply_sha256 ~ '^[0-9a-f]{64}$'),
      price_fen bigint CHECK (price_fen >= 0),
      answered_at timestamptz,
      UNIQUE (subject, kind, version, serial),
      CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (reply_enc IS NULL)
        AND (answer IS NULL) = (reply_sha256 IS NULL) AND (answer IS NULL) = (price_fen IS NULL))
    );
    CREATE INDEX identity_checks_of_borrower ON identity_checks (borrower_id, kind, version);

    CREATE FUNCTION identity_question_rests_on_consent() RETURNS trigger LANGUAGE plpgsql
      SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND (OLD.answer IS NOT NULL OR (NEW.request_id, NEW.borrower_id, NEW.subject, NEW.kind, NEW.version, NEW.serial, NEW.asked_at)
          IS DISTINCT FROM (OLD.request_id, OLD.borrower_id, OLD.subject, OLD.kind, OLD.version, OLD.serial, OLD.asked_at)) THEN
        RAISE EXCEPTION 'what a source was asked, and what it answered, stays' USING ERRCODE = 'LL001';
      END IF;
      IF TG_OP = 'INSERT' OR NEW.tries <> OLD.tries THEN
        IF NEW.consent_id IS DISTINCT FROM (
          SELECT CASE WHEN is_granted THEN id END FROM consents
          WHERE borrower_id = NEW.borrower_id AND kind = 'IDENTITY_QUERY' ORDER BY seq DESC LIMIT 1
        ) THEN
          RAISE EXCEPTION 'nobody is asked about a person without a consent of theirs in force' USING ERRCODE = 'LL005';
        END IF;
      END IF;
      RETURN NEW;
    END $$;
    REVOKE EXECUTE ON FUNCTION identity_question_rests_on_consent() FROM PUBLIC;
    CREATE TRIGGER identity_checks_consent BEFORE INSERT OR UPDATE ON identity_checks
      FOR EACH ROW EXECUTE FUNCTION identity_question_rests_on_consent();
    CREATE TRIGGER identity_checks_kept BEFORE DELETE ON identity_checks FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER identity_checks_no_truncate BEFORE TRUNCATE ON identity_checks FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT, INSERT ON identity_checks TO loanloom_app;
    GRANT UPDATE (tries, last_asked_at, consent_id, source, detail, answer, reply_enc, reply_sha256, price_fen, answered_at)
      ON identity_checks TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE identity_checks; DROP FUNCTION identity_question_rests_on_consent');
}
