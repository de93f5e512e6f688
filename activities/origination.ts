import type { Instant } from '../domain/time/dates';
import type { ActivityDeps } from '../services/deps';
import { advanceApplication, verifyIdentity, type ApplicationStepResult } from '../services/application/advance';
export type { ApplicationStepResult } from '../services/application/advance';

export function createOriginationActivities(deps: ActivityDeps) {
  return {
    advanceApplication: (input: { applicationId: string; at: Instant }): Promise<ApplicationStepResult> => advanceApplication(deps, input),

    /** Runs on the provider's task queue. */
    verifyIdentity: (input: { applicationId: string; at: Instant }): Promise<{ passed: boolean }> => verifyIdentity(deps, input),
  };
}
