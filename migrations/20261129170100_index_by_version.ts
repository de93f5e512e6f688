import type { Knex } from 'knex';

const ERASE_HEAD = `
    BEGIN
      PERFORM FROM borrowers WHERE id = person AND erased_at IS NULL FOR UPDATE;
      IF NOT FOUND THEN
        RETURN false;
      END IF;
      IF NOT EXISTS (SELECT FROM erasures e WHERE e.borrower_id = person AND e.cancelled_at IS NULL AND e.due_on <= on_day) THEN
        RAISE EXCEPTION 'nobody is forgotten who did not ask for it, or before its day' USING ERRCODE = 'LL006';
      END IF;
      IF EXISTS (SELECT FROM loans WHERE borrower_id = person AND status IN ('APPROVED', 'ACTIVE', 'OVERPAID')) OR EXISTS (
        SELECT FROM applications a WHERE a.borrower_id = person AND NOT EXISTS (SELECT FROM loans l WHERE l.id = a.id)
          AND EXISTS (SELECT FROM state_transitions t WHERE t.machine = 'application' AND t.from_state = a.status)) THEN
        RAISE EXCEPTION 'something of this person goes on' USING ERRCODE = 'LL006';
      END IF;`;
const ERASE_TAIL = `
      UPDATE one_time_codes SET used_at = coalesce(used_at, at) WHERE application_id IN (SELECT id FROM applications WHERE borrower_id = person);
      UPDATE erasures SET erased_at = at WHERE borrower_id = person AND cancelled_at IS NULL;
      RETURN true;
    END`;
const erasePerson = (what: string) => `
    CREATE OR REPLACE FUNCTION erase_person(person text, on_day date, at timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$${ERASE_HEAD}${what}${ERASE_TAIL} $$;`;

/**
 * The keyed index of a value under each live version of its key, in a table of its own. While two versions are live every
 * value is written under both, so that "one person, one ID number" holds at each moment of a rotation.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE blind_indexes (
      purpose text NOT NULL CHECK (purpose IN ('index-id-number', 'index-phone', 'index-card')),
      owner text NOT NULL,
      key_version integer NOT NULL,
      borrower_id text NOT NULL REFERENCES borrowers,
      value bytea NOT NULL CHECK (length(value) = 32),
      PRIMARY KEY (purpose, owner, key_version),
      FOREIGN KEY (purpose, key_version) REFERENCES key_versions
    );
    INSERT INTO blind_indexes (purpose, owner, key_version, borrower_id, value)
      SELECT 'index-id-number', id, 1, id, id_number_index FROM borrowers WHERE id_number_index IS NOT NULL
      UNION ALL SELECT 'index-phone', id, 1, id, phone_index FROM borrowers WHERE phone_index IS NOT NULL
      UNION ALL SELECT 'index-card', c.id, 1, c.borrower_id, c.card_index FROM bank_cards c JOIN borrowers b ON b.id = c.borrower_id
        WHERE b.erased_at IS NULL AND length(c.card_index) = 32;
    CREATE UNIQUE INDEX blind_indexes_one_person ON blind_indexes (key_version, value) WHERE purpose = 'index-id-number';
    CREATE UNIQUE INDEX blind_indexes_one_card ON blind_indexes (borrower_id, key_version, value) WHERE purpose = 'index-card';
    CREATE INDEX blind_indexes_phone ON blind_indexes (key_version, value) WHERE purpose = 'index-phone';
    CREATE INDEX blind_indexes_borrower ON blind_indexes (borrower_id);
    CREATE INDEX blind_indexes_version ON blind_indexes (purpose, key_version);
    GRANT SELECT, INSERT, DELETE, UPDATE (value) ON blind_indexes TO loanloom_app;
    ALTER TABLE borrowers DROP COLUMN id_number_index, DROP COLUMN phone_index;
    ALTER TABLE bank_cards DROP COLUMN card_index;

    CREATE FUNCTION check_index_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NEW.key_version NOT IN (SELECT version FROM live_key_versions(NEW.purpose)) THEN
        RAISE EXCEPTION 'this version of the key is not in use' USING ERRCODE = 'LL007';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER blind_indexes_version BEFORE INSERT OR UPDATE ON blind_indexes FOR EACH ROW EXECUTE FUNCTION check_index_version();

    CREATE FUNCTION check_index_complete() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF EXISTS (SELECT FROM blind_indexes WHERE purpose = NEW.purpose AND owner = NEW.owner)
        AND EXISTS (SELECT FROM live_key_versions(NEW.purpose) v WHERE NOT EXISTS (
          SELECT FROM blind_indexes b WHERE b.purpose = NEW.purpose AND b.owner = NEW.owner AND b.key_version = v.version)) THEN
        RAISE EXCEPTION 'a value is indexed under every version in use' USING ERRCODE = 'LL007';
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER blind_indexes_complete AFTER INSERT ON blind_indexes DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION check_index_complete();

    CREATE FUNCTION end_key_rotation(of_purpose text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
      old_version integer;
    BEGIN
      PERFORM pg_advisory_xact_lock(726112, hashtext(of_purpose));
      SELECT version INTO old_version FROM key_versions WHERE purpose = of_purpose AND state = 'RETIRING';
      IF old_version IS NULL THEN
        RETURN NULL;
      END IF;
      IF EXISTS (SELECT FROM borrowers WHERE of_purpose = 'key-encryption' AND key_version_of(wrapped_key) = old_version)
        OR EXISTS (SELECT FROM blind_indexes o WHERE o.purpose = of_purpose AND o.key_version = old_version AND NOT EXISTS (
          SELECT FROM blind_indexes n JOIN key_versions k ON k.purpose = n.purpose AND k.version = n.key_version AND k.state = 'ACTIVE'
            WHERE n.purpose = o.purpose AND n.owner = o.owner)) THEN
        RAISE EXCEPTION 'something still needs the old version of this key' USING ERRCODE = 'LL007';
      END IF;
      UPDATE key_versions SET state = 'KEPT', since = now() WHERE purpose = of_purpose AND version = old_version;
      RETURN old_version;
    END $$;
    REVOKE EXECUTE ON FUNCTION check_index_version(), check_index_complete(), end_key_rotation(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION end_key_rotation(text) TO loanloom_app;
    ${erasePerson(`
      UPDATE borrowers SET wrapped_key = '\\x'::bytea, name_enc = NULL, id_number_enc = NULL, phone_enc = NULL, email_enc = NULL,
        erased_at = at WHERE id = person;
      DELETE FROM blind_indexes WHERE borrower_id = person;`)}
  `);
}

/** Only indexes of version 1 are known to the columns of before. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION end_key_rotation;
    ALTER TABLE borrowers ADD COLUMN id_number_index bytea UNIQUE, ADD COLUMN phone_index bytea;
    CREATE INDEX borrowers_phone_index ON borrowers (phone_index);
    ALTER TABLE bank_cards ADD COLUMN card_index bytea;
    UPDATE borrowers b SET
      id_number_index = (SELECT value FROM blind_indexes WHERE purpose = 'index-id-number' AND owner = b.id AND key_version = 1),
      phone_index = (SELECT value FROM blind_indexes WHERE purpose = 'index-phone' AND owner = b.id AND key_version = 1);
    UPDATE bank_cards c SET card_index = coalesce(
      (SELECT value FROM blind_indexes WHERE purpose = 'index-card' AND owner = c.id AND key_version = 1),
      sha256(convert_to(gen_random_uuid()::text, 'UTF8')));
    ALTER TABLE bank_cards ALTER COLUMN card_index SET NOT NULL, ADD UNIQUE (borrower_id, card_index);
    GRANT UPDATE (id_number_index, phone_index) ON borrowers TO loanloom_app;
    DROP TABLE blind_indexes;
    DROP FUNCTION check_index_complete;
    DROP FUNCTION check_index_version;
    ${erasePerson(`
      UPDATE borrowers SET wrapped_key = '\\x'::bytea, name_enc = NULL, id_number_enc = NULL, phone_enc = NULL, email_enc = NULL,
        id_number_index = NULL, phone_index = NULL, erased_at = at WHERE id = person;
      UPDATE bank_cards SET card_index = sha256(convert_to(gen_random_uuid()::text, 'UTF8')) WHERE borrower_id = person;`)}
  `);
}
