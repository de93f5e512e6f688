import { applicationsUnderWay, lockApplication } from '../../db/application/applications';
import { readLoanFile } from '../../db/loan/loan-file';
import { lockLoan } from '../../db/loan/loans';
import { addFactNotice } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { APPLICATION_TRANSITIONS, canTransition } from '../../domain/states';
import type { Instant } from '../../domain/time/dates';
import { keys } from '../../domain/keys';
import type { ActivityDeps } from '../deps';
import { isBeforePayout, withdrawLoan } from '../loan/loan-changes';
import { isRestoreCleared } from '../payment/restore-check';
import { moveApplication } from './moves';

/** The loan of an application ends where no money has begun to move; whether it has is not known before a restore is cleared. */
async function endLoan(
  deps: Pick<ActivityDeps, 'restoreEpoch'>,
  tx: Tx,
  { loanId, borrowerId, commandId, at }: { loanId: string; borrowerId: string; commandId: string; at: Instant },
): Promise<void> {
  await lockLoan(tx, loanId);
  const file = await readLoanFile(tx, loanId);
  if (!isBeforePayout(file) || !(await isRestoreCleared(deps, tx))) return;
  await withdrawLoan(deps, tx, { file, at, by: { caller_role: 'borrower', caller: keys.borrower(borrowerId) } });
  await addFactNotice(tx, loanId, keys.commandFact(commandId));
}

/**
 * What is under way of a person's and needs a consent that they have withdrawn ends with the withdrawal, in its transaction
 * and under the person's lock, so that nothing overtakes it: an application, and a loan whose payout has not begun. Answers
 * with the applications that ended, whose workflows are to be woken. A payout asks for withdrawn consents by itself.
 */
export async function endWithoutConsent(
  deps: Pick<ActivityDeps, 'restoreEpoch'>,
  tx: Tx,
  { borrowerId, commandId, at }: { readonly borrowerId: string; readonly commandId: string; readonly at: Instant },
): Promise<readonly string[]> {
  const ended: string[] = [];
  for (const { id, hasLoan } of await applicationsUnderWay(tx, borrowerId)) {
    const application = await lockApplication(tx, id);
    if (hasLoan) await endLoan(deps, tx, { loanId: id, borrowerId, commandId, at });
    else if (canTransition(APPLICATION_TRANSITIONS, application.status, 'WITHDRAWN')) {
      await moveApplication(tx, application, { to: 'WITHDRAWN', at, why: 'a consent that it needs was withdrawn' });
      ended.push(id);
    }
  }
  return ended;
}
