import type { Knex } from 'knex';

/**
 * Which version of each key is in use is the database's word. Who writes with a key holds its lock shared to the end of the
 * transaction; a rotation moves versions under the same lock alone. So no write begun before slips into the time after.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE key_versions (
      purpose text NOT NULL CHECK (purpose IN ('key-encryption', 'index-id-number', 'index-phone', 'index-card')),
      version integer NOT NULL CHECK (version > 0),
      state text NOT NULL CHECK (state IN ('ACTIVE', 'RETIRING', 'KEPT', 'RETIRED')),
      since timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (purpose, version)
    );
    CREATE UNIQUE INDEX key_versions_active ON key_versions (purpose) WHERE state = 'ACTIVE';
    CREATE UNIQUE INDEX key_versions_retiring ON key_versions (purpose) WHERE state = 'RETIRING';
    INSERT INTO key_versions (purpose, version, state)
      SELECT purpose, 1, 'ACTIVE' FROM unnest(ARRAY['key-encryption', 'index-id-number', 'index-phone', 'index-card']) AS purpose;
    CREATE TRIGGER key_versions_kept BEFORE DELETE ON key_versions FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER key_versions_no_truncate BEFORE TRUNCATE ON key_versions FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT ON key_versions TO loanloom_app;

    CREATE FUNCTION live_key_versions(of_purpose text) RETURNS TABLE (version integer, state text) LANGUAGE plpgsql
      SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(726112, hashtext(of_purpose));
      RETURN QUERY SELECT k.version, k.state FROM key_versions k
        WHERE k.purpose = of_purpose AND k.state IN ('ACTIVE', 'RETIRING') ORDER BY k.version DESC;
    END $$;

    CREATE FUNCTION begin_key_rotation(of_purpose text, new_version integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(726112, hashtext(of_purpose));
      IF EXISTS (SELECT FROM key_versions WHERE purpose = of_purpose AND (state = 'RETIRING' OR version >= new_version)) THEN
        RAISE EXCEPTION 'a rotation of this key has not ended, or its version is not new' USING ERRCODE = 'LL007';
      END IF;
      UPDATE key_versions SET state = 'RETIRING', since = now() WHERE purpose = of_purpose AND state = 'ACTIVE';
      INSERT INTO key_versions (purpose, version, state) VALUES (of_purpose, new_version, 'ACTIVE');
    END $$;

    CREATE FUNCTION retire_key_version(of_purpose text, old_version integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      UPDATE key_versions SET state = 'RETIRED', since = now() WHERE purpose = of_purpose AND version = old_version AND state = 'KEPT';
      RETURN FOUND;
    END $$;

    CREATE FUNCTION key_version_of(wrapped bytea) RETURNS integer LANGUAGE sql IMMUTABLE
      AS $$ SELECT CASE WHEN length(wrapped) = 0 THEN NULL WHEN get_byte(wrapped, 0) = 1 THEN 1
        WHEN get_byte(wrapped, 0) = 2 AND length(wrapped) > 5 THEN
          (get_byte(wrapped, 1) << 24) + (get_byte(wrapped, 2) << 16) + (get_byte(wrapped, 3) << 8) + get_byte(wrapped, 4) END $$;
    CREATE INDEX borrowers_key_version ON borrowers (key_version_of(wrapped_key));

    CREATE FUNCTION check_key_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF key_version_of(NEW.wrapped_key) NOT IN (SELECT version FROM live_key_versions('key-encryption') WHERE state = 'ACTIVE') THEN
        RAISE EXCEPTION 'a key is wrapped with the version in use alone' USING ERRCODE = 'LL007';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER borrowers_key_version BEFORE INSERT OR UPDATE OF wrapped_key ON borrowers FOR EACH ROW EXECUTE FUNCTION check_key_version();

    CREATE FUNCTION rewrap_person(person text, from_key bytea, to_key bytea) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF key_version_of(to_key) IS NULL THEN
        RAISE EXCEPTION 'that is no wrapped key' USING ERRCODE = 'LL007';
      END IF;
      UPDATE borrowers SET wrapped_key = to_key WHERE id = person AND wrapped_key = from_key AND erased_at IS NULL
        AND key_version_of(from_key) IN (SELECT version FROM key_versions WHERE purpose = 'key-encryption' AND state = 'RETIRING');
      RETURN FOUND;
    END $$;

    REVOKE EXECUTE ON FUNCTION live_key_versions(text), begin_key_rotation(text, integer), retire_key_version(text, integer),
      key_version_of(bytea), check_key_version(), rewrap_person(text, bytea, bytea) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION live_key_versions(text), begin_key_rotation(text, integer), retire_key_version(text, integer),
      key_version_of(bytea), rewrap_person(text, bytea, bytea) TO loanloom_app;
  `);
}

/** A database that was rotated is read by no version of before: its keys are wrapped by versions that it does not know. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION rewrap_person;
    DROP TRIGGER borrowers_key_version ON borrowers;
    DROP FUNCTION check_key_version;
    DROP INDEX borrowers_key_version;
    DROP FUNCTION key_version_of;
    DROP FUNCTION retire_key_version;
    DROP FUNCTION begin_key_rotation;
    DROP FUNCTION live_key_versions;
    DROP TABLE key_versions;
  `);
}
