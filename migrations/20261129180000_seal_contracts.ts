import type { Knex } from 'knex';

/**
 * The contract as a document that is sealed: what was drawn up and confirmed by hash, tries at sealing it, and the sealed
 * document, once. A loan is opened only on a sealed contract (LL008); contracts of words from before are as they were.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE contracts ADD COLUMN media_type text NOT NULL DEFAULT 'text/plain' CHECK (media_type IN ('text/plain', 'application/pdf')),
      ADD COLUMN content_enc bytea, ADD CHECK ((media_type = 'application/pdf') = (content_enc IS NOT NULL));
    ALTER TABLE contracts ALTER COLUMN media_type DROP DEFAULT;

    CREATE TABLE sealing_tries (
      document_id text NOT NULL REFERENCES contracts,
      number integer NOT NULL CHECK (number > 0),
      outcome text NOT NULL CHECK (outcome IN ('UNAVAILABLE', 'REFUSED')),
      detail text NOT NULL CHECK (detail ~ '^[A-Za-z0-9_.-]{1,80}$'),
      at timestamptz NOT NULL,
      PRIMARY KEY (document_id, number)
    );
    CREATE TABLE sealed_documents (
      document_id text PRIMARY KEY REFERENCES signatures,
      contract_sha256 text NOT NULL CHECK (contract_sha256 ~ '^[0-9a-f]{64}$'),
      sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      document_enc bytea NOT NULL,
      provider text NOT NULL CHECK (provider <> ''),
      verification jsonb NOT NULL CHECK (verification->'faults' = '[]' AND jsonb_array_length(verification->'signatures') = 2),
      sealed_at timestamptz NOT NULL
    );
    CREATE TABLE signing_services (
      name text PRIMARY KEY,
      missing text CHECK (missing ~ '^[A-Za-z0-9_.-]{1,80}$'),
      fresh_until timestamptz NOT NULL
    );

    CREATE FUNCTION seal_is_of_the_signed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT EXISTS (
        SELECT FROM signatures s JOIN contracts k ON k.application_id = s.application_id
        WHERE s.application_id = NEW.document_id AND s.contract_sha256 = NEW.contract_sha256 AND k.sha256 = NEW.contract_sha256
      ) THEN
        RAISE EXCEPTION 'a seal belongs to the very document that was signed' USING ERRCODE = 'LL008';
      END IF;
      RETURN NEW;
    END $$;
    CREATE FUNCTION loan_rests_on_a_seal() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF EXISTS (
        SELECT FROM contracts k WHERE k.application_id = NEW.id AND k.media_type = 'application/pdf'
          AND NOT EXISTS (SELECT FROM sealed_documents d WHERE d.document_id = k.application_id)
      ) THEN
        RAISE EXCEPTION 'no loan is opened on a contract that is not sealed' USING ERRCODE = 'LL008';
      END IF;
      RETURN NEW;
    END $$;
    REVOKE EXECUTE ON FUNCTION seal_is_of_the_signed() FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION loan_rests_on_a_seal() FROM PUBLIC;
    CREATE TRIGGER sealed_documents_of_the_signed BEFORE INSERT ON sealed_documents FOR EACH ROW EXECUTE FUNCTION seal_is_of_the_signed();
    CREATE TRIGGER loans_sealed BEFORE INSERT ON loans FOR EACH ROW EXECUTE FUNCTION loan_rests_on_a_seal();
    CREATE TRIGGER applications_sealed BEFORE UPDATE OF status ON applications FOR EACH ROW
      WHEN (OLD.status IN ('SIGNED', 'REFLECTION_PERIOD') AND NEW.status = 'READY_TO_DISBURSE') EXECUTE FUNCTION loan_rests_on_a_seal();
    CREATE TRIGGER sealing_tries_append_only BEFORE UPDATE OR DELETE ON sealing_tries FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER sealing_tries_no_truncate BEFORE TRUNCATE ON sealing_tries FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER sealed_documents_append_only BEFORE UPDATE OR DELETE ON sealed_documents FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER sealed_documents_no_truncate BEFORE TRUNCATE ON sealed_documents FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT, INSERT ON sealing_tries, sealed_documents TO loanloom_app;
    GRANT SELECT, INSERT, UPDATE ON signing_services TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER loans_sealed ON loans;
    DROP TRIGGER applications_sealed ON applications;
    DROP TABLE sealing_tries; DROP TABLE sealed_documents; DROP TABLE signing_services;
    DROP FUNCTION seal_is_of_the_signed; DROP FUNCTION loan_rests_on_a_seal;
    ALTER TABLE contracts DROP COLUMN content_enc, DROP COLUMN media_type;
  `);
}
