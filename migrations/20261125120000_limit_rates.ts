import type { Knex } from 'knex';

/** Requests counted per person and route (rate-limiter-flexible's table), and applications of loans that were given up. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE rate_limits (
      key varchar(255) PRIMARY KEY,
      points integer NOT NULL DEFAULT 0,
      expire bigint
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO loanloom_app;
    UPDATE applications a SET status = 'WITHDRAWN', waiting_until = NULL FROM loans l
      WHERE l.id = a.id AND l.status = 'REJECTED' AND a.status = 'READY_TO_DISBURSE';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE rate_limits');
}
