import type { Knex } from 'knex';

/**
 * Hash chains over the journal, so that a changed, inserted or removed row is found: the entries of loans
 * in 64 groups, all others in one. One chain for everything would make every posting wait for every other;
 * a group is locked only while its transaction commits. The application's role can neither change a link
 * nor add one of its own: the links are made by the deferred trigger that also checks the balance.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE ledger_chain_heads (
      chain text PRIMARY KEY,
      seq bigint NOT NULL,
      hash bytea NOT NULL
    );
    CREATE TABLE ledger_links (
      chain text NOT NULL,
      seq bigint NOT NULL CHECK (seq > 0),
      entry_id bigint NOT NULL UNIQUE REFERENCES journal_entries,
      previous_hash bytea NOT NULL,
      hash bytea NOT NULL,
      PRIMARY KEY (chain, seq)
    );
    CREATE FUNCTION ledger_chain_of(loan text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE WHEN loan IS NULL THEN 'general' ELSE 'loans-' || lpad((abs(hashtext(loan)::bigint) % 64)::text, 2, '0') END
    $$;
    CREATE FUNCTION ledger_link_hash(previous bytea, entry bigint) RETURNS bytea LANGUAGE sql STABLE AS $$
      SELECT sha256(previous || convert_to(concat_ws(E'\\x1f', e.key, coalesce(e.loan_id, ''), e.business_date::text, e.description,
        (SELECT string_agg(concat_ws('|', l.line::text, l.account, l.side, l.amount_fen::text), E'\\x1e' ORDER BY l.line)
           FROM journal_lines l WHERE l.entry_id = e.id)), 'UTF8'))
      FROM journal_entries e WHERE e.id = entry
    $$;
    CREATE FUNCTION link_journal_entry(entry bigint, loan text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    DECLARE
      head ledger_chain_heads%ROWTYPE;
      next_hash bytea;
    BEGIN
      INSERT INTO ledger_chain_heads (chain, seq, hash) VALUES (ledger_chain_of(loan), 0, sha256(convert_to(ledger_chain_of(loan), 'UTF8')))
        ON CONFLICT (chain) DO NOTHING;
      SELECT * INTO head FROM ledger_chain_heads WHERE chain = ledger_chain_of(loan) FOR UPDATE;
      next_hash := ledger_link_hash(head.hash, entry);
      INSERT INTO ledger_links (chain, seq, entry_id, previous_hash, hash) VALUES (head.chain, head.seq + 1, entry, head.hash, next_hash);
      UPDATE ledger_chain_heads SET seq = head.seq + 1, hash = next_hash WHERE chain = head.chain;
    END $$;
    CREATE FUNCTION journal_entry_is_linked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
      PERFORM link_journal_entry(NEW.id, NEW.loan_id);
      RETURN NULL;
    END $$;
    REVOKE ALL ON FUNCTION link_journal_entry(bigint, text) FROM PUBLIC;
    SELECT link_journal_entry(id, loan_id) FROM (SELECT id, loan_id FROM journal_entries ORDER BY id) known;
    CREATE CONSTRAINT TRIGGER journal_entries_linked AFTER INSERT ON journal_entries
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entry_is_linked();
    CREATE TRIGGER ledger_links_append_only BEFORE UPDATE OR DELETE ON ledger_links FOR EACH ROW EXECUTE FUNCTION forbid_change();
    CREATE TRIGGER ledger_links_no_truncate BEFORE TRUNCATE ON ledger_links FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
    GRANT SELECT ON ledger_links, ledger_chain_heads TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER journal_entries_linked ON journal_entries;
    DROP FUNCTION journal_entry_is_linked;
    DROP FUNCTION link_journal_entry;
    DROP TABLE ledger_links;
    DROP TABLE ledger_chain_heads;
    DROP FUNCTION ledger_link_hash;
    DROP FUNCTION ledger_chain_of;
  `);
}
