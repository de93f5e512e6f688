import type { Knex } from 'knex';
import * as createPeople from './20261123080000_create_people';
import * as createStateMachines from './20261123080100_create_state_machines';
import * as createApplications from './20261123080200_create_applications';
import * as createLoans from './20261123080300_create_loans';
import * as createPayments from './20261123080400_create_payments';
import * as createLedger from './20261123080500_create_ledger';
import * as createMessaging from './20261123080600_create_messaging';
import * as createBusinessDays from './20261123080700_create_business_days';
import * as grantByTable from './20261123080800_grant_by_table';
import * as widenLoanFacts from './20261124080000_widen_loan_facts';
import * as chainTheLedger from './20261124090000_chain_the_ledger';
import * as returnAndRefund from './20261124100000_return_and_refund';
import * as reconcileChannels from './20261124110000_reconcile_channels';
import * as routePayments from './20261124120000_route_payments';
import * as watchBalances from './20261124130000_watch_balances';
import * as applySuspense from './20261124140000_apply_suspense';
import * as agreeFees from './20261124150000_agree_fees';
import * as settleTheBooks from './20261125080000_settle_the_books';
import * as countTheSends from './20261125090000_count_the_sends';
import * as leaseTheOutbox from './20261125100000_lease_the_outbox';
import * as pinTheIdentity from './20261125110000_pin_the_identity';
import * as limitRates from './20261125120000_limit_rates';
import * as knowTheOperators from './20261125130000_know_the_operators';
import * as changeTheIdentity from './20261125140000_change_the_identity';
import * as nameTheFacts from './20261125150000_name_the_facts';
import * as discloseTheCost from './20261129080000_disclose_the_cost';
import * as sealTheAudit from './20261129090000_seal_the_audit';
import * as recordConsents from './20261129100000_record_consents';
import * as decideAnew from './20261129110000_decide_anew';
import * as closeTheSideDoors from './20261129120000_close_the_side_doors';
import * as askTheSources from './20261129130000_ask_the_sources';
import * as lookTwice from './20261129140000_look_twice';
import * as forgetPeople from './20261129150000_forget_people';
import * as versionTheKeys from './20261129170000_version_the_keys';
import * as indexByVersion from './20261129170100_index_by_version';
import * as sealContracts from './20261129180000_seal_contracts';
import * as withdrawAfterPayout from './20261129190000_withdraw_after_payout';

interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

/** All migrations in order. A list instead of a folder scan: the same set under tsx, jest and a bundle. */
const MIGRATIONS: readonly NamedMigration[] = [
  { name: '20261123080000_create_people', ...createPeople },
  { name: '20261123080100_create_state_machines', ...createStateMachines },
  { name: '20261123080200_create_applications', ...createApplications },
  { name: '20261123080300_create_loans', ...createLoans },
  { name: '20261123080400_create_payments', ...createPayments },
  { name: '20261123080500_create_ledger', ...createLedger },
  { name: '20261123080600_create_messaging', ...createMessaging },
  { name: '20261123080700_create_business_days', ...createBusinessDays },
  { name: '20261123080800_grant_by_table', ...grantByTable },
  { name: '20261124080000_widen_loan_facts', ...widenLoanFacts },
  { name: '20261124090000_chain_the_ledger', ...chainTheLedger },
  { name: '20261124100000_return_and_refund', ...returnAndRefund },
  { name: '20261124110000_reconcile_channels', ...reconcileChannels },
  { name: '20261124120000_route_payments', ...routePayments },
  { name: '20261124130000_watch_balances', ...watchBalances },
  { name: '20261124140000_apply_suspense', ...applySuspense },
  { name: '20261124150000_agree_fees', ...agreeFees },
  { name: '20261125080000_settle_the_books', ...settleTheBooks },
  { name: '20261125090000_count_the_sends', ...countTheSends },
  { name: '20261125100000_lease_the_outbox', ...leaseTheOutbox },
  { name: '20261125110000_pin_the_identity', ...pinTheIdentity },
  { name: '20261125120000_limit_rates', ...limitRates },
  { name: '20261125130000_know_the_operators', ...knowTheOperators },
  { name: '20261125140000_change_the_identity', ...changeTheIdentity },
  { name: '20261125150000_name_the_facts', ...nameTheFacts },
  { name: '20261129080000_disclose_the_cost', ...discloseTheCost },
  { name: '20261129090000_seal_the_audit', ...sealTheAudit },
  { name: '20261129100000_record_consents', ...recordConsents },
  { name: '20261129110000_decide_anew', ...decideAnew },
  { name: '20261129120000_close_the_side_doors', ...closeTheSideDoors },
  { name: '20261129130000_ask_the_sources', ...askTheSources },
  { name: '20261129140000_look_twice', ...lookTwice },
  { name: '20261129150000_forget_people', ...forgetPeople },
  { name: '20261129170000_version_the_keys', ...versionTheKeys },
  { name: '20261129170100_index_by_version', ...indexByVersion },
  { name: '20261129180000_seal_contracts', ...sealContracts },
  { name: '20261129190000_withdraw_after_payout', ...withdrawAfterPayout },
];

export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: () => Promise.resolve([...MIGRATIONS]),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) => Promise.resolve(migration),
};
