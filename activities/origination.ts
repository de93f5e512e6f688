import type { Instant } from '../domain/time/dates';
import type { ActivityDeps } from '../services/deps';
import { advanceApplication, type ApplicationStepResult } from '../services/application/advance';
import { sealContract } from '../services/application/sealing';
import { askEverySource, askIdentitySource } from '../services/application/identity-check';
import type { IdentityCheckKind } from '../domain/party/identity-checks';
import { Context } from '@temporalio/activity';
export type { ApplicationStepResult } from '../services/application/advance';

export function createOriginationActivities(deps: ActivityDeps) {
  return {
    advanceApplication: (input: { applicationId: string; at: Instant }): Promise<ApplicationStepResult> => advanceApplication(deps, input),

    /** Asks one source; runs on its task queue. */
    askIdentitySource: (input: { applicationId: string; check: IdentityCheckKind; at: Instant }): Promise<void> =>
      askIdentitySource(deps, input, Context.current().cancellationSignal),

    /** Seals a signed contract; runs on the signing service's task queue. */
    sealContract: (input: { applicationId: string; at: Instant }): Promise<void> =>
      sealContract(deps, input, Context.current().cancellationSignal),

    /** What workflows of earlier versions ask for: every source at once. */
    verifyIdentity: (input: { applicationId: string; at: Instant }): Promise<void> =>
      askEverySource(deps, input, Context.current().cancellationSignal),
  };
}
