import type { Knex } from 'knex';

/**
 * A role that may make temporary tables could put one before ours: a trigger's function that looks up a table by its bare
 * name finds pg_temp first. So nobody may make any, each function of ours looks in our schema before pg_temp, and trigger
 * functions are nobody's to hang elsewhere. A seal that exists already stops no other.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$
    DECLARE
      ours record;
    BEGIN
      EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
      FOR ours IN SELECT p.oid::regprocedure AS signature FROM pg_proc p JOIN pg_language g ON g.oid = p.prolang
        WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
          AND (g.lanname = 'plpgsql' OR p.proname IN ('disclosure_is_confirmed', 'ledger_link_hash', 'audit_seal_hash')) LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', ours.signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', ours.signature);
      END LOOP;
    END $$;
    GRANT EXECUTE ON FUNCTION disclosure_is_confirmed(text, text), ledger_link_hash(bytea, bigint), audit_seal_hash(bytea, bigint, audit_log)
      TO loanloom_app;

    CREATE OR REPLACE FUNCTION seal_audit(most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
      head audit_head%ROWTYPE;
      entry audit_log%ROWTYPE;
      sealed integer := 0;
      next_hash bytea;
    BEGIN
      SELECT * INTO head FROM audit_head WHERE id = 1 FOR UPDATE;
      DELETE FROM audit_unsealed u USING audit_seals s WHERE s.audit_id = u.audit_id;
      FOR entry IN SELECT l.* FROM audit_unsealed u JOIN audit_log l ON l.id = u.audit_id ORDER BY l.id LIMIT most LOOP
        next_hash := audit_seal_hash(head.hash, head.seq + 1, entry);
        INSERT INTO audit_seals (seq, audit_id, previous_hash, hash) VALUES (head.seq + 1, entry.id, head.hash, next_hash);
        DELETE FROM audit_unsealed WHERE audit_id = entry.id;
        head.seq := head.seq + 1;
        head.hash := next_hash;
        sealed := sealed + 1;
      END LOOP;
      UPDATE audit_head SET seq = head.seq, hash = head.hash WHERE id = 1;
      RETURN sealed;
    END $$;
  `);
}

/** The doors were never meant to be open: taking this back leaves them shut. */
export async function down(): Promise<void> {
  // Nothing to undo.
}
