import type { Instant } from '../domain/time/dates';
import type { ActivityDeps } from '../services/deps';
import { advanceApplication, type ApplicationStepResult } from '../services/application/advance';
import { verifyIdentity } from '../services/application/identity-check';
export type { ApplicationStepResult } from '../services/application/advance';

export function createOriginationActivities(deps: ActivityDeps) {
  return {
    advanceApplication: (input: { applicationId: string; at: Instant }): Promise<ApplicationStepResult> => advanceApplication(deps, input),

    /** Runs on the provider's task queue. */
    verifyIdentity: (input: { applicationId: string; at: Instant }): Promise<{ passed: boolean }> => verifyIdentity(deps, input),
  };
}
