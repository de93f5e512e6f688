import type { Knex } from 'knex';

/**
 * A person who asks for it is locked, and forgotten when nothing has to be kept any more: their data key and every index of
 * them are destroyed, so that what is encrypted with it can be read by nobody. The books keep their numbers.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE borrowers ADD COLUMN erased_at timestamptz;
    CREATE TABLE erasures (
      id text PRIMARY KEY,
      borrower_id text NOT NULL REFERENCES borrowers,
      asked_at timestamptz NOT NULL,
      due_on date NOT NULL,
      why text NOT NULL CHECK (why <> ''),
      cancelled_at timestamptz,
      erased_at timestamptz,
      CHECK (cancelled_at IS NULL OR erased_at IS NULL)
    );
    CREATE UNIQUE INDEX erasures_in_force ON erasures (borrower_id) WHERE cancelled_at IS NULL;
    CREATE INDEX erasures_due ON erasures (due_on) WHERE cancelled_at IS NULL AND erased_at IS NULL;
    CREATE TRIGGER erasures_kept BEFORE DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON erasures FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT, INSERT ON erasures TO loanloom_app;
    GRANT UPDATE (cancelled_at) ON erasures TO loanloom_app;

    CREATE FUNCTION erase_person(person text, on_day date, at timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$
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
      END IF;
      UPDATE borrowers SET wrapped_key = '\\x'::bytea, name_enc = NULL, id_number_enc = NULL, phone_enc = NULL, email_enc = NULL,
        id_number_index = NULL, phone_index = NULL, erased_at = at WHERE id = person;
      UPDATE bank_cards SET card_index = sha256(convert_to(gen_random_uuid()::text, 'UTF8')) WHERE borrower_id = person;
      UPDATE one_time_codes SET used_at = coalesce(used_at, at) WHERE application_id IN (SELECT id FROM applications WHERE borrower_id = person);
      UPDATE erasures SET erased_at = at WHERE borrower_id = person AND cancelled_at IS NULL;
      RETURN true;
    END $$;
    REVOKE EXECUTE ON FUNCTION erase_person(text, date, timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION erase_person(text, date, timestamptz) TO loanloom_app;
  `);
}

/** What was forgotten stays so; only the means to forget more go. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP FUNCTION erase_person; DROP TABLE erasures; ALTER TABLE borrowers DROP COLUMN erased_at');
}
