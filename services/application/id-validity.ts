import type { ApplicationRow } from '../../db/application/applications';
import type { Tx } from '../../db/pool';
import { isIdExpired, type Stated } from '../../domain/application/form';
import { LoanloomError } from '../../domain/errors';
import { businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import type { ActivityDeps } from '../deps';
import { readSteps } from './application-steps';

/** ID_EXPIRED where a stated card is out of date on a day. */
export function assertNotExpired({ idValidUntil }: Pick<Stated, 'idValidUntil'>, on: BusinessDate): void {
  if (isIdExpired(idValidUntil, on))
    throw new LoanloomError('ID_EXPIRED', 'the ID card is out of date: apply with a valid one', { path: 'identity.idValidUntil' });
}

/** The same of an application, at every step on which something is promised or signed. */
export async function assertIdValid(
  deps: Pick<ActivityDeps, 'borrowers'>,
  tx: Tx,
  application: ApplicationRow,
  at: Instant,
): Promise<void> {
  assertNotExpired((await readSteps(deps, tx, application)).stated, businessDateOf(at));
}
