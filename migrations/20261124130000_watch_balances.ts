import type { Knex } from 'knex';

/** What channels said that we have at them, for routing, alarms and the operators' view. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE channel_balances (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      channel text NOT NULL,
      amount_fen bigint NOT NULL,
      at timestamptz NOT NULL
    );
    CREATE INDEX channel_balances_latest ON channel_balances (channel, seq DESC);
    GRANT SELECT, INSERT ON channel_balances TO loanloom_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE channel_balances');
}
