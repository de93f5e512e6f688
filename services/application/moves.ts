import { insertApplicationEvent, updateApplication, type ApplicationRow } from '../../db/application/applications';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { APPLICATION_TRANSITIONS, assertTransition, type ApplicationStatus } from '../../domain/states';
import { isOver } from '../../domain/application/agenda';
import { businessDateOf, instant, type Instant } from '../../domain/time/dates';
import { keys } from '../../domain/keys';

/** A step from one status to the next. `until` is the new status's deadline, where it waits for somebody. */
export interface Move {
  readonly to: Exclude<ApplicationStatus, 'DRAFT'>;
  readonly at: Instant;
  readonly why: string;
  readonly until?: Instant | null;
}

/** Moves the application one legal step and records why. */
export async function moveApplication(
  tx: Tx,
  application: ApplicationRow,
  { to, at, why, until: waitingUntil = null }: Move,
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

/** The deadline of the row's status. */
export const deadlineIn = ({ waiting_until: until }: Pick<ApplicationRow, 'waiting_until'>): Instant | null =>
  until === null ? null : instant(until);

/** Thrown where a step's deadline has passed although the loop has not woken yet. */
export function assertNotOver(application: ApplicationRow, at: Instant): void {
  if (isOver({ waitingUntil: deadlineIn(application), now: at })) {
    throw new LoanloomError('OFFER_EXPIRED', 'the time for this step is over: start a new application');
  }
}
