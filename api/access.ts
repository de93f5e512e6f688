import { readApplication, type ApplicationRow } from '../db/application/applications';
import { readLoanFile, type LoanFile } from '../db/loan/loan-file';
import type { Db, Tx } from '../db/pool';
import { LoanloomError } from '../domain/errors';
import type { Caller } from './auth';
import type { ApiDeps } from './deps';

/** A borrower sees what is theirs; what belongs to another does not exist for them. */
export async function ownApplication(db: Db, caller: Caller, id: string): Promise<ApplicationRow> {
  const application = await readApplication(db, id);
  if (caller.role === 'borrower' && application.borrower_id !== caller.id)
    throw new LoanloomError('NOT_FOUND', 'there is no such application');
  return application;
}

export async function ownLoan(db: Db, caller: Caller, id: string): Promise<LoanFile> {
  const file = await readLoanFile(db, id);
  if (caller.role === 'borrower' && file.loan.borrower_id !== caller.id) throw new LoanloomError('NOT_FOUND', 'there is no such loan');
  return file;
}

/** The device that a person used, as a hash, by their own key, of what its browser says of itself: 16 hex digits. */
export async function deviceOf({ borrowers }: Pick<ApiDeps, 'borrowers'>, tx: Tx, borrowerId: string, userAgent: string): Promise<string> {
  return (await borrowers.personVault(tx, borrowerId)).hash(userAgent, 'device').toString('hex').slice(0, 16);
}
