import type { Knex } from 'knex';

/** What channels may charge: agreed per line when its file is loaded, and booked per day when it is reconciled. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE channel_file_lines ADD COLUMN agreed_fee_fen bigint NOT NULL DEFAULT 0;
    ALTER TABLE reconciliations ADD COLUMN fees_fen bigint NOT NULL DEFAULT 0;
    INSERT INTO ledger_accounts (code, name, type) VALUES ('channel-fees', 'Fees of payment channels', 'EXPENSE');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE reconciliations DROP COLUMN fees_fen;
    ALTER TABLE channel_file_lines DROP COLUMN agreed_fee_fen;
    DELETE FROM ledger_accounts WHERE code = 'channel-fees';
  `);
}
