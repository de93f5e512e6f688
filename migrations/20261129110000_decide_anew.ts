import type { Knex } from 'knex';

/**
 * A changed answer makes a new decision: an application that goes back to its borrower begins another round, and what was
 * decided and offered in an earlier one is void. Decisions and offers stay as they were, each with its round.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    INSERT INTO state_transitions (machine, from_state, to_state) VALUES ('application', 'OFFERED', 'DRAFT'), ('application', 'FOUR_EYES', 'DRAFT'),
      ('application', 'KYC_PENDING', 'DRAFT');
    ALTER TABLE applications ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round > 0);
    GRANT UPDATE (round) ON applications TO loanloom_app;
    ALTER TABLE decisions ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round > 0);
    ALTER TABLE decisions DROP CONSTRAINT decisions_pkey;
    ALTER TABLE decisions ADD CONSTRAINT decisions_pkey PRIMARY KEY (application_id, round, stage);
    ALTER TABLE offers ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round > 0);
    ALTER TABLE offers DROP CONSTRAINT offers_pkey;
    ALTER TABLE offers ADD CONSTRAINT offers_pkey PRIMARY KEY (application_id, round);

    CREATE FUNCTION application_round_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.round <> OLD.round + (CASE WHEN NEW.status = 'DRAFT' AND OLD.status <> 'DRAFT' THEN 1 ELSE 0 END) THEN
        RAISE EXCEPTION 'an application begins another round when it goes back to its borrower, and only then' USING ERRCODE = 'LL001';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER applications_round BEFORE UPDATE OF status, round ON applications FOR EACH ROW EXECUTE FUNCTION application_round_moves_on();

    CREATE OR REPLACE FUNCTION acceptance_was_informed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT disclosure_is_confirmed(NEW.id, (SELECT disclosure_sha256 FROM offers WHERE application_id = NEW.id AND round = NEW.round)) THEN
        RAISE EXCEPTION 'the cost table of the offer is not confirmed' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
    CREATE OR REPLACE FUNCTION signature_was_informed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (
        SELECT FROM contracts k JOIN applications a ON a.id = k.application_id JOIN offers o ON o.application_id = a.id AND o.round = a.round
        WHERE k.application_id = NEW.application_id
          AND (k.disclosure_sha256 IS DISTINCT FROM o.disclosure_sha256 OR NOT disclosure_is_confirmed(k.application_id, k.disclosure_sha256))
      ) THEN
        RAISE EXCEPTION 'the contract carries another cost table than the confirmed one' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
  `);
}

/** Only where no application is in a later round: what was decided twice cannot be told as decided once. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$
    BEGIN
      IF EXISTS (SELECT FROM applications WHERE round > 1) THEN
        RAISE EXCEPTION 'an application is in a later round: its decisions cannot be told as those of one';
      END IF;
    END $$;
    CREATE OR REPLACE FUNCTION acceptance_was_informed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT disclosure_is_confirmed(NEW.id, (SELECT disclosure_sha256 FROM offers WHERE application_id = NEW.id)) THEN
        RAISE EXCEPTION 'the cost table of the offer is not confirmed' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
    CREATE OR REPLACE FUNCTION signature_was_informed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (
        SELECT FROM contracts k JOIN offers o USING (application_id) WHERE k.application_id = NEW.application_id
          AND (k.disclosure_sha256 IS DISTINCT FROM o.disclosure_sha256 OR NOT disclosure_is_confirmed(k.application_id, k.disclosure_sha256))
      ) THEN
        RAISE EXCEPTION 'the contract carries another cost table than the confirmed one' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $$;
    DROP TRIGGER applications_round ON applications;
    DROP FUNCTION application_round_moves_on;
    ALTER TABLE offers DROP CONSTRAINT offers_pkey, DROP COLUMN round, ADD CONSTRAINT offers_pkey PRIMARY KEY (application_id);
    ALTER TABLE decisions DROP CONSTRAINT decisions_pkey, DROP COLUMN round, ADD CONSTRAINT decisions_pkey PRIMARY KEY (application_id, stage);
    ALTER TABLE applications DROP COLUMN round;
    DELETE FROM state_transitions WHERE machine = 'application' AND to_state = 'DRAFT';
  `);
}
