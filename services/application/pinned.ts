import type { ApplicationRow } from '../../db/application/applications';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import type { ActivityDeps } from '../deps';

/** IDENTITY_CHANGED where the borrower is not any more who was submitted and checked: nothing is decided or signed on it. */
export async function assertPinned({ borrowers }: ActivityDeps, tx: Tx, application: ApplicationRow): Promise<void> {
  if (
    application.identity_version !== null &&
    (await borrowers.identityVersion(tx, application.borrower_id)) !== application.identity_version
  )
    throw new LoanloomError('IDENTITY_CHANGED', 'the identity is not the one that was submitted with the application');
}
