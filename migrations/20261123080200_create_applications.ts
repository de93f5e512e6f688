import type { Knex } from 'knex';

/** The way to a contract. Drafts, decisions, offers, contracts and signatures are facts; only the application's status moves, by the transition table. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE applications (
      id text PRIMARY KEY,
      borrower_id text NOT NULL REFERENCES borrowers,
      product_id text NOT NULL,
      product_version integer NOT NULL,
      status text NOT NULL DEFAULT 'DRAFT',
      principal_fen bigint CHECK (principal_fen > 0),
      term_months integer CHECK (term_months > 0),
      bank_card_id text REFERENCES bank_cards,
      waiting_until timestamptz,
      created_on date NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX applications_borrower ON applications (borrower_id);
    CREATE TRIGGER applications_transition BEFORE UPDATE ON applications FOR EACH ROW EXECUTE FUNCTION check_transition('application', 'status');
    CREATE TABLE application_events (
      application_id text NOT NULL REFERENCES applications,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      key text NOT NULL,
      kind text NOT NULL,
      at timestamptz NOT NULL,
      business_date date NOT NULL,
      data jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (application_id, key)
    );
    CREATE TABLE application_drafts (
      application_id text NOT NULL REFERENCES applications,
      step text NOT NULL,
      version integer NOT NULL CHECK (version > 0),
      payload_enc bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (application_id, step, version)
    );
    CREATE TABLE decisions (
      application_id text NOT NULL REFERENCES applications,
      stage text NOT NULL CHECK (stage IN ('KYC', 'RULES', 'REVIEW')),
      outcome text NOT NULL CHECK (outcome IN ('APPROVE', 'REFER', 'DECLINE')),
      policy text NOT NULL,
      reasons jsonb NOT NULL,
      checks jsonb NOT NULL,
      decided_by text NOT NULL,
      decided_at timestamptz NOT NULL,
      PRIMARY KEY (application_id, stage)
    );
    CREATE TABLE offers (
      application_id text PRIMARY KEY REFERENCES applications,
      principal_fen bigint NOT NULL CHECK (principal_fen > 0),
      term_months integer NOT NULL CHECK (term_months > 0),
      annual_rate text NOT NULL,
      apr text NOT NULL,
      first_installment_fen bigint NOT NULL,
      total_payment_fen bigint NOT NULL,
      illustration jsonb NOT NULL,
      offered_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE TABLE contracts (
      application_id text PRIMARY KEY REFERENCES applications,
      sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      document_enc bytea NOT NULL,
      drawn_up_at timestamptz NOT NULL
    );
    CREATE TABLE one_time_codes (
      id text PRIMARY KEY,
      application_id text NOT NULL REFERENCES applications,
      purpose text NOT NULL CHECK (purpose = 'SIGN'),
      code_hash bytea NOT NULL,
      expires_at timestamptz NOT NULL,
      attempts integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
      used_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX one_time_codes_application ON one_time_codes (application_id, created_at DESC);
    CREATE TABLE signatures (
      application_id text PRIMARY KEY REFERENCES contracts,
      contract_sha256 text NOT NULL,
      method text NOT NULL,
      code_id text NOT NULL UNIQUE REFERENCES one_time_codes,
      verified jsonb NOT NULL,
      signed_at timestamptz NOT NULL
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'DROP TABLE signatures; DROP TABLE one_time_codes; DROP TABLE contracts; DROP TABLE offers; DROP TABLE decisions; DROP TABLE application_drafts; DROP TABLE application_events; DROP TABLE applications;',
  );
}
