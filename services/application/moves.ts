import { insertApplicationEvent, updateApplication, type ApplicationRow } from '../../db/application/applications';
import { addMail } from '../../db/outbox';
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
  const { status, round } = application;
  await insertApplicationEvent(tx, application.id, {
    key: round === 1 ? keys.statusMoved(status, to) : keys.statusMovedAgain(status, to, round),
    kind: to,
    at,
    businessDate: businessDateOf(at),
    data: { why },
  });
  return { ...application, status: to, waiting_until: waitingUntil === null ? null : new Date(waitingUntil) };
}

/**
 * Back to its borrower, from where nothing was accepted yet: another round begins, and what was decided and offered in
 * this one is void. `missing`: the steps that an operator asks for, none where it is the borrower's own wish.
 */
export async function reopenApplication(
  tx: Tx,
  application: ApplicationRow,
  {
    at,
    by,
    missing,
    why,
    until,
  }: {
    readonly at: Instant;
    readonly by: 'borrower' | 'operator';
    readonly missing: readonly string[];
    readonly why?: string;
    readonly until: Instant | null;
  },
): Promise<ApplicationRow> {
  assertTransition(APPLICATION_TRANSITIONS, application.status, 'DRAFT');
  const round = application.round + 1;
  await updateApplication(tx, application.id, { status: 'DRAFT', round, waiting_until: until });
  await insertApplicationEvent(tx, application.id, {
    key: keys.reopenedFor(round),
    kind: 'REOPENED',
    at,
    businessDate: businessDateOf(at),
    data: { by, missing: missing.join(','), ...(why === undefined ? {} : { why }) },
  });
  return { ...application, status: 'DRAFT', round, waiting_until: until === null ? null : new Date(until) };
}

/** The same at our wish: the borrower is told by mail what is missing. */
export async function referBackToBorrower(
  tx: Tx,
  application: ApplicationRow,
  asked: { readonly at: Instant; readonly missing: readonly string[]; readonly why: string; readonly until: Instant | null },
): Promise<ApplicationRow> {
  const reopened = await reopenApplication(tx, application, { ...asked, by: 'operator' });
  await addMail(tx, {
    key: keys.referredBackMail(application.id, reopened.round),
    borrowerId: application.borrower_id,
    template: 'referred-back',
    params: { applicationId: application.id, missing: asked.missing.join(', '), until: businessDateOf(asked.until ?? asked.at) },
  });
  return reopened;
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
