import type { Knex } from 'knex';

/** Borrowers and their cards: identity columns hold AES-256-GCM blobs only, found again through keyed blind indexes (db/party/vault.ts). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE borrowers (
      id text PRIMARY KEY,
      wrapped_key bytea NOT NULL,
      name_enc bytea,
      id_number_enc bytea,
      id_number_index bytea UNIQUE,
      phone_enc bytea,
      phone_index bytea,
      email_enc bytea,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX borrowers_phone_index ON borrowers (phone_index);
    CREATE TABLE bank_cards (
      id text PRIMARY KEY,
      borrower_id text NOT NULL REFERENCES borrowers,
      card_enc bytea NOT NULL,
      card_index bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (borrower_id, card_index)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE bank_cards; DROP TABLE borrowers;');
}
