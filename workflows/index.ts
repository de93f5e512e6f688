/** The workflow bundle's entry: one export per workflow type. */
export { originateLoan } from './originate-loan';
export { serviceLoan } from './service-loan';
export { disburseLoan } from './disburse-loan';
export { debitLoan } from './debit-loan';
export { closeBusinessDay } from './close-business-day';
export { reconcileChannelDay } from './reconcile-channel-day';
export { watchBalances } from './watch-balances';
export { resolveBreak } from './resolve-break';
