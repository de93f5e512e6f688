import { insertApplicationEvent, updateApplication, type ApplicationRow } from '../../db/application/applications';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { APPLICATION_TRANSITIONS, assertTransition, type ApplicationStatus } from '../../domain/states';
import { businessDateOf, epochMs, type Instant } from '../../domain/time/dates';
import { keys } from '../../domain/keys';

/** Moves the application one legal step and records why. */
export async function moveApplication(
  tx: Tx,
  application: ApplicationRow,
  to: Exclude<ApplicationStatus, 'DRAFT'>,
  at: Instant,
  why: string,
  waitingUntil: Instant | null = null,
): Promise<ApplicationRow> {
  assertTransition(APPLICATION_TRANSITIONS, application.status, to);
  await updateApplication(tx, application.id, { status: to, waiting_until: waitingUntil });
  await insertApplicationEvent(tx, application.id, {
    key: keys.statusMoved(application.status, to),
    kind: to,
    at,
    businessDate: businessDateOf(at),
    data: { why },
  });
  return { ...application, status: to, waiting_until: waitingUntil === null ? null : new Date(waitingUntil) };
}

/** Thrown where a step's deadline has passed although the loop has not woken yet. */
export function assertNotOver(application: ApplicationRow, at: Instant): void {
  if (application.waiting_until !== null && epochMs(at) >= application.waiting_until.getTime()) {
    throw new LoanloomError('OFFER_EXPIRED', 'the time for this step is over: start a new application');
  }
}
