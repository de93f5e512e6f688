import { createApplicationCommands } from '../services/application/application-commands';
import { createBalanceActivities } from './channel-balances';
import { createChannelActivities } from './channel-calls';
import { createCloseActivities } from './close';
import { createDebitDoubtActivities } from './debit-doubt';
import type { ActivityDeps } from '../services/deps';
import { translateErrors } from './errors';
import { createLoanAgendaActivities } from './loan-agenda';
import { createLoanCommands } from '../services/loan/loan-commands';
import { createOriginationActivities } from './origination';
import { createPaymentActivities } from './payments';
import { createReconciliationActivities } from './reconcile';
import { createBreakActivities } from './resolve-breaks';

/** Every activity, bound to its dependencies. Which worker registers which is decided in workers/. */
export function createActivities(deps: ActivityDeps) {
  const all = {
    ...createOriginationActivities(deps),
    ...createApplicationCommands(deps),
    ...createLoanAgendaActivities(deps),
    ...createLoanCommands(deps),
    ...createPaymentActivities(deps),
    ...createDebitDoubtActivities(deps),
    ...createChannelActivities(deps),
    ...createBalanceActivities(deps),
    ...createReconciliationActivities(deps),
    ...createBreakActivities(deps),
    ...createCloseActivities(deps),
  };
  return translateErrors(all, (error, activity) => {
    deps.log.error(
      {
        activity,
        name: error instanceof Error ? error.name : typeof error,
        stack: error instanceof Error ? error.stack?.split('\n').slice(1, 6).join('\n') : undefined,
        pgCode: pgCode(error),
      },
      'activity failed unexpectedly',
    );
  });
}

function pgCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

export type Activities = ReturnType<typeof createActivities>;
