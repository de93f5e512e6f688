import type { Knex } from 'knex';

/** What routing knows of channels: how calls ended, and what operators decided. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE channel_calls (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      channel text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('SEND', 'QUERY', 'CLOSE')),
      outcome text NOT NULL,
      latency_ms integer NOT NULL,
      at timestamptz NOT NULL
    );
    CREATE INDEX channel_calls_recent ON channel_calls (channel, seq DESC) WHERE kind = 'SEND';
    CREATE TABLE channel_decisions (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      channel text NOT NULL,
      enabled boolean NOT NULL,
      until timestamptz,
      actor text NOT NULL,
      reason text NOT NULL CHECK (length(reason) > 0),
      at timestamptz NOT NULL
    );
    CREATE INDEX channel_decisions_latest ON channel_decisions (channel, seq DESC);
    GRANT SELECT, INSERT ON channel_calls, channel_decisions TO loanloom_app;
    CREATE TRIGGER channel_decisions_append_only BEFORE UPDATE OR DELETE ON channel_decisions FOR EACH ROW EXECUTE FUNCTION forbid_change();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE channel_decisions; DROP TABLE channel_calls;');
}
