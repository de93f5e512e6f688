import type { Knex } from 'knex';

/**
 * The cost table of an offer, that it was shown, and that it was confirmed after its reading time. What was confirmed
 * is the table by its SHA-256: an offer is not accepted, and no contract signed, without the confirmation of the very
 * table that it carries. Offers from before carry none; theirs is not asked for.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE offers ADD COLUMN disclosure text, ADD COLUMN disclosure_sha256 text CHECK (disclosure_sha256 ~ '^[0-9a-f]{64}$'),
      ADD CONSTRAINT offers_disclosure_has_hash CHECK (
        (disclosure IS NULL) = (disclosure_sha256 IS NULL)
        AND (disclosure IS NULL OR disclosure_sha256 = encode(sha256(convert_to(disclosure, 'UTF8')), 'hex')));
    ALTER TABLE contracts ADD COLUMN disclosure_sha256 text CHECK (disclosure_sha256 ~ '^[0-9a-f]{64}$');
    ALTER TABLE applications ADD COLUMN partner_id text;

    CREATE TABLE disclosures_shown (
      application_id text NOT NULL REFERENCES applications,
      disclosure_sha256 text NOT NULL CHECK (disclosure_sha256 ~ '^[0-9a-f]{64}$'),
      shown_at timestamptz NOT NULL,
      reading_seconds integer NOT NULL CHECK (reading_seconds BETWEEN 0 AND 600),
      PRIMARY KEY (application_id, disclosure_sha256)
    );
    CREATE TABLE disclosure_confirmations (
      application_id text NOT NULL,
      disclosure_sha256 text NOT NULL,
      confirmed_at timestamptz NOT NULL,
      device text NOT NULL CHECK (device ~ '^[0-9a-f]{16}$'),
      PRIMARY KEY (application_id, disclosure_sha256),
      FOREIGN KEY (application_id, disclosure_sha256) REFERENCES disclosures_shown
    );

    CREATE FUNCTION disclosure_was_read() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      shown disclosures_shown%ROWTYPE;
    BEGIN
      SELECT * INTO shown FROM disclosures_shown s
        WHERE s.application_id = NEW.application_id AND s.disclosure_sha256 = NEW.disclosure_sha256;
      IF NEW.confirmed_at < shown.shown_at + make_interval(secs => shown.reading_seconds) THEN
        RAISE EXCEPTION 'the cost table was not shown for its reading time' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER disclosure_confirmations_after_reading BEFORE INSERT ON disclosure_confirmations
      FOR EACH ROW EXECUTE FUNCTION disclosure_was_read();

    CREATE FUNCTION disclosure_is_confirmed(application text, wanted text) RETURNS boolean LANGUAGE sql STABLE AS $$
      SELECT wanted IS NULL OR EXISTS (
        SELECT FROM disclosure_confirmations c WHERE c.application_id = application AND c.disclosure_sha256 = wanted)
    $$;
    CREATE FUNCTION acceptance_was_informed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT disclosure_is_confirmed(NEW.id, (SELECT disclosure_sha256 FROM offers WHERE application_id = NEW.id)) THEN
        RAISE EXCEPTION 'the cost table of the offer is not confirmed' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER applications_accepted_informed BEFORE UPDATE OF status ON applications FOR EACH ROW
      WHEN (old.status = 'OFFERED' AND new.status IN ('REFLECTION_PERIOD', 'AWAITING_SIGNATURE'))
      EXECUTE FUNCTION acceptance_was_informed();
    CREATE FUNCTION signature_was_informed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (
        SELECT FROM contracts k JOIN offers o USING (application_id) WHERE k.application_id = NEW.application_id
          AND (k.disclosure_sha256 IS DISTINCT FROM o.disclosure_sha256 OR NOT disclosure_is_confirmed(k.application_id, k.disclosure_sha256))
      ) THEN
        RAISE EXCEPTION 'the contract carries another cost table than the confirmed one' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER signatures_informed BEFORE INSERT ON signatures FOR EACH ROW EXECUTE FUNCTION signature_was_informed();

    CREATE TRIGGER disclosures_shown_append_only BEFORE UPDATE OR DELETE ON disclosures_shown FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER disclosures_shown_no_truncate BEFORE TRUNCATE ON disclosures_shown FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER disclosure_confirmations_append_only BEFORE UPDATE OR DELETE ON disclosure_confirmations FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER disclosure_confirmations_no_truncate BEFORE TRUNCATE ON disclosure_confirmations FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT, INSERT ON disclosures_shown, disclosure_confirmations TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER signatures_informed ON signatures;
    DROP TRIGGER applications_accepted_informed ON applications;
    DROP FUNCTION signature_was_informed;
    DROP FUNCTION acceptance_was_informed;
    DROP FUNCTION disclosure_is_confirmed;
    DROP TABLE disclosure_confirmations;
    DROP TABLE disclosures_shown;
    DROP FUNCTION disclosure_was_read;
    ALTER TABLE applications DROP COLUMN partner_id;
    ALTER TABLE contracts DROP COLUMN disclosure_sha256;
    ALTER TABLE offers DROP CONSTRAINT offers_disclosure_has_hash, DROP COLUMN disclosure_sha256, DROP COLUMN disclosure;
  `);
}
