import type { Knex } from 'knex';

const TRANSITIONS: readonly (readonly [machine: string, from: string, to: readonly string[]])[] = [
  ['application', 'DRAFT', ['SUBMITTED', 'WITHDRAWN', 'EXPIRED']],
  ['application', 'SUBMITTED', ['KYC_PENDING', 'WITHDRAWN']],
  ['application', 'KYC_PENDING', ['DECISION_PENDING', 'DECLINED', 'WITHDRAWN']],
  ['application', 'DECISION_PENDING', ['OFFERED', 'FOUR_EYES', 'DECLINED', 'WITHDRAWN']],
  ['application', 'FOUR_EYES', ['OFFERED', 'DECLINED', 'WITHDRAWN', 'EXPIRED']],
  ['application', 'OFFERED', ['REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'WITHDRAWN', 'EXPIRED']],
  ['application', 'REFLECTION_PERIOD', ['AWAITING_SIGNATURE', 'READY_TO_DISBURSE', 'WITHDRAWN']],
  ['application', 'AWAITING_SIGNATURE', ['SIGNED', 'WITHDRAWN', 'EXPIRED']],
  ['application', 'SIGNED', ['REFLECTION_PERIOD', 'READY_TO_DISBURSE', 'WITHDRAWN']],
  ['application', 'READY_TO_DISBURSE', ['DISBURSED']],
  ['loan', 'APPROVED', ['ACTIVE', 'REJECTED']],
  ['loan', 'ACTIVE', ['CLOSED_OBLIGATIONS_MET', 'OVERPAID', 'CLOSED_WRITTEN_OFF']],
  ['loan', 'OVERPAID', ['CLOSED_OBLIGATIONS_MET', 'ACTIVE']],
  ['loan', 'CLOSED_OBLIGATIONS_MET', ['ACTIVE']],
  ['instruction', 'CREATED', ['AUTHORIZED', 'FAILED']],
  ['instruction', 'AUTHORIZED', ['IN_FLIGHT', 'FAILED']],
  ['instruction', 'IN_FLIGHT', ['SUCCEEDED', 'FAILED', 'MANUAL']],
  ['instruction', 'MANUAL', ['SUCCEEDED', 'FAILED', 'IN_FLIGHT']],
  ['instruction', 'FAILED', ['AUTHORIZED']],
  ['instruction', 'SUCCEEDED', ['RETURNED']],
  ['attempt', 'SENDING', ['ACCEPTED', 'UNKNOWN', 'SUCCEEDED', 'FAILED']],
  ['attempt', 'ACCEPTED', ['UNKNOWN', 'SUCCEEDED', 'FAILED']],
  ['attempt', 'UNKNOWN', ['ACCEPTED', 'SUCCEEDED', 'FAILED']],
  ['attempt', 'SUCCEEDED', ['RETURNED']],
  ['command', 'RECEIVED', ['APPLIED', 'REJECTED']],
];

/**
 * The legal steps as rows, and a trigger that refuses any other: attached to a table by
 * `EXECUTE FUNCTION check_transition('<machine>', '<column>')`. A test compares the rows with domain/states.ts.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE state_transitions (
      machine text NOT NULL,
      from_state text NOT NULL,
      to_state text NOT NULL,
      PRIMARY KEY (machine, from_state, to_state)
    );
    CREATE FUNCTION check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      old_state text := to_jsonb(OLD) ->> TG_ARGV[1];
      new_state text := to_jsonb(NEW) ->> TG_ARGV[1];
    BEGIN
      IF old_state IS DISTINCT FROM new_state AND NOT EXISTS (
        SELECT FROM state_transitions WHERE machine = TG_ARGV[0] AND from_state = old_state AND to_state = new_state
      ) THEN
        RAISE EXCEPTION 'illegal transition of %: % to %', TG_ARGV[0], old_state, new_state USING ERRCODE = 'LL001';
      END IF;
      RETURN NEW;
    END $$;
    CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only: correct it by a new row', TG_TABLE_NAME USING ERRCODE = 'LL002';
    END $$;
  `);
  const rows = TRANSITIONS.flatMap(([machine, from, targets]) => targets.map((to) => ({ machine, from_state: from, to_state: to })));
  await knex('state_transitions').insert(rows);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP FUNCTION forbid_change; DROP FUNCTION check_transition; DROP TABLE state_transitions;');
}
