import { ApplicationFailure } from '@temporalio/common';
import { isPassing, LoanloomError } from '../domain/errors';
import { isConnectionFault, isDataRefusal, isGuardViolation } from '../db/pool';

/**
 * The only place where an error becomes an ApplicationFailure: type = our code, so that workflows branch
 * on codes and never on messages. What we do not know is retried and keeps its message out of history
 * (it may quote data).
 */
export function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof LoanloomError) {
    return ApplicationFailure.create({
      type: error.code,
      message: error.message,
      nonRetryable: !isPassing(error.code),
      details: [error.details],
    });
  }
  if (isConnectionFault(error))
    return ApplicationFailure.create({ type: 'UNAVAILABLE', message: 'the database is not available', nonRetryable: false });
  if (isGuardViolation(error))
    return ApplicationFailure.create({ type: 'ILLEGAL_TRANSITION', message: 'the database refused an illegal step', nonRetryable: true });
  if (isDataRefusal(error))
    return ApplicationFailure.create({ type: 'DATA_REFUSED', message: 'the database refused the data', nonRetryable: true });
  const name = error instanceof Error ? error.name : 'unknown';
  return ApplicationFailure.create({ type: 'INTERNAL', message: `unexpected ${name}; see the worker's log`, nonRetryable: false });
}

type Activity = (...args: never[]) => Promise<unknown>;

/** Wraps every activity so that nothing but an ApplicationFailure leaves it; unknown errors are logged where they happened. */
export function translateErrors<T extends Record<string, Activity>>(activities: T, log: (error: unknown, activity: string) => void): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        const failure = toApplicationFailure(error);
        if (failure.type === 'INTERNAL') log(error, name);
        throw failure;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}
