import { writeAudit } from '../../db/audit';
import { IDENTITY_FIELDS } from '../../db/party/borrowers';
import type { ActivityDeps } from '../deps';

/** What of a person an operator may look at, one value at a time. */
export const REVEALED_FIELDS = [...IDENTITY_FIELDS, 'card'] as const;
export type RevealedField = (typeof REVEALED_FIELDS)[number];

/**
 * One value of a person in clear. Who looks at it, and why, is a line of the audit log, written first and in the same
 * transaction: the value leaves only once the line is there. NOT_FOUND, PERSON_ERASED, STEP_INCOMPLETE.
 */
export async function revealValue(
  deps: Pick<ActivityDeps, 'db' | 'borrowers'>,
  look: { readonly borrowerId: string; readonly field: RevealedField; readonly actor: string; readonly reason: string },
): Promise<string> {
  const { borrowerId, field, actor, reason } = look;
  return deps.db.transaction(async (tx) => {
    await writeAudit(tx, { actor, action: 'REVEAL_VALUE', subject: borrowerId, reason, data: { field } });
    return field === 'card' ? deps.borrowers.cardInUse(tx, borrowerId) : (await deps.borrowers.identity(tx, borrowerId))[field];
  });
}
