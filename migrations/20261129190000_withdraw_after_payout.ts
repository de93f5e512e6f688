import type { Knex } from 'knex';

const BEFORE = `'REVERSAL', 'RATE_CHANGE', 'REAGE', 'REAMORTIZE', 'TERM_EXTENSION', 'HARDSHIP_PAUSE', 'WRITEOFF'`;
const MONEY = `'DISBURSEMENT', 'REPAYMENT', 'CHARGE_OFF', 'CHARGE', 'WAIVER', 'RECOVERY_REPAYMENT', 'SETTLEMENT_DISCOUNT', 'CREDIT_BALANCE_REFUND'`;

const rules = (without: string) => `
  ALTER TABLE loan_transactions DROP CONSTRAINT loan_transactions_amount_check, DROP CONSTRAINT loan_transactions_type_check;
  ALTER TABLE loan_transactions
    ADD CONSTRAINT loan_transactions_amount_check CHECK (type = 'CHARGE_OFF' OR (amount_fen IS NULL) = (type IN (${without}))),
    ADD CONSTRAINT loan_transactions_type_check CHECK (type IN (${MONEY}, ${without}));
`;

/** A borrower's withdrawal after the payout is a fact of the account; a loan has one at most. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`${rules(`${BEFORE}, 'WITHDRAWAL'`)}
    CREATE UNIQUE INDEX loan_transactions_one_withdrawal ON loan_transactions (loan_id) WHERE type = 'WITHDRAWAL';`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP INDEX loan_transactions_one_withdrawal; ${rules(BEFORE)}`);
}
