-- Written by "npm run schema:dump" from the migrations. Do not edit: a test compares it with a migrated database.

-- Tables

CREATE TABLE adjustment_proposals (
  id text NOT NULL,
  loan_id text NOT NULL,
  body jsonb NOT NULL,
  why text NOT NULL,
  proposed_by text NOT NULL,
  proposed_at timestamp with time zone NOT NULL,
  state text NOT NULL DEFAULT 'PROPOSED'::text,
  decided_by text
);
CREATE TABLE application_drafts (
  application_id text NOT NULL,
  step text NOT NULL,
  version integer NOT NULL,
  payload_enc bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE application_events (
  application_id text NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL,
  kind text NOT NULL,
  at timestamp with time zone NOT NULL,
  business_date date NOT NULL,
  data jsonb NOT NULL DEFAULT '{}'::jsonb
);
CREATE TABLE applications (
  id text NOT NULL,
  borrower_id text NOT NULL,
  product_id text NOT NULL,
  product_version integer NOT NULL,
  status text NOT NULL DEFAULT 'DRAFT'::text,
  principal_fen bigint,
  term_months integer,
  bank_card_id text,
  waiting_until timestamp with time zone,
  created_on date NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  identity_version integer,
  partner_id text,
  round integer NOT NULL DEFAULT 1
);
CREATE TABLE audit_head (
  id integer NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE audit_log (
  id bigint NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  reason text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}'::jsonb
);
CREATE TABLE audit_seals (
  seq bigint NOT NULL,
  audit_id bigint NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  sealed_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE audit_unsealed (
  audit_id bigint NOT NULL
);
CREATE TABLE bank_cards (
  id text NOT NULL,
  borrower_id text NOT NULL,
  card_enc bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE blind_indexes (
  purpose text NOT NULL,
  owner text NOT NULL,
  key_version integer NOT NULL,
  borrower_id text NOT NULL,
  value bytea NOT NULL
);
CREATE TABLE borrowers (
  id text NOT NULL,
  wrapped_key bytea NOT NULL,
  name_enc bytea,
  id_number_enc bytea,
  phone_enc bytea,
  email_enc bytea,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  identity_version integer NOT NULL DEFAULT 0,
  erased_at timestamp with time zone
);
CREATE TABLE break_events (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  break_id text NOT NULL,
  kind text NOT NULL,
  actor text NOT NULL,
  at timestamp with time zone NOT NULL,
  note text NOT NULL DEFAULT ''::text
);
CREATE TABLE breaks (
  id text NOT NULL,
  key text NOT NULL,
  channel text NOT NULL,
  business_date date NOT NULL,
  code text NOT NULL,
  number text,
  loan_id text,
  amount_fen bigint NOT NULL,
  expected_fen bigint NOT NULL,
  suspense_fen bigint NOT NULL DEFAULT 0,
  owner text NOT NULL,
  is_urgent boolean NOT NULL,
  state text NOT NULL DEFAULT 'OPEN'::text,
  opened_at timestamp with time zone NOT NULL,
  due_on date NOT NULL,
  closed_on date,
  proposed_by text,
  proposal text,
  approved_by text,
  applies_to text,
  recalls integer NOT NULL DEFAULT 0,
  recalled_at timestamp with time zone
);
CREATE TABLE business_day_closes (
  business_date date NOT NULL,
  revision integer NOT NULL DEFAULT 0,
  totals jsonb NOT NULL,
  closed_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE channel_balances (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  channel text NOT NULL,
  amount_fen bigint NOT NULL,
  at timestamp with time zone NOT NULL
);
CREATE TABLE channel_calls (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  channel text NOT NULL,
  kind text NOT NULL,
  outcome text NOT NULL,
  latency_ms integer NOT NULL,
  at timestamp with time zone NOT NULL
);
CREATE TABLE channel_decisions (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  channel text NOT NULL,
  enabled boolean NOT NULL,
  until timestamp with time zone,
  actor text NOT NULL,
  reason text NOT NULL,
  at timestamp with time zone NOT NULL
);
CREATE TABLE channel_file_lines (
  channel text NOT NULL,
  business_date date NOT NULL,
  line integer NOT NULL,
  number text NOT NULL,
  kind text NOT NULL,
  amount_fen bigint NOT NULL,
  fee_fen bigint NOT NULL,
  booked boolean NOT NULL,
  account_tail text NOT NULL,
  value_date date NOT NULL,
  comes_in boolean NOT NULL,
  agreed_fee_fen bigint NOT NULL DEFAULT 0
);
CREATE TABLE channel_files (
  channel text NOT NULL,
  business_date date NOT NULL,
  sha256 text NOT NULL,
  lines integer NOT NULL,
  net_fen bigint NOT NULL,
  loaded_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE close_batches (
  business_date date NOT NULL,
  first_loan_id text NOT NULL,
  totals jsonb NOT NULL
);
CREATE TABLE commands (
  id text NOT NULL,
  caller text NOT NULL,
  idempotency_key text NOT NULL,
  operation text NOT NULL,
  subject text NOT NULL,
  body_sha256 text NOT NULL,
  body jsonb NOT NULL,
  state text NOT NULL DEFAULT 'RECEIVED'::text,
  outcome jsonb,
  business_date date NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  caller_role text NOT NULL DEFAULT split_part(caller, ':'::text, 1),
  caller_id text NOT NULL DEFAULT split_part(caller, ':'::text, 2)
);
CREATE TABLE consents (
  id text NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  borrower_id text NOT NULL,
  kind text NOT NULL,
  partner_id text,
  is_granted boolean NOT NULL,
  text_version integer NOT NULL,
  text_sha256 text NOT NULL,
  locale text NOT NULL,
  device text NOT NULL,
  at timestamp with time zone NOT NULL
);
CREATE TABLE contacts (
  loan_id text NOT NULL,
  key text NOT NULL,
  action text NOT NULL,
  business_date date NOT NULL,
  state text NOT NULL DEFAULT 'OPEN'::text,
  record jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  planned_at timestamp with time zone,
  days_past_due integer,
  due_on date
);
CREATE TABLE contracts (
  application_id text NOT NULL,
  sha256 text NOT NULL,
  document_enc bytea NOT NULL,
  drawn_up_at timestamp with time zone NOT NULL,
  disclosure_sha256 text,
  media_type text NOT NULL,
  content_enc bytea
);
CREATE TABLE decisions (
  application_id text NOT NULL,
  stage text NOT NULL,
  outcome text NOT NULL,
  policy text NOT NULL,
  reasons jsonb NOT NULL,
  checks jsonb NOT NULL,
  decided_by text NOT NULL,
  decided_at timestamp with time zone NOT NULL,
  round integer NOT NULL DEFAULT 1,
  snapshot_enc bytea,
  snapshot_mac text
);
CREATE TABLE disclosure_confirmations (
  application_id text NOT NULL,
  disclosure_sha256 text NOT NULL,
  confirmed_at timestamp with time zone NOT NULL,
  device text NOT NULL
);
CREATE TABLE disclosures_shown (
  application_id text NOT NULL,
  disclosure_sha256 text NOT NULL,
  shown_at timestamp with time zone NOT NULL,
  reading_seconds integer NOT NULL
);
CREATE TABLE erasures (
  id text NOT NULL,
  borrower_id text NOT NULL,
  asked_at timestamp with time zone NOT NULL,
  due_on date NOT NULL,
  why text NOT NULL,
  cancelled_at timestamp with time zone,
  erased_at timestamp with time zone
);
CREATE TABLE identity_changes (
  id text NOT NULL,
  borrower_id text NOT NULL,
  body_sha256 text NOT NULL,
  base_version integer NOT NULL,
  wanted_enc bytea NOT NULL,
  fields text[] NOT NULL,
  code_hashes jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  expires_at timestamp with time zone NOT NULL,
  state text NOT NULL DEFAULT 'PENDING'::text,
  decided_by text,
  checks jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE identity_checks (
  request_id text NOT NULL,
  borrower_id text NOT NULL,
  subject text NOT NULL,
  kind text NOT NULL,
  version text NOT NULL,
  serial integer NOT NULL DEFAULT 1,
  source text NOT NULL,
  consent_id text NOT NULL,
  tries integer NOT NULL DEFAULT 1,
  asked_at timestamp with time zone NOT NULL,
  last_asked_at timestamp with time zone NOT NULL,
  detail text,
  answer text,
  reply_enc bytea,
  reply_sha256 text,
  price_fen bigint,
  answered_at timestamp with time zone
);
CREATE TABLE journal_entries (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL,
  loan_id text,
  business_date date NOT NULL,
  description text NOT NULL,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  kind text NOT NULL
);
CREATE TABLE journal_lines (
  entry_id bigint NOT NULL,
  line integer NOT NULL,
  account text NOT NULL,
  side text NOT NULL,
  amount_fen bigint NOT NULL
);
CREATE TABLE key_versions (
  purpose text NOT NULL,
  version integer NOT NULL,
  state text NOT NULL,
  since timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE ledger_accounts (
  code text NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  channel text,
  kind text NOT NULL DEFAULT split_part(code, ':'::text, 1)
);
CREATE TABLE ledger_chain_heads (
  chain text NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE ledger_links (
  chain text NOT NULL,
  seq bigint NOT NULL,
  entry_id bigint NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE loan_accruals (
  loan_id text NOT NULL,
  business_date date NOT NULL,
  amount_fen bigint NOT NULL,
  component text NOT NULL DEFAULT 'interest'::text
);
CREATE TABLE loan_day_snapshots (
  loan_id text NOT NULL,
  business_date date NOT NULL,
  status text NOT NULL,
  days_past_due integer NOT NULL,
  bucket text NOT NULL,
  principal_fen bigint NOT NULL,
  interest_fen bigint NOT NULL,
  fee_fen bigint NOT NULL DEFAULT 0,
  penalty_fen bigint NOT NULL DEFAULT 0
);
CREATE TABLE loan_events (
  loan_id text NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL,
  kind text NOT NULL,
  at timestamp with time zone NOT NULL,
  business_date date NOT NULL,
  data jsonb NOT NULL DEFAULT '{}'::jsonb
);
CREATE TABLE loan_schedules (
  loan_id text NOT NULL,
  version integer NOT NULL,
  reason text NOT NULL,
  value_date date NOT NULL,
  installments jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE loan_transactions (
  loan_id text NOT NULL,
  key text NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  type text NOT NULL,
  amount_fen bigint,
  value_date date NOT NULL,
  business_date date NOT NULL,
  instruction_id text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  data jsonb NOT NULL DEFAULT '{}'::jsonb,
  decided_by text,
  approved_by text,
  needs_second boolean NOT NULL DEFAULT false
) PARTITION BY HASH (loan_id);
CREATE TABLE loans (
  id text NOT NULL,
  borrower_id text NOT NULL,
  product_id text NOT NULL,
  product_version integer NOT NULL,
  bank_card_id text NOT NULL,
  principal_fen bigint NOT NULL,
  currency text NOT NULL,
  annual_rate text NOT NULL,
  term_months integer NOT NULL,
  status text NOT NULL DEFAULT 'APPROVED'::text,
  schedule_version integer NOT NULL DEFAULT 0,
  opened_on date NOT NULL,
  activated_on date,
  closed_on date,
  date_cursor date,
  next_kind text,
  next_at timestamp with time zone,
  next_summary text,
  waiting_since timestamp with time zone,
  needs_attention text,
  bucket text NOT NULL DEFAULT 'CURRENT'::text,
  closed_through date,
  accrued_interest_fen bigint NOT NULL DEFAULT 0,
  accrued_fee_fen bigint NOT NULL DEFAULT 0,
  accrued_penalty_fen bigint NOT NULL DEFAULT 0,
  attention_kind text,
  attention_sticky boolean NOT NULL DEFAULT false
);
CREATE TABLE offers (
  application_id text NOT NULL,
  principal_fen bigint NOT NULL,
  term_months integer NOT NULL,
  annual_rate text NOT NULL,
  apr text NOT NULL,
  first_installment_fen bigint NOT NULL,
  total_payment_fen bigint NOT NULL,
  illustration jsonb NOT NULL,
  offered_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  disclosure text,
  disclosure_sha256 text,
  round integer NOT NULL DEFAULT 1
);
CREATE TABLE one_time_codes (
  id text NOT NULL,
  application_id text NOT NULL,
  purpose text NOT NULL,
  code_hash bytea NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  used_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  bank_card_id text
);
CREATE TABLE operators (
  name text NOT NULL,
  staff_number text NOT NULL,
  roles text[] NOT NULL,
  public_key text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  added_at timestamp with time zone NOT NULL DEFAULT now(),
  epoch integer NOT NULL DEFAULT 1
);
CREATE TABLE outbox (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL,
  topic text NOT NULL,
  subject text NOT NULL,
  payload jsonb NOT NULL DEFAULT '{}'::jsonb,
  secret_enc bytea,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp with time zone NOT NULL DEFAULT now(),
  delivered_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  urgent boolean NOT NULL DEFAULT false,
  failed_at timestamp with time zone
);
CREATE TABLE payment_attempts (
  instruction_id text NOT NULL,
  attempt integer NOT NULL,
  loan_id text NOT NULL,
  channel text NOT NULL,
  number text NOT NULL,
  request_sha256 text NOT NULL,
  state text NOT NULL DEFAULT 'SENDING'::text,
  code text,
  channel_reference text,
  value_date date,
  sent_at timestamp with time zone NOT NULL,
  not_found_since timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  account_tail text,
  nothing_sent boolean NOT NULL DEFAULT false,
  sends integer NOT NULL DEFAULT 0,
  sends_refused integer NOT NULL DEFAULT 0,
  bank_card_id text
);
CREATE TABLE payment_events (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  instruction_id text NOT NULL,
  attempt integer,
  from_state text,
  to_state text NOT NULL,
  code text,
  at timestamp with time zone NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE payment_instructions (
  id text NOT NULL,
  loan_id text NOT NULL,
  direction text NOT NULL,
  amount_fen bigint NOT NULL,
  business_date date NOT NULL,
  presentment integer NOT NULL,
  state text NOT NULL DEFAULT 'CREATED'::text,
  preferred_channel text,
  failure_code text,
  queries integer NOT NULL DEFAULT 0,
  last_queried_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  hinted_at timestamp with time zone
);
CREATE TABLE rate_limits (
  key character varying(255) NOT NULL,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
CREATE TABLE reconciliations (
  channel text NOT NULL,
  business_date date NOT NULL,
  lines integer NOT NULL,
  matched integer NOT NULL,
  file_net_fen bigint NOT NULL,
  ledger_net_fen bigint NOT NULL,
  bank_net_fen bigint,
  breaks integer NOT NULL,
  at timestamp with time zone NOT NULL,
  fees_fen bigint NOT NULL DEFAULT 0
);
CREATE TABLE restore_state (
  id integer NOT NULL,
  epoch integer NOT NULL,
  cleared_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE review_approvals (
  application_id text NOT NULL,
  round integer NOT NULL,
  approved_by text NOT NULL,
  reason text NOT NULL,
  approved_at timestamp with time zone NOT NULL
);
CREATE TABLE sandbox_clock (
  id integer NOT NULL,
  offset_ms bigint NOT NULL,
  moved_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE sealed_documents (
  document_id text NOT NULL,
  contract_sha256 text NOT NULL,
  sha256 text NOT NULL,
  document_enc bytea NOT NULL,
  provider text NOT NULL,
  verification jsonb NOT NULL,
  sealed_at timestamp with time zone NOT NULL
);
CREATE TABLE sealing_tries (
  document_id text NOT NULL,
  number integer NOT NULL,
  outcome text NOT NULL,
  detail text NOT NULL,
  at timestamp with time zone NOT NULL
);
CREATE TABLE signatures (
  application_id text NOT NULL,
  contract_sha256 text NOT NULL,
  method text NOT NULL,
  code_id text NOT NULL,
  verified jsonb NOT NULL,
  signed_at timestamp with time zone NOT NULL
);
CREATE TABLE signing_services (
  name text NOT NULL,
  missing text,
  fresh_until timestamp with time zone NOT NULL
);
CREATE TABLE state_transitions (
  machine text NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL
);
CREATE TABLE webhook_events (
  channel text NOT NULL,
  event_id text NOT NULL,
  number text NOT NULL,
  received_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE webhook_refusals (
  channel text NOT NULL,
  refused bigint NOT NULL,
  last_at timestamp with time zone NOT NULL DEFAULT now()
);

-- Partitions

loan_transactions_0 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 0);
loan_transactions_1 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 1);
loan_transactions_2 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 2);
loan_transactions_3 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 3);
loan_transactions_4 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 4);
loan_transactions_5 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 5);
loan_transactions_6 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 6);
loan_transactions_7 PARTITION OF loan_transactions FOR VALUES WITH (modulus 8, remainder 7);

-- Constraints

ALTER TABLE adjustment_proposals ADD CONSTRAINT adjustment_proposals_check CHECK ((decided_by <> proposed_by));
ALTER TABLE adjustment_proposals ADD CONSTRAINT adjustment_proposals_check1 CHECK (((state = 'PROPOSED'::text) = (decided_by IS NULL)));
ALTER TABLE adjustment_proposals ADD CONSTRAINT adjustment_proposals_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE adjustment_proposals ADD CONSTRAINT adjustment_proposals_pkey PRIMARY KEY (id);
ALTER TABLE adjustment_proposals ADD CONSTRAINT adjustment_proposals_state_check CHECK ((state = ANY (ARRAY['PROPOSED'::text, 'APPROVED'::text, 'REFUSED'::text])));
ALTER TABLE application_drafts ADD CONSTRAINT application_drafts_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE application_drafts ADD CONSTRAINT application_drafts_pkey PRIMARY KEY (application_id, step, version);
ALTER TABLE application_drafts ADD CONSTRAINT application_drafts_version_check CHECK ((version > 0));
ALTER TABLE application_events ADD CONSTRAINT application_events_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE application_events ADD CONSTRAINT application_events_pkey PRIMARY KEY (application_id, key);
ALTER TABLE applications ADD CONSTRAINT applications_bank_card_id_fkey FOREIGN KEY (bank_card_id) REFERENCES bank_cards(id);
ALTER TABLE applications ADD CONSTRAINT applications_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE applications ADD CONSTRAINT applications_pkey PRIMARY KEY (id);
ALTER TABLE applications ADD CONSTRAINT applications_principal_fen_check CHECK ((principal_fen > 0));
ALTER TABLE applications ADD CONSTRAINT applications_round_check CHECK ((round > 0));
ALTER TABLE applications ADD CONSTRAINT applications_term_months_check CHECK ((term_months > 0));
ALTER TABLE audit_head ADD CONSTRAINT audit_head_id_check CHECK ((id = 1));
ALTER TABLE audit_head ADD CONSTRAINT audit_head_pkey PRIMARY KEY (id);
ALTER TABLE audit_log ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);
ALTER TABLE audit_log ADD CONSTRAINT audit_log_reason_check CHECK ((length(reason) > 0));
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_audit_id_fkey FOREIGN KEY (audit_id) REFERENCES audit_log(id);
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_audit_id_key UNIQUE (audit_id);
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (seq);
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_seq_check CHECK ((seq > 0));
ALTER TABLE audit_unsealed ADD CONSTRAINT audit_unsealed_audit_id_fkey FOREIGN KEY (audit_id) REFERENCES audit_log(id);
ALTER TABLE audit_unsealed ADD CONSTRAINT audit_unsealed_pkey PRIMARY KEY (audit_id);
ALTER TABLE bank_cards ADD CONSTRAINT bank_cards_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE bank_cards ADD CONSTRAINT bank_cards_pkey PRIMARY KEY (id);
ALTER TABLE blind_indexes ADD CONSTRAINT blind_indexes_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE blind_indexes ADD CONSTRAINT blind_indexes_pkey PRIMARY KEY (purpose, owner, key_version);
ALTER TABLE blind_indexes ADD CONSTRAINT blind_indexes_purpose_check CHECK ((purpose = ANY (ARRAY['index-id-number'::text, 'index-phone'::text, 'index-card'::text])));
ALTER TABLE blind_indexes ADD CONSTRAINT blind_indexes_purpose_key_version_fkey FOREIGN KEY (purpose, key_version) REFERENCES key_versions(purpose, version);
ALTER TABLE blind_indexes ADD CONSTRAINT blind_indexes_value_check CHECK ((length(value) = 32));
ALTER TABLE borrowers ADD CONSTRAINT borrowers_pkey PRIMARY KEY (id);
ALTER TABLE break_events ADD CONSTRAINT break_events_break_id_fkey FOREIGN KEY (break_id) REFERENCES breaks(id);
ALTER TABLE break_events ADD CONSTRAINT break_events_pkey PRIMARY KEY (seq);
ALTER TABLE breaks ADD CONSTRAINT breaks_applies_to_fkey FOREIGN KEY (applies_to) REFERENCES loans(id);
ALTER TABLE breaks ADD CONSTRAINT breaks_apply_check CHECK (((NOT (proposal IS DISTINCT FROM 'APPLY'::text)) = (applies_to IS NOT NULL)));
ALTER TABLE breaks ADD CONSTRAINT breaks_check CHECK (((approved_by IS NULL) OR (approved_by <> proposed_by)));
ALTER TABLE breaks ADD CONSTRAINT breaks_check1 CHECK (((state = ANY (ARRAY['HEALED'::text, 'CLEARED'::text])) = (closed_on IS NOT NULL)));
ALTER TABLE breaks ADD CONSTRAINT breaks_check2 CHECK (((state <> 'CLEARED'::text) OR (approved_by IS NOT NULL)));
ALTER TABLE breaks ADD CONSTRAINT breaks_key_key UNIQUE (key);
ALTER TABLE breaks ADD CONSTRAINT breaks_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE breaks ADD CONSTRAINT breaks_pkey PRIMARY KEY (id);
ALTER TABLE business_day_closes ADD CONSTRAINT business_day_closes_pkey PRIMARY KEY (business_date, revision);
ALTER TABLE channel_balances ADD CONSTRAINT channel_balances_pkey PRIMARY KEY (seq);
ALTER TABLE channel_calls ADD CONSTRAINT channel_calls_kind_check CHECK ((kind = ANY (ARRAY['SEND'::text, 'QUERY'::text, 'CLOSE'::text])));
ALTER TABLE channel_calls ADD CONSTRAINT channel_calls_pkey PRIMARY KEY (seq);
ALTER TABLE channel_decisions ADD CONSTRAINT channel_decisions_pkey PRIMARY KEY (seq);
ALTER TABLE channel_decisions ADD CONSTRAINT channel_decisions_reason_check CHECK ((length(reason) > 0));
ALTER TABLE channel_files ADD CONSTRAINT channel_files_pkey PRIMARY KEY (channel, business_date);
ALTER TABLE close_batches ADD CONSTRAINT close_batches_pkey PRIMARY KEY (business_date, first_loan_id);
ALTER TABLE commands ADD CONSTRAINT commands_caller_idempotency_key_key UNIQUE (caller, idempotency_key);
ALTER TABLE commands ADD CONSTRAINT commands_caller_role_check CHECK ((caller_role = ANY (ARRAY['borrower'::text, 'operator'::text])));
ALTER TABLE commands ADD CONSTRAINT commands_check CHECK (((state = 'RECEIVED'::text) = (outcome IS NULL)));
ALTER TABLE commands ADD CONSTRAINT commands_pkey PRIMARY KEY (id);
ALTER TABLE consents ADD CONSTRAINT consents_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE consents ADD CONSTRAINT consents_check CHECK (((partner_id IS NOT NULL) = (kind = 'PARTNER_SHARING'::text)));
ALTER TABLE consents ADD CONSTRAINT consents_device_check CHECK ((device ~ '^[0-9a-f]{16}$'::text));
ALTER TABLE consents ADD CONSTRAINT consents_kind_check CHECK ((kind = ANY (ARRAY['PRIVACY'::text, 'IDENTITY_QUERY'::text, 'BUREAU_QUERY'::text, 'BUREAU_REPORTING'::text, 'FACE'::text, 'AUTOMATED_DECISION'::text, 'PARTNER_SHARING'::text, 'MARKETING'::text])));
ALTER TABLE consents ADD CONSTRAINT consents_locale_check CHECK ((locale = ANY (ARRAY['zh-CN'::text, 'en'::text])));
ALTER TABLE consents ADD CONSTRAINT consents_pkey PRIMARY KEY (id);
ALTER TABLE consents ADD CONSTRAINT consents_seq_key UNIQUE (seq);
ALTER TABLE consents ADD CONSTRAINT consents_text_sha256_check CHECK ((text_sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE consents ADD CONSTRAINT consents_text_version_check CHECK ((text_version > 0));
ALTER TABLE contacts ADD CONSTRAINT contacts_action_check CHECK ((action = ANY (ARRAY['SMS'::text, 'MAIL'::text, 'CALL_TASK'::text])));
ALTER TABLE contacts ADD CONSTRAINT contacts_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (loan_id, key);
ALTER TABLE contacts ADD CONSTRAINT contacts_state_check CHECK ((state = ANY (ARRAY['PLANNED'::text, 'OPEN'::text, 'SENT'::text, 'DONE'::text, 'MISSED'::text])));
ALTER TABLE contracts ADD CONSTRAINT contracts_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE contracts ADD CONSTRAINT contracts_check CHECK (((media_type = 'application/pdf'::text) = (content_enc IS NOT NULL)));
ALTER TABLE contracts ADD CONSTRAINT contracts_disclosure_sha256_check CHECK ((disclosure_sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE contracts ADD CONSTRAINT contracts_media_type_check CHECK ((media_type = ANY (ARRAY['text/plain'::text, 'application/pdf'::text])));
ALTER TABLE contracts ADD CONSTRAINT contracts_pkey PRIMARY KEY (application_id);
ALTER TABLE contracts ADD CONSTRAINT contracts_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE decisions ADD CONSTRAINT decisions_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_check CHECK (((snapshot_enc IS NULL) = (snapshot_mac IS NULL)));
ALTER TABLE decisions ADD CONSTRAINT decisions_outcome_check CHECK ((outcome = ANY (ARRAY['APPROVE'::text, 'REFER'::text, 'DECLINE'::text])));
ALTER TABLE decisions ADD CONSTRAINT decisions_pkey PRIMARY KEY (application_id, round, stage);
ALTER TABLE decisions ADD CONSTRAINT decisions_round_check CHECK ((round > 0));
ALTER TABLE decisions ADD CONSTRAINT decisions_snapshot_mac_check CHECK ((snapshot_mac ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE decisions ADD CONSTRAINT decisions_stage_check CHECK ((stage = ANY (ARRAY['KYC'::text, 'RULES'::text, 'REVIEW'::text])));
ALTER TABLE disclosure_confirmations ADD CONSTRAINT disclosure_confirmations_application_id_disclosure_sha256_fkey FOREIGN KEY (application_id, disclosure_sha256) REFERENCES disclosures_shown(application_id, disclosure_sha256);
ALTER TABLE disclosure_confirmations ADD CONSTRAINT disclosure_confirmations_device_check CHECK ((device ~ '^[0-9a-f]{16}$'::text));
ALTER TABLE disclosure_confirmations ADD CONSTRAINT disclosure_confirmations_pkey PRIMARY KEY (application_id, disclosure_sha256);
ALTER TABLE disclosures_shown ADD CONSTRAINT disclosures_shown_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE disclosures_shown ADD CONSTRAINT disclosures_shown_disclosure_sha256_check CHECK ((disclosure_sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE disclosures_shown ADD CONSTRAINT disclosures_shown_pkey PRIMARY KEY (application_id, disclosure_sha256);
ALTER TABLE disclosures_shown ADD CONSTRAINT disclosures_shown_reading_seconds_check CHECK (((reading_seconds >= 0) AND (reading_seconds <= 600)));
ALTER TABLE erasures ADD CONSTRAINT erasures_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE erasures ADD CONSTRAINT erasures_check CHECK (((cancelled_at IS NULL) OR (erased_at IS NULL)));
ALTER TABLE erasures ADD CONSTRAINT erasures_pkey PRIMARY KEY (id);
ALTER TABLE erasures ADD CONSTRAINT erasures_why_check CHECK ((why <> ''::text));
ALTER TABLE identity_changes ADD CONSTRAINT identity_changes_attempts_check CHECK (((attempts >= 0) AND (attempts <= 5)));
ALTER TABLE identity_changes ADD CONSTRAINT identity_changes_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE identity_changes ADD CONSTRAINT identity_changes_check CHECK (((state <> 'APPLIED'::text) OR (NOT (fields && ARRAY['name'::text, 'idNumber'::text])) OR (decided_by IS NOT NULL)));
ALTER TABLE identity_changes ADD CONSTRAINT identity_changes_fields_check CHECK (((cardinality(fields) > 0) AND (fields <@ ARRAY['name'::text, 'idNumber'::text, 'phone'::text, 'email'::text])));
ALTER TABLE identity_changes ADD CONSTRAINT identity_changes_pkey PRIMARY KEY (id);
ALTER TABLE identity_changes ADD CONSTRAINT identity_changes_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'CONFIRMED'::text, 'APPLIED'::text, 'REFUSED'::text])));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_answer_check CHECK ((answer = ANY (ARRAY['MATCH'::text, 'MISMATCH'::text, 'NOT_FOUND'::text])));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_check CHECK ((last_asked_at >= asked_at));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_check1 CHECK ((((answer IS NULL) = (answered_at IS NULL)) AND ((answer IS NULL) = (reply_enc IS NULL)) AND ((answer IS NULL) = (reply_sha256 IS NULL)) AND ((answer IS NULL) = (price_fen IS NULL))));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_consent_id_fkey FOREIGN KEY (consent_id) REFERENCES consents(id);
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_detail_check CHECK ((detail ~ '^[A-Za-z0-9_.-]{1,80}$'::text));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_kind_check CHECK ((kind = ANY (ARRAY['ID_NAME'::text, 'PHONE_THREE_ELEMENTS'::text, 'CARD_FOUR_ELEMENTS'::text])));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_pkey PRIMARY KEY (request_id);
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_price_fen_check CHECK ((price_fen >= 0));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_reply_sha256_check CHECK ((reply_sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_serial_check CHECK ((serial > 0));
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_subject_kind_version_serial_key UNIQUE (subject, kind, version, serial);
ALTER TABLE identity_checks ADD CONSTRAINT identity_checks_tries_check CHECK ((tries > 0));
ALTER TABLE journal_entries ADD CONSTRAINT journal_entries_key_key UNIQUE (key);
ALTER TABLE journal_entries ADD CONSTRAINT journal_entries_kind CHECK ((kind = ANY (ARRAY['PAYOUT_SENT'::text, 'PAYOUT_VOIDED'::text, 'PAYOUT_SUCCEEDED'::text, 'PAYOUT_RETURNED'::text, 'DEBIT_SENT'::text, 'DEBIT_VOIDED'::text, 'DEBIT_SUCCEEDED'::text, 'DEBIT_RETURNED'::text, 'REFUND_SENT'::text, 'REFUND_VOIDED'::text, 'REFUND_SUCCEEDED'::text, 'REFUND_RETURNED'::text, 'SUSPENDED'::text, 'SUSPENSE_CLEARED'::text, 'SUSPENSE_APPLIED'::text, 'SUSPENSE_WRITTEN_OFF'::text, 'WRITE_OFF_REVERSED'::text, 'ADJUSTED'::text, 'ACCRUED'::text, 'CHARGED_OFF'::text, 'CHANNEL_FEES'::text])));
ALTER TABLE journal_entries ADD CONSTRAINT journal_entries_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE journal_entries ADD CONSTRAINT journal_entries_pkey PRIMARY KEY (id);
ALTER TABLE journal_lines ADD CONSTRAINT journal_lines_account_fkey FOREIGN KEY (account) REFERENCES ledger_accounts(code);
ALTER TABLE journal_lines ADD CONSTRAINT journal_lines_amount_fen_check CHECK ((amount_fen > 0));
ALTER TABLE journal_lines ADD CONSTRAINT journal_lines_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES journal_entries(id);
ALTER TABLE journal_lines ADD CONSTRAINT journal_lines_line_check CHECK ((line > 0));
ALTER TABLE journal_lines ADD CONSTRAINT journal_lines_pkey PRIMARY KEY (entry_id, line);
ALTER TABLE journal_lines ADD CONSTRAINT journal_lines_side_check CHECK ((side = ANY (ARRAY['DEBIT'::text, 'CREDIT'::text])));
ALTER TABLE key_versions ADD CONSTRAINT key_versions_pkey PRIMARY KEY (purpose, version);
ALTER TABLE key_versions ADD CONSTRAINT key_versions_purpose_check CHECK ((purpose = ANY (ARRAY['key-encryption'::text, 'index-id-number'::text, 'index-phone'::text, 'index-card'::text])));
ALTER TABLE key_versions ADD CONSTRAINT key_versions_state_check CHECK ((state = ANY (ARRAY['ACTIVE'::text, 'RETIRING'::text, 'KEPT'::text, 'RETIRED'::text])));
ALTER TABLE key_versions ADD CONSTRAINT key_versions_version_check CHECK ((version > 0));
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_pkey PRIMARY KEY (code);
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_type_check CHECK ((type = ANY (ARRAY['ASSET'::text, 'LIABILITY'::text, 'INCOME'::text, 'EXPENSE'::text])));
ALTER TABLE ledger_chain_heads ADD CONSTRAINT ledger_chain_heads_pkey PRIMARY KEY (chain);
ALTER TABLE ledger_links ADD CONSTRAINT ledger_links_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES journal_entries(id);
ALTER TABLE ledger_links ADD CONSTRAINT ledger_links_entry_id_key UNIQUE (entry_id);
ALTER TABLE ledger_links ADD CONSTRAINT ledger_links_pkey PRIMARY KEY (chain, seq);
ALTER TABLE ledger_links ADD CONSTRAINT ledger_links_seq_check CHECK ((seq > 0));
ALTER TABLE loan_accruals ADD CONSTRAINT loan_accruals_component_check CHECK ((component = ANY (ARRAY['interest'::text, 'fee'::text, 'penalty'::text])));
ALTER TABLE loan_accruals ADD CONSTRAINT loan_accruals_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE loan_accruals ADD CONSTRAINT loan_accruals_pkey PRIMARY KEY (loan_id, business_date, component);
ALTER TABLE loan_day_snapshots ADD CONSTRAINT loan_day_snapshots_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE loan_day_snapshots ADD CONSTRAINT loan_day_snapshots_pkey PRIMARY KEY (loan_id, business_date);
ALTER TABLE loan_events ADD CONSTRAINT loan_events_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE loan_events ADD CONSTRAINT loan_events_pkey PRIMARY KEY (loan_id, key);
ALTER TABLE loan_schedules ADD CONSTRAINT loan_schedules_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE loan_schedules ADD CONSTRAINT loan_schedules_pkey PRIMARY KEY (loan_id, version);
ALTER TABLE loan_schedules ADD CONSTRAINT loan_schedules_version_check CHECK ((version > 0));
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_amount_check CHECK (((type = 'CHARGE_OFF'::text) OR ((amount_fen IS NULL) = (type = ANY (ARRAY['REVERSAL'::text, 'RATE_CHANGE'::text, 'REAGE'::text, 'REAMORTIZE'::text, 'TERM_EXTENSION'::text, 'HARDSHIP_PAUSE'::text, 'WRITEOFF'::text, 'WITHDRAWAL'::text])))));
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_amount_fen_check CHECK ((amount_fen > 0));
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_four_eyes CHECK (((NOT needs_second) OR ((decided_by IS NOT NULL) AND (approved_by IS NOT NULL))));
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_pkey PRIMARY KEY (loan_id, key);
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_second_person CHECK ((approved_by <> decided_by));
ALTER TABLE loan_transactions ADD CONSTRAINT loan_transactions_type_check CHECK ((type = ANY (ARRAY['DISBURSEMENT'::text, 'REPAYMENT'::text, 'CHARGE_OFF'::text, 'CHARGE'::text, 'WAIVER'::text, 'RECOVERY_REPAYMENT'::text, 'SETTLEMENT_DISCOUNT'::text, 'CREDIT_BALANCE_REFUND'::text, 'REVERSAL'::text, 'RATE_CHANGE'::text, 'REAGE'::text, 'REAMORTIZE'::text, 'TERM_EXTENSION'::text, 'HARDSHIP_PAUSE'::text, 'WRITEOFF'::text, 'WITHDRAWAL'::text])));
ALTER TABLE loans ADD CONSTRAINT loans_attention_kind_check CHECK ((attention_kind = ANY (ARRAY['PAST_SLA'::text, 'AWAIT_OPERATOR'::text, 'AWAIT_CHANNEL'::text, 'CANNOT_GO_ON'::text, 'PAYMENT_FORGOTTEN'::text, 'CANCELLATION_REFUSED'::text])));
ALTER TABLE loans ADD CONSTRAINT loans_bank_card_id_fkey FOREIGN KEY (bank_card_id) REFERENCES bank_cards(id);
ALTER TABLE loans ADD CONSTRAINT loans_borrower_id_fkey FOREIGN KEY (borrower_id) REFERENCES borrowers(id);
ALTER TABLE loans ADD CONSTRAINT loans_check CHECK (((status = ANY (ARRAY['APPROVED'::text, 'REJECTED'::text])) = (activated_on IS NULL)));
ALTER TABLE loans ADD CONSTRAINT loans_currency_check CHECK ((currency = 'CNY'::text));
ALTER TABLE loans ADD CONSTRAINT loans_id_fkey FOREIGN KEY (id) REFERENCES applications(id);
ALTER TABLE loans ADD CONSTRAINT loans_pkey PRIMARY KEY (id);
ALTER TABLE loans ADD CONSTRAINT loans_principal_fen_check CHECK ((principal_fen > 0));
ALTER TABLE loans ADD CONSTRAINT loans_term_months_check CHECK ((term_months > 0));
ALTER TABLE offers ADD CONSTRAINT offers_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE offers ADD CONSTRAINT offers_disclosure_has_hash CHECK ((((disclosure IS NULL) = (disclosure_sha256 IS NULL)) AND ((disclosure IS NULL) OR (disclosure_sha256 = encode(sha256(convert_to(disclosure, 'UTF8'::name)), 'hex'::text)))));
ALTER TABLE offers ADD CONSTRAINT offers_disclosure_sha256_check CHECK ((disclosure_sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE offers ADD CONSTRAINT offers_pkey PRIMARY KEY (application_id, round);
ALTER TABLE offers ADD CONSTRAINT offers_principal_fen_check CHECK ((principal_fen > 0));
ALTER TABLE offers ADD CONSTRAINT offers_round_check CHECK ((round > 0));
ALTER TABLE offers ADD CONSTRAINT offers_term_months_check CHECK ((term_months > 0));
ALTER TABLE one_time_codes ADD CONSTRAINT one_time_codes_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE one_time_codes ADD CONSTRAINT one_time_codes_attempts_check CHECK (((attempts >= 0) AND (attempts <= 5)));
ALTER TABLE one_time_codes ADD CONSTRAINT one_time_codes_bank_card_id_fkey FOREIGN KEY (bank_card_id) REFERENCES bank_cards(id);
ALTER TABLE one_time_codes ADD CONSTRAINT one_time_codes_pkey PRIMARY KEY (id);
ALTER TABLE one_time_codes ADD CONSTRAINT one_time_codes_purpose_check CHECK ((purpose = ANY (ARRAY['SIGN'::text, 'CARD'::text])));
ALTER TABLE operators ADD CONSTRAINT operators_epoch_check CHECK ((epoch > 0));
ALTER TABLE operators ADD CONSTRAINT operators_name_check CHECK ((name ~ '^[0-9a-z][0-9a-z-]{1,47}$'::text));
ALTER TABLE operators ADD CONSTRAINT operators_pkey PRIMARY KEY (name);
ALTER TABLE operators ADD CONSTRAINT operators_public_key_key UNIQUE (public_key);
ALTER TABLE operators ADD CONSTRAINT operators_roles_check CHECK (((cardinality(roles) > 0) AND (roles <@ ARRAY['clerk'::text, 'approver'::text, 'treasurer'::text, 'auditor'::text])));
ALTER TABLE operators ADD CONSTRAINT operators_roles_check1 CHECK (((NOT ('auditor'::text = ANY (roles))) OR (cardinality(roles) = 1)));
ALTER TABLE operators ADD CONSTRAINT operators_staff_number_check CHECK ((staff_number ~ '^[0-9A-Z-]{1,20}$'::text));
ALTER TABLE operators ADD CONSTRAINT operators_staff_number_key UNIQUE (staff_number);
ALTER TABLE outbox ADD CONSTRAINT outbox_ended_once CHECK (((failed_at IS NULL) OR (delivered_at IS NULL)));
ALTER TABLE outbox ADD CONSTRAINT outbox_key_key UNIQUE (key);
ALTER TABLE outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE outbox ADD CONSTRAINT outbox_topic_check CHECK ((topic = ANY (ARRAY['loan.fact'::text, 'mail'::text, 'break'::text, 'alarm'::text, 'payment.hint'::text, 'contact'::text])));
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_account_tail_check CHECK ((length(account_tail) = 4));
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_attempt_check CHECK ((attempt > 0));
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_bank_card_id_fkey FOREIGN KEY (bank_card_id) REFERENCES bank_cards(id);
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_channel_number_key UNIQUE (channel, number);
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_check CHECK (((sends_refused >= 0) AND (sends_refused <= sends)));
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_instruction_id_fkey FOREIGN KEY (instruction_id) REFERENCES payment_instructions(id);
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_pkey PRIMARY KEY (instruction_id, attempt);
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_sends_check CHECK ((sends >= 0));
ALTER TABLE payment_events ADD CONSTRAINT payment_events_instruction_id_fkey FOREIGN KEY (instruction_id) REFERENCES payment_instructions(id);
ALTER TABLE payment_events ADD CONSTRAINT payment_events_pkey PRIMARY KEY (seq);
ALTER TABLE payment_instructions ADD CONSTRAINT payment_instructions_amount_fen_check CHECK ((amount_fen > 0));
ALTER TABLE payment_instructions ADD CONSTRAINT payment_instructions_direction_check CHECK ((direction = ANY (ARRAY['PAYOUT'::text, 'DEBIT'::text, 'REFUND'::text])));
ALTER TABLE payment_instructions ADD CONSTRAINT payment_instructions_loan_id_direction_business_date_presen_key UNIQUE (loan_id, direction, business_date, presentment);
ALTER TABLE payment_instructions ADD CONSTRAINT payment_instructions_loan_id_fkey FOREIGN KEY (loan_id) REFERENCES loans(id);
ALTER TABLE payment_instructions ADD CONSTRAINT payment_instructions_pkey PRIMARY KEY (id);
ALTER TABLE payment_instructions ADD CONSTRAINT payment_instructions_presentment_check CHECK ((presentment > 0));
ALTER TABLE rate_limits ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (key);
ALTER TABLE reconciliations ADD CONSTRAINT reconciliations_pkey PRIMARY KEY (channel, business_date);
ALTER TABLE restore_state ADD CONSTRAINT restore_state_epoch_check CHECK ((epoch > 0));
ALTER TABLE restore_state ADD CONSTRAINT restore_state_id_check CHECK ((id = 1));
ALTER TABLE restore_state ADD CONSTRAINT restore_state_pkey PRIMARY KEY (id);
ALTER TABLE review_approvals ADD CONSTRAINT review_approvals_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id);
ALTER TABLE review_approvals ADD CONSTRAINT review_approvals_approved_by_check CHECK ((approved_by ~~ 'operator:%'::text));
ALTER TABLE review_approvals ADD CONSTRAINT review_approvals_pkey PRIMARY KEY (application_id, round, approved_by);
ALTER TABLE review_approvals ADD CONSTRAINT review_approvals_reason_check CHECK ((reason <> ''::text));
ALTER TABLE review_approvals ADD CONSTRAINT review_approvals_round_check CHECK ((round > 0));
ALTER TABLE sandbox_clock ADD CONSTRAINT sandbox_clock_id_check CHECK ((id = 1));
ALTER TABLE sandbox_clock ADD CONSTRAINT sandbox_clock_offset_ms_check CHECK ((offset_ms >= 0));
ALTER TABLE sandbox_clock ADD CONSTRAINT sandbox_clock_pkey PRIMARY KEY (id);
ALTER TABLE sealed_documents ADD CONSTRAINT sealed_documents_contract_sha256_check CHECK ((contract_sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE sealed_documents ADD CONSTRAINT sealed_documents_document_id_fkey FOREIGN KEY (document_id) REFERENCES signatures(application_id);
ALTER TABLE sealed_documents ADD CONSTRAINT sealed_documents_pkey PRIMARY KEY (document_id);
ALTER TABLE sealed_documents ADD CONSTRAINT sealed_documents_provider_check CHECK ((provider <> ''::text));
ALTER TABLE sealed_documents ADD CONSTRAINT sealed_documents_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text));
ALTER TABLE sealed_documents ADD CONSTRAINT sealed_documents_verification_check CHECK ((((verification -> 'faults'::text) = '[]'::jsonb) AND (jsonb_array_length((verification -> 'signatures'::text)) = 2)));
ALTER TABLE sealing_tries ADD CONSTRAINT sealing_tries_detail_check CHECK ((detail ~ '^[A-Za-z0-9_.-]{1,80}$'::text));
ALTER TABLE sealing_tries ADD CONSTRAINT sealing_tries_document_id_fkey FOREIGN KEY (document_id) REFERENCES contracts(application_id);
ALTER TABLE sealing_tries ADD CONSTRAINT sealing_tries_number_check CHECK ((number > 0));
ALTER TABLE sealing_tries ADD CONSTRAINT sealing_tries_outcome_check CHECK ((outcome = ANY (ARRAY['UNAVAILABLE'::text, 'REFUSED'::text])));
ALTER TABLE sealing_tries ADD CONSTRAINT sealing_tries_pkey PRIMARY KEY (document_id, number);
ALTER TABLE signatures ADD CONSTRAINT signatures_application_id_fkey FOREIGN KEY (application_id) REFERENCES contracts(application_id);
ALTER TABLE signatures ADD CONSTRAINT signatures_code_id_fkey FOREIGN KEY (code_id) REFERENCES one_time_codes(id);
ALTER TABLE signatures ADD CONSTRAINT signatures_code_id_key UNIQUE (code_id);
ALTER TABLE signatures ADD CONSTRAINT signatures_pkey PRIMARY KEY (application_id);
ALTER TABLE signing_services ADD CONSTRAINT signing_services_missing_check CHECK ((missing ~ '^[A-Za-z0-9_.-]{1,80}$'::text));
ALTER TABLE signing_services ADD CONSTRAINT signing_services_pkey PRIMARY KEY (name);
ALTER TABLE state_transitions ADD CONSTRAINT state_transitions_pkey PRIMARY KEY (machine, from_state, to_state);
ALTER TABLE webhook_events ADD CONSTRAINT webhook_events_pkey PRIMARY KEY (channel, event_id);
ALTER TABLE webhook_refusals ADD CONSTRAINT webhook_refusals_pkey PRIMARY KEY (channel);

-- Indexes

CREATE INDEX adjustment_proposals_open ON public.adjustment_proposals USING btree (loan_id) WHERE (state = 'PROPOSED'::text);
CREATE INDEX applications_borrower ON public.applications USING btree (borrower_id);
CREATE INDEX audit_log_by_time ON public.audit_log USING btree (at, id);
CREATE INDEX audit_log_of_actor ON public.audit_log USING btree (actor, id);
CREATE INDEX audit_log_of_subject ON public.audit_log USING btree (subject, id);
CREATE INDEX blind_indexes_borrower ON public.blind_indexes USING btree (borrower_id);
CREATE UNIQUE INDEX blind_indexes_one_card ON public.blind_indexes USING btree (borrower_id, key_version, value) WHERE (purpose = 'index-card'::text);
CREATE UNIQUE INDEX blind_indexes_one_person ON public.blind_indexes USING btree (key_version, value) WHERE (purpose = 'index-id-number'::text);
CREATE INDEX blind_indexes_phone ON public.blind_indexes USING btree (key_version, value) WHERE (purpose = 'index-phone'::text);
CREATE INDEX blind_indexes_version ON public.blind_indexes USING btree (purpose, key_version);
CREATE INDEX borrowers_key_version ON public.borrowers USING btree (key_version_of(wrapped_key));
CREATE INDEX breaks_number ON public.breaks USING btree (channel, number);
CREATE INDEX breaks_open ON public.breaks USING btree (channel, business_date) WHERE (closed_on IS NULL);
CREATE INDEX channel_balances_latest ON public.channel_balances USING btree (channel, seq DESC);
CREATE INDEX channel_calls_recent ON public.channel_calls USING btree (channel, seq DESC) WHERE (kind = 'SEND'::text);
CREATE INDEX channel_decisions_latest ON public.channel_decisions USING btree (channel, seq DESC);
CREATE INDEX channel_file_lines_day ON public.channel_file_lines USING brin (business_date) WITH (pages_per_range='32');
CREATE INDEX channel_file_lines_number ON public.channel_file_lines USING btree (number);
CREATE INDEX commands_undelivered ON public.commands USING btree (next_attempt_at) WHERE (state = 'RECEIVED'::text);
CREATE INDEX consents_of_borrower ON public.consents USING btree (borrower_id, kind, seq DESC);
CREATE INDEX erasures_due ON public.erasures USING btree (due_on) WHERE ((cancelled_at IS NULL) AND (erased_at IS NULL));
CREATE UNIQUE INDEX erasures_in_force ON public.erasures USING btree (borrower_id) WHERE (cancelled_at IS NULL);
CREATE INDEX identity_changes_of_borrower ON public.identity_changes USING btree (borrower_id, created_at DESC);
CREATE INDEX identity_changes_waiting ON public.identity_changes USING btree (created_at) WHERE (state = 'CONFIRMED'::text);
CREATE INDEX identity_checks_of_borrower ON public.identity_checks USING btree (borrower_id, kind, version);
CREATE INDEX journal_entries_date ON public.journal_entries USING btree (business_date);
CREATE INDEX journal_entries_loan ON public.journal_entries USING btree (loan_id);
CREATE INDEX journal_lines_account ON public.journal_lines USING btree (account);
CREATE UNIQUE INDEX key_versions_active ON public.key_versions USING btree (purpose) WHERE (state = 'ACTIVE'::text);
CREATE UNIQUE INDEX key_versions_retiring ON public.key_versions USING btree (purpose) WHERE (state = 'RETIRING'::text);
CREATE UNIQUE INDEX loan_transactions_one_withdrawal ON ONLY public.loan_transactions USING btree (loan_id) WHERE (type = 'WITHDRAWAL'::text);
CREATE INDEX loans_borrower ON public.loans USING btree (borrower_id);
CREATE INDEX loans_open ON public.loans USING btree (next_at) WHERE (status = ANY (ARRAY['APPROVED'::text, 'ACTIVE'::text, 'OVERPAID'::text]));
CREATE INDEX loans_to_close ON public.loans USING btree (id) WHERE (activated_on IS NOT NULL);
CREATE INDEX one_time_codes_application ON public.one_time_codes USING btree (application_id, created_at DESC);
CREATE INDEX outbox_due ON public.outbox USING btree (topic, urgent DESC, id) WHERE ((delivered_at IS NULL) AND (failed_at IS NULL));
CREATE INDEX outbox_undelivered ON public.outbox USING btree (next_attempt_at) WHERE (delivered_at IS NULL);
CREATE INDEX outbox_undelivered_subject ON public.outbox USING btree (subject) WHERE (delivered_at IS NULL);
CREATE INDEX payment_attempts_day ON public.payment_attempts USING btree (channel, value_date) WHERE (state = ANY (ARRAY['SUCCEEDED'::text, 'RETURNED'::text]));
CREATE INDEX payment_attempts_loan ON public.payment_attempts USING btree (loan_id);
CREATE UNIQUE INDEX payment_attempts_one_live ON public.payment_attempts USING btree (instruction_id) WHERE (state = ANY (ARRAY['SENDING'::text, 'ACCEPTED'::text, 'UNKNOWN'::text, 'SUCCEEDED'::text]));
CREATE INDEX payment_events_instruction ON public.payment_events USING btree (instruction_id, seq);
CREATE UNIQUE INDEX payment_instructions_one_open_debit ON public.payment_instructions USING btree (loan_id) WHERE ((direction = 'DEBIT'::text) AND (state = ANY (ARRAY['CREATED'::text, 'AUTHORIZED'::text, 'IN_FLIGHT'::text, 'MANUAL'::text])));
CREATE UNIQUE INDEX payment_instructions_one_open_refund ON public.payment_instructions USING btree (loan_id) WHERE ((direction = 'REFUND'::text) AND (state = ANY (ARRAY['CREATED'::text, 'AUTHORIZED'::text, 'IN_FLIGHT'::text, 'MANUAL'::text])));
CREATE UNIQUE INDEX payment_instructions_one_payout ON public.payment_instructions USING btree (loan_id) WHERE ((direction = 'PAYOUT'::text) AND (state = ANY (ARRAY['CREATED'::text, 'AUTHORIZED'::text, 'IN_FLIGHT'::text, 'MANUAL'::text, 'SUCCEEDED'::text])));

-- Functions

CREATE OR REPLACE FUNCTION public.acceptance_was_informed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF NOT disclosure_is_confirmed(NEW.id, (SELECT disclosure_sha256 FROM offers WHERE application_id = NEW.id AND round = NEW.round)) THEN
        RAISE EXCEPTION 'the cost table of the offer is not confirmed' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.application_round_moves_on()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF NEW.round <> OLD.round + (CASE WHEN NEW.status = 'DRAFT' AND OLD.status <> 'DRAFT' THEN 1 ELSE 0 END) THEN
        RAISE EXCEPTION 'an application begins another round when it goes back to its borrower, and only then' USING ERRCODE = 'LL001';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.audit_seal_hash(previous bytea, place bigint, entry audit_log)
 RETURNS bytea
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
      SELECT sha256(previous || convert_to(jsonb_build_array(place, entry.id, extract(epoch FROM entry.at)::text,
        entry.actor, entry.action, entry.subject, entry.reason, entry.data)::text, 'UTF8'))
    $function$
;
CREATE OR REPLACE FUNCTION public.audit_waits_for_seal()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      INSERT INTO audit_unsealed (audit_id) VALUES (NEW.id);
      RETURN NULL;
    END $function$
;
CREATE OR REPLACE FUNCTION public.begin_key_rotation(of_purpose text, new_version integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      PERFORM pg_advisory_xact_lock(726112, hashtext(of_purpose));
      IF EXISTS (SELECT FROM key_versions WHERE purpose = of_purpose AND (state = 'RETIRING' OR version >= new_version)) THEN
        RAISE EXCEPTION 'a rotation of this key has not ended, or its version is not new' USING ERRCODE = 'LL007';
      END IF;
      UPDATE key_versions SET state = 'RETIRING', since = now() WHERE purpose = of_purpose AND state = 'ACTIVE';
      INSERT INTO key_versions (purpose, version, state) VALUES (of_purpose, new_version, 'ACTIVE');
    END $function$
;
CREATE OR REPLACE FUNCTION public.check_index_complete()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF EXISTS (SELECT FROM blind_indexes WHERE purpose = NEW.purpose AND owner = NEW.owner)
        AND EXISTS (SELECT FROM live_key_versions(NEW.purpose) v WHERE NOT EXISTS (
          SELECT FROM blind_indexes b WHERE b.purpose = NEW.purpose AND b.owner = NEW.owner AND b.key_version = v.version)) THEN
        RAISE EXCEPTION 'a value is indexed under every version in use' USING ERRCODE = 'LL007';
      END IF;
      RETURN NULL;
    END $function$
;
CREATE OR REPLACE FUNCTION public.check_index_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF NEW.key_version NOT IN (SELECT version FROM live_key_versions(NEW.purpose)) THEN
        RAISE EXCEPTION 'this version of the key is not in use' USING ERRCODE = 'LL007';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.check_key_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF key_version_of(NEW.wrapped_key) NOT IN (SELECT version FROM live_key_versions('key-encryption') WHERE state = 'ACTIVE') THEN
        RAISE EXCEPTION 'a key is wrapped with the version in use alone' USING ERRCODE = 'LL007';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.check_transition()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
    END $function$
;
CREATE OR REPLACE FUNCTION public.disclosure_is_confirmed(application text, wanted text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
      SELECT wanted IS NULL OR EXISTS (
        SELECT FROM disclosure_confirmations c WHERE c.application_id = application AND c.disclosure_sha256 = wanted)
    $function$
;
CREATE OR REPLACE FUNCTION public.disclosure_was_read()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    DECLARE
      shown disclosures_shown%ROWTYPE;
    BEGIN
      SELECT * INTO shown FROM disclosures_shown s
        WHERE s.application_id = NEW.application_id AND s.disclosure_sha256 = NEW.disclosure_sha256;
      IF NEW.confirmed_at < shown.shown_at + make_interval(secs => shown.reading_seconds) THEN
        RAISE EXCEPTION 'the cost table was not shown for its reading time' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.end_key_rotation(of_purpose text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    DECLARE
      old_version integer;
    BEGIN
      PERFORM pg_advisory_xact_lock(726112, hashtext(of_purpose));
      SELECT version INTO old_version FROM key_versions WHERE purpose = of_purpose AND state = 'RETIRING';
      IF old_version IS NULL THEN
        RETURN NULL;
      END IF;
      IF EXISTS (SELECT FROM borrowers WHERE of_purpose = 'key-encryption' AND key_version_of(wrapped_key) = old_version)
        OR EXISTS (SELECT FROM blind_indexes o WHERE o.purpose = of_purpose AND o.key_version = old_version AND NOT EXISTS (
          SELECT FROM blind_indexes n JOIN key_versions k ON k.purpose = n.purpose AND k.version = n.key_version AND k.state = 'ACTIVE'
            WHERE n.purpose = o.purpose AND n.owner = o.owner)) THEN
        RAISE EXCEPTION 'something still needs the old version of this key' USING ERRCODE = 'LL007';
      END IF;
      UPDATE key_versions SET state = 'KEPT', since = now() WHERE purpose = of_purpose AND version = old_version;
      RETURN old_version;
    END $function$
;
CREATE OR REPLACE FUNCTION public.erase_person(person text, on_day date, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
      UPDATE borrowers SET wrapped_key = '\x'::bytea, name_enc = NULL, id_number_enc = NULL, phone_enc = NULL, email_enc = NULL,
        erased_at = at WHERE id = person;
      DELETE FROM blind_indexes WHERE borrower_id = person;
      UPDATE one_time_codes SET used_at = coalesce(used_at, at) WHERE application_id IN (SELECT id FROM applications WHERE borrower_id = person);
      UPDATE erasures SET erased_at = at WHERE borrower_id = person AND cancelled_at IS NULL;
      RETURN true;
    END $function$
;
CREATE OR REPLACE FUNCTION public.forbid_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      RAISE EXCEPTION '% is append-only: correct it by a new row', TG_TABLE_NAME USING ERRCODE = 'LL002';
    END $function$
;
CREATE OR REPLACE FUNCTION public.identity_question_rests_on_consent()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF TG_OP = 'UPDATE' AND (OLD.answer IS NOT NULL OR (NEW.request_id, NEW.borrower_id, NEW.subject, NEW.kind, NEW.version, NEW.serial, NEW.asked_at)
          IS DISTINCT FROM (OLD.request_id, OLD.borrower_id, OLD.subject, OLD.kind, OLD.version, OLD.serial, OLD.asked_at)) THEN
        RAISE EXCEPTION 'what a source was asked, and what it answered, stays' USING ERRCODE = 'LL001';
      END IF;
      IF TG_OP = 'INSERT' OR NEW.tries <> OLD.tries THEN
        IF NEW.consent_id IS DISTINCT FROM (
          SELECT CASE WHEN is_granted THEN id END FROM consents
          WHERE borrower_id = NEW.borrower_id AND kind = 'IDENTITY_QUERY' ORDER BY seq DESC LIMIT 1
        ) THEN
          RAISE EXCEPTION 'nobody is asked about a person without a consent of theirs in force' USING ERRCODE = 'LL005';
        END IF;
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.journal_entry_balances()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    DECLARE
      difference bigint;
      sides integer;
    BEGIN
      SELECT coalesce(sum(CASE side WHEN 'DEBIT' THEN amount_fen ELSE -amount_fen END), 0), count(DISTINCT side)
        INTO difference, sides FROM journal_lines WHERE entry_id = NEW.id;
      IF difference <> 0 OR sides <> 2 THEN
        RAISE EXCEPTION 'journal entry % is off balance by % fen', NEW.key, difference USING ERRCODE = 'LL003';
      END IF;
      RETURN NULL;
    END $function$
;
CREATE OR REPLACE FUNCTION public.journal_entry_has_kind()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      NEW.kind := journal_kind_of(NEW.description);
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.journal_entry_is_linked()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      PERFORM link_journal_entry(NEW.id, NEW.loan_id);
      RETURN NULL;
    END $function$
;
CREATE OR REPLACE FUNCTION public.journal_kind_of(description text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
      SELECT CASE description WHEN 'payout sent' THEN 'PAYOUT_SENT' WHEN 'payout proved failed' THEN 'PAYOUT_VOIDED' WHEN 'payout confirmed' THEN 'PAYOUT_SUCCEEDED' WHEN 'payout returned' THEN 'PAYOUT_RETURNED' WHEN 'debit presented' THEN 'DEBIT_SENT' WHEN 'debit proved failed' THEN 'DEBIT_VOIDED' WHEN 'repayment received' THEN 'DEBIT_SUCCEEDED' WHEN 'repayment returned' THEN 'DEBIT_RETURNED' WHEN 'refund sent' THEN 'REFUND_SENT' WHEN 'refund proved failed' THEN 'REFUND_VOIDED' WHEN 'surplus refunded' THEN 'REFUND_SUCCEEDED' WHEN 'refund returned' THEN 'REFUND_RETURNED' WHEN 'unexplained receipt' THEN 'SUSPENDED' WHEN 'unexplained payment' THEN 'SUSPENDED' WHEN 'unexplained receipt given back' THEN 'SUSPENSE_CLEARED' WHEN 'unexplained payment came back' THEN 'SUSPENSE_CLEARED' WHEN 'unexplained receipt applied to its loan' THEN 'SUSPENSE_APPLIED' WHEN 'unexplained receipt kept' THEN 'SUSPENSE_WRITTEN_OFF' WHEN 'unexplained payment lost' THEN 'SUSPENSE_WRITTEN_OFF' WHEN 'receipt that was kept given back' THEN 'WRITE_OFF_REVERSED' WHEN 'payment that was lost came back' THEN 'WRITE_OFF_REVERSED' WHEN 'account adjusted' THEN 'ADJUSTED' WHEN 'interest accrued' THEN 'ACCRUED' WHEN 'fee accrued' THEN 'ACCRUED' WHEN 'penalty accrued' THEN 'ACCRUED' WHEN 'loan charged off' THEN 'CHARGED_OFF' WHEN 'fees of the channel' THEN 'CHANNEL_FEES' END
    $function$
;
CREATE OR REPLACE FUNCTION public.journal_line_in_same_transaction()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF (SELECT xact FROM journal_entries WHERE id = NEW.entry_id) <> pg_current_xact_id() THEN
        RAISE EXCEPTION 'journal entry % is committed: correct it by a new entry', NEW.entry_id USING ERRCODE = 'LL002';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.key_version_of(wrapped bytea)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
AS $function$ SELECT CASE WHEN length(wrapped) = 0 THEN NULL WHEN get_byte(wrapped, 0) = 1 THEN 1
        WHEN get_byte(wrapped, 0) = 2 AND length(wrapped) > 5 THEN
          (get_byte(wrapped, 1) << 24) + (get_byte(wrapped, 2) << 16) + (get_byte(wrapped, 3) << 8) + get_byte(wrapped, 4) END $function$
;
CREATE OR REPLACE FUNCTION public.ledger_chain_of(loan text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
      SELECT CASE WHEN loan IS NULL THEN 'general' ELSE 'loans-' || lpad((abs(hashtext(loan)::bigint) % 64)::text, 2, '0') END
    $function$
;
CREATE OR REPLACE FUNCTION public.ledger_link_hash(previous bytea, entry bigint)
 RETURNS bytea
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
      SELECT sha256(previous || convert_to(concat_ws(E'\x1f', e.key, coalesce(e.loan_id, ''), e.business_date::text, e.description,
        (SELECT string_agg(concat_ws('|', l.line::text, l.account, l.side, l.amount_fen::text), E'\x1e' ORDER BY l.line)
           FROM journal_lines l WHERE l.entry_id = e.id)), 'UTF8'))
      FROM journal_entries e WHERE e.id = entry
    $function$
;
CREATE OR REPLACE FUNCTION public.link_journal_entry(entry bigint, loan text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
    END $function$
;
CREATE OR REPLACE FUNCTION public.live_key_versions(of_purpose text)
 RETURNS TABLE(version integer, state text)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(726112, hashtext(of_purpose));
      RETURN QUERY SELECT k.version, k.state FROM key_versions k
        WHERE k.purpose = of_purpose AND k.state IN ('ACTIVE', 'RETIRING') ORDER BY k.version DESC;
    END $function$
;
CREATE OR REPLACE FUNCTION public.loan_rests_on_a_seal()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF EXISTS (
        SELECT FROM contracts k WHERE k.application_id = NEW.id AND k.media_type = 'application/pdf'
          AND NOT EXISTS (SELECT FROM sealed_documents d WHERE d.document_id = k.application_id)
      ) THEN
        RAISE EXCEPTION 'no loan is opened on a contract that is not sealed' USING ERRCODE = 'LL008';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.one_disbursement_in_force()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      PERFORM FROM loans WHERE id = NEW.loan_id FOR UPDATE;
      IF EXISTS (SELECT FROM loan_transactions t WHERE t.loan_id = NEW.loan_id AND t.type = 'DISBURSEMENT' AND t.key <> NEW.key
          AND NOT EXISTS (SELECT FROM loan_transactions r WHERE r.loan_id = t.loan_id AND r.type = 'REVERSAL' AND r.data ->> 'of' = t.key)) THEN
        RAISE EXCEPTION 'loan % has a disbursement that did not come back', NEW.loan_id USING ERRCODE = 'LL001';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.retire_key_version(of_purpose text, old_version integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      UPDATE key_versions SET state = 'RETIRED', since = now() WHERE purpose = of_purpose AND version = old_version AND state = 'KEPT';
      RETURN FOUND;
    END $function$
;
CREATE OR REPLACE FUNCTION public.rewrap_person(person text, from_key bytea, to_key bytea)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF key_version_of(to_key) IS NULL THEN
        RAISE EXCEPTION 'that is no wrapped key' USING ERRCODE = 'LL007';
      END IF;
      UPDATE borrowers SET wrapped_key = to_key WHERE id = person AND wrapped_key = from_key AND erased_at IS NULL
        AND key_version_of(from_key) IN (SELECT version FROM key_versions WHERE purpose = 'key-encryption' AND state = 'RETIRING');
      RETURN FOUND;
    END $function$
;
CREATE OR REPLACE FUNCTION public.seal_audit(most integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
    END $function$
;
CREATE OR REPLACE FUNCTION public.seal_is_of_the_signed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF NOT EXISTS (
        SELECT FROM signatures s JOIN contracts k ON k.application_id = s.application_id
        WHERE s.application_id = NEW.document_id AND s.contract_sha256 = NEW.contract_sha256 AND k.sha256 = NEW.contract_sha256
      ) THEN
        RAISE EXCEPTION 'a seal belongs to the very document that was signed' USING ERRCODE = 'LL008';
      END IF;
      RETURN NEW;
    END $function$
;
CREATE OR REPLACE FUNCTION public.signature_was_informed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    BEGIN
      IF EXISTS (
        SELECT FROM contracts k JOIN applications a ON a.id = k.application_id JOIN offers o ON o.application_id = a.id AND o.round = a.round
        WHERE k.application_id = NEW.application_id
          AND (k.disclosure_sha256 IS DISTINCT FROM o.disclosure_sha256 OR NOT disclosure_is_confirmed(k.application_id, k.disclosure_sha256))
      ) THEN
        RAISE EXCEPTION 'the contract carries another cost table than the confirmed one' USING ERRCODE = 'LL004';
      END IF;
      RETURN NEW;
    END $function$
;

-- Triggers

CREATE TRIGGER application_drafts_append_only BEFORE DELETE OR UPDATE ON public.application_drafts FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER application_drafts_no_truncate BEFORE TRUNCATE ON public.application_drafts FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER application_events_append_only BEFORE DELETE OR UPDATE ON public.application_events FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER application_events_no_truncate BEFORE TRUNCATE ON public.application_events FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER applications_accepted_informed BEFORE UPDATE OF status ON public.applications FOR EACH ROW WHEN (((old.status = 'OFFERED'::text) AND (new.status = ANY (ARRAY['REFLECTION_PERIOD'::text, 'AWAITING_SIGNATURE'::text])))) EXECUTE FUNCTION acceptance_was_informed();
CREATE TRIGGER applications_round BEFORE UPDATE OF status, round ON public.applications FOR EACH ROW EXECUTE FUNCTION application_round_moves_on();
CREATE TRIGGER applications_sealed BEFORE UPDATE OF status ON public.applications FOR EACH ROW WHEN (((old.status = ANY (ARRAY['SIGNED'::text, 'REFLECTION_PERIOD'::text])) AND (new.status = 'READY_TO_DISBURSE'::text))) EXECUTE FUNCTION loan_rests_on_a_seal();
CREATE TRIGGER applications_transition BEFORE UPDATE ON public.applications FOR EACH ROW EXECUTE FUNCTION check_transition('application', 'status');
CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER audit_log_waits_for_seal AFTER INSERT ON public.audit_log FOR EACH ROW EXECUTE FUNCTION audit_waits_for_seal();
CREATE TRIGGER audit_seals_append_only BEFORE DELETE OR UPDATE ON public.audit_seals FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON public.audit_seals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE CONSTRAINT TRIGGER blind_indexes_complete AFTER INSERT ON public.blind_indexes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_index_complete();
CREATE TRIGGER blind_indexes_version BEFORE INSERT OR UPDATE ON public.blind_indexes FOR EACH ROW EXECUTE FUNCTION check_index_version();
CREATE TRIGGER borrowers_key_version BEFORE INSERT OR UPDATE OF wrapped_key ON public.borrowers FOR EACH ROW EXECUTE FUNCTION check_key_version();
CREATE TRIGGER break_events_append_only BEFORE DELETE OR UPDATE ON public.break_events FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER breaks_transition BEFORE UPDATE ON public.breaks FOR EACH ROW EXECUTE FUNCTION check_transition('break', 'state');
CREATE TRIGGER business_day_closes_append_only BEFORE DELETE OR UPDATE ON public.business_day_closes FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER business_day_closes_no_truncate BEFORE TRUNCATE ON public.business_day_closes FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER channel_decisions_append_only BEFORE DELETE OR UPDATE ON public.channel_decisions FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER channel_file_lines_append_only BEFORE DELETE OR UPDATE ON public.channel_file_lines FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER channel_files_append_only BEFORE DELETE OR UPDATE ON public.channel_files FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER close_batches_append_only BEFORE DELETE OR UPDATE ON public.close_batches FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER close_batches_no_truncate BEFORE TRUNCATE ON public.close_batches FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER commands_transition BEFORE UPDATE ON public.commands FOR EACH ROW EXECUTE FUNCTION check_transition('command', 'state');
CREATE TRIGGER consents_append_only BEFORE DELETE OR UPDATE ON public.consents FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER consents_no_truncate BEFORE TRUNCATE ON public.consents FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER contracts_append_only BEFORE DELETE OR UPDATE ON public.contracts FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER contracts_no_truncate BEFORE TRUNCATE ON public.contracts FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER decisions_append_only BEFORE DELETE OR UPDATE ON public.decisions FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON public.decisions FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER disclosure_confirmations_after_reading BEFORE INSERT ON public.disclosure_confirmations FOR EACH ROW EXECUTE FUNCTION disclosure_was_read();
CREATE TRIGGER disclosure_confirmations_append_only BEFORE DELETE OR UPDATE ON public.disclosure_confirmations FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER disclosure_confirmations_no_truncate BEFORE TRUNCATE ON public.disclosure_confirmations FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER disclosures_shown_append_only BEFORE DELETE OR UPDATE ON public.disclosures_shown FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER disclosures_shown_no_truncate BEFORE TRUNCATE ON public.disclosures_shown FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER erasures_kept BEFORE DELETE ON public.erasures FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON public.erasures FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER identity_checks_consent BEFORE INSERT OR UPDATE ON public.identity_checks FOR EACH ROW EXECUTE FUNCTION identity_question_rests_on_consent();
CREATE TRIGGER identity_checks_kept BEFORE DELETE ON public.identity_checks FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER identity_checks_no_truncate BEFORE TRUNCATE ON public.identity_checks FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER journal_entries_append_only BEFORE DELETE OR UPDATE ON public.journal_entries FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON public.journal_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entry_balances();
CREATE TRIGGER journal_entries_kind BEFORE INSERT ON public.journal_entries FOR EACH ROW WHEN ((new.kind IS NULL)) EXECUTE FUNCTION journal_entry_has_kind();
CREATE CONSTRAINT TRIGGER journal_entries_linked AFTER INSERT ON public.journal_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entry_is_linked();
CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON public.journal_entries FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER journal_lines_append_only BEFORE DELETE OR UPDATE ON public.journal_lines FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER journal_lines_no_truncate BEFORE TRUNCATE ON public.journal_lines FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER journal_lines_same_transaction BEFORE INSERT ON public.journal_lines FOR EACH ROW EXECUTE FUNCTION journal_line_in_same_transaction();
CREATE TRIGGER key_versions_kept BEFORE DELETE ON public.key_versions FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER key_versions_no_truncate BEFORE TRUNCATE ON public.key_versions FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER ledger_links_append_only BEFORE DELETE OR UPDATE ON public.ledger_links FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER ledger_links_no_truncate BEFORE TRUNCATE ON public.ledger_links FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_accruals_append_only BEFORE DELETE OR UPDATE ON public.loan_accruals FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_accruals_no_truncate BEFORE TRUNCATE ON public.loan_accruals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_day_snapshots_append_only BEFORE DELETE OR UPDATE ON public.loan_day_snapshots FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_day_snapshots_no_truncate BEFORE TRUNCATE ON public.loan_day_snapshots FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_events_append_only BEFORE DELETE OR UPDATE ON public.loan_events FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_events_no_truncate BEFORE TRUNCATE ON public.loan_events FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_schedules_append_only BEFORE DELETE OR UPDATE ON public.loan_schedules FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_schedules_no_truncate BEFORE TRUNCATE ON public.loan_schedules FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_transactions_append_only BEFORE DELETE OR UPDATE ON public.loan_transactions FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_transactions_no_truncate BEFORE TRUNCATE ON public.loan_transactions FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER loan_transactions_one_disbursement BEFORE INSERT ON public.loan_transactions FOR EACH ROW WHEN ((new.type = 'DISBURSEMENT'::text)) EXECUTE FUNCTION one_disbursement_in_force();
CREATE TRIGGER loans_sealed BEFORE INSERT ON public.loans FOR EACH ROW EXECUTE FUNCTION loan_rests_on_a_seal();
CREATE TRIGGER loans_transition BEFORE UPDATE ON public.loans FOR EACH ROW EXECUTE FUNCTION check_transition('loan', 'status');
CREATE TRIGGER offers_append_only BEFORE DELETE OR UPDATE ON public.offers FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER offers_no_truncate BEFORE TRUNCATE ON public.offers FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER payment_attempts_transition BEFORE UPDATE ON public.payment_attempts FOR EACH ROW EXECUTE FUNCTION check_transition('attempt', 'state');
CREATE TRIGGER payment_events_append_only BEFORE DELETE OR UPDATE ON public.payment_events FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER payment_events_no_truncate BEFORE TRUNCATE ON public.payment_events FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER payment_instructions_transition BEFORE UPDATE ON public.payment_instructions FOR EACH ROW EXECUTE FUNCTION check_transition('instruction', 'state');
CREATE TRIGGER reconciliations_append_only BEFORE DELETE OR UPDATE ON public.reconciliations FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER review_approvals_append_only BEFORE DELETE OR UPDATE ON public.review_approvals FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER review_approvals_no_truncate BEFORE TRUNCATE ON public.review_approvals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER sealed_documents_append_only BEFORE DELETE OR UPDATE ON public.sealed_documents FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER sealed_documents_no_truncate BEFORE TRUNCATE ON public.sealed_documents FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER sealed_documents_of_the_signed BEFORE INSERT ON public.sealed_documents FOR EACH ROW EXECUTE FUNCTION seal_is_of_the_signed();
CREATE TRIGGER sealing_tries_append_only BEFORE DELETE OR UPDATE ON public.sealing_tries FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER sealing_tries_no_truncate BEFORE TRUNCATE ON public.sealing_tries FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER signatures_append_only BEFORE DELETE OR UPDATE ON public.signatures FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER signatures_informed BEFORE INSERT ON public.signatures FOR EACH ROW EXECUTE FUNCTION signature_was_informed();
CREATE TRIGGER signatures_no_truncate BEFORE TRUNCATE ON public.signatures FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER webhook_events_append_only BEFORE DELETE OR UPDATE ON public.webhook_events FOR EACH ROW EXECUTE FUNCTION forbid_change();

-- Grants to the application’s role

GRANT DELETE, INSERT, SELECT ON blind_indexes TO loanloom_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON rate_limits TO loanloom_app;
GRANT INSERT, SELECT ON adjustment_proposals TO loanloom_app;
GRANT INSERT, SELECT ON application_drafts TO loanloom_app;
GRANT INSERT, SELECT ON application_events TO loanloom_app;
GRANT INSERT, SELECT ON applications TO loanloom_app;
GRANT INSERT, SELECT ON bank_cards TO loanloom_app;
GRANT INSERT, SELECT ON borrowers TO loanloom_app;
GRANT INSERT, SELECT ON break_events TO loanloom_app;
GRANT INSERT, SELECT ON breaks TO loanloom_app;
GRANT INSERT, SELECT ON business_day_closes TO loanloom_app;
GRANT INSERT, SELECT ON channel_balances TO loanloom_app;
GRANT INSERT, SELECT ON channel_calls TO loanloom_app;
GRANT INSERT, SELECT ON channel_decisions TO loanloom_app;
GRANT INSERT, SELECT ON channel_file_lines TO loanloom_app;
GRANT INSERT, SELECT ON channel_files TO loanloom_app;
GRANT INSERT, SELECT ON close_batches TO loanloom_app;
GRANT INSERT, SELECT ON commands TO loanloom_app;
GRANT INSERT, SELECT ON consents TO loanloom_app;
GRANT INSERT, SELECT ON contacts TO loanloom_app;
GRANT INSERT, SELECT ON contracts TO loanloom_app;
GRANT INSERT, SELECT ON decisions TO loanloom_app;
GRANT INSERT, SELECT ON disclosure_confirmations TO loanloom_app;
GRANT INSERT, SELECT ON disclosures_shown TO loanloom_app;
GRANT INSERT, SELECT ON erasures TO loanloom_app;
GRANT INSERT, SELECT ON identity_changes TO loanloom_app;
GRANT INSERT, SELECT ON identity_checks TO loanloom_app;
GRANT INSERT, SELECT ON journal_entries TO loanloom_app;
GRANT INSERT, SELECT ON journal_lines TO loanloom_app;
GRANT INSERT, SELECT ON ledger_accounts TO loanloom_app;
GRANT INSERT, SELECT ON loan_accruals TO loanloom_app;
GRANT INSERT, SELECT ON loan_day_snapshots TO loanloom_app;
GRANT INSERT, SELECT ON loan_events TO loanloom_app;
GRANT INSERT, SELECT ON loan_schedules TO loanloom_app;
GRANT INSERT, SELECT ON loan_transactions TO loanloom_app;
GRANT INSERT, SELECT ON loans TO loanloom_app;
GRANT INSERT, SELECT ON offers TO loanloom_app;
GRANT INSERT, SELECT ON one_time_codes TO loanloom_app;
GRANT INSERT, SELECT ON outbox TO loanloom_app;
GRANT INSERT, SELECT ON payment_attempts TO loanloom_app;
GRANT INSERT, SELECT ON payment_events TO loanloom_app;
GRANT INSERT, SELECT ON payment_instructions TO loanloom_app;
GRANT INSERT, SELECT ON reconciliations TO loanloom_app;
GRANT INSERT, SELECT ON review_approvals TO loanloom_app;
GRANT INSERT, SELECT ON sandbox_clock TO loanloom_app;
GRANT INSERT, SELECT ON sealed_documents TO loanloom_app;
GRANT INSERT, SELECT ON sealing_tries TO loanloom_app;
GRANT INSERT, SELECT ON signatures TO loanloom_app;
GRANT INSERT, SELECT ON webhook_events TO loanloom_app;
GRANT INSERT, SELECT, UPDATE ON signing_services TO loanloom_app;
GRANT INSERT, SELECT, UPDATE ON webhook_refusals TO loanloom_app;
GRANT SELECT ON audit_head TO loanloom_app;
GRANT SELECT ON audit_log TO loanloom_app;
GRANT SELECT ON audit_seals TO loanloom_app;
GRANT SELECT ON audit_unsealed TO loanloom_app;
GRANT SELECT ON key_versions TO loanloom_app;
GRANT SELECT ON ledger_chain_heads TO loanloom_app;
GRANT SELECT ON ledger_links TO loanloom_app;
GRANT SELECT ON operators TO loanloom_app;
GRANT SELECT ON restore_state TO loanloom_app;
GRANT SELECT ON state_transitions TO loanloom_app;
GRANT UPDATE (account_tail, channel_reference, code, not_found_since, nothing_sent, sends, sends_refused, state, value_date) ON payment_attempts TO loanloom_app;
GRANT UPDATE (accrued_fee_fen, accrued_interest_fen, accrued_penalty_fen, activated_on, attention_kind, attention_sticky, bank_card_id, bucket, closed_on, closed_through, date_cursor, needs_attention, next_at, next_kind, next_summary, schedule_version, status, waiting_since) ON loans TO loanloom_app;
GRANT UPDATE (answer, answered_at, consent_id, detail, last_asked_at, price_fen, reply_enc, reply_sha256, source, tries) ON identity_checks TO loanloom_app;
GRANT UPDATE (applies_to, approved_by, closed_on, proposal, proposed_by, recalled_at, recalls, state, suspense_fen) ON breaks TO loanloom_app;
GRANT UPDATE (attempts, checks, decided_by, state) ON identity_changes TO loanloom_app;
GRANT UPDATE (attempts, delivered_at, failed_at, next_attempt_at, secret_enc) ON outbox TO loanloom_app;
GRANT UPDATE (attempts, next_attempt_at, outcome, state) ON commands TO loanloom_app;
GRANT UPDATE (attempts, used_at) ON one_time_codes TO loanloom_app;
GRANT UPDATE (bank_card_id, identity_version, principal_fen, round, status, term_months, waiting_until) ON applications TO loanloom_app;
GRANT UPDATE (cancelled_at) ON erasures TO loanloom_app;
GRANT UPDATE (channel, last_at, refused) ON webhook_refusals TO loanloom_app;
GRANT UPDATE (cleared_at, epoch) ON restore_state TO loanloom_app;
GRANT UPDATE (decided_by, state) ON adjustment_proposals TO loanloom_app;
GRANT UPDATE (email_enc, id_number_enc, identity_version, name_enc, phone_enc) ON borrowers TO loanloom_app;
GRANT UPDATE (expire, key, points) ON rate_limits TO loanloom_app;
GRANT UPDATE (failure_code, hinted_at, last_queried_at, preferred_channel, queries, state) ON payment_instructions TO loanloom_app;
GRANT UPDATE (fresh_until, missing, name) ON signing_services TO loanloom_app;
GRANT UPDATE (moved_at, offset_ms) ON sandbox_clock TO loanloom_app;
GRANT UPDATE (record, state) ON contacts TO loanloom_app;
GRANT UPDATE (value) ON blind_indexes TO loanloom_app;
