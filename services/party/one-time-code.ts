import { randomInt } from 'node:crypto';
import { addMail } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import type { ActivityDeps } from '../deps';
import { keys } from '../../domain/keys';

/** How long a code is valid, in minutes of real time. */
const CODE_MINUTES = 10;
/** Guesses at one code of a million. */
export const TRIES_PER_CODE = 5;

export const codeExpiry = (): Date => new Date(Date.now() + CODE_MINUTES * 60_000);

/**
 * Mails six random digits, sealed with the borrower's key until the mail leaves; returns them in clear, for the
 * caller to keep a keyed hash of. A key that was mailed before mails nothing more.
 */
export async function mailOneTimeCode(
  deps: Pick<ActivityDeps, 'borrowers'>,
  tx: Tx,
  mail: { key: string; borrowerId: string; template: string; params: Record<string, string> },
): Promise<string> {
  const code = String(randomInt(0, 1_000_000)).padStart(6, '0');
  const person = await deps.borrowers.personVault(tx, mail.borrowerId);
  const secret = person.encrypt({ table: 'outbox', column: 'secret_enc', row: keys.mail(mail.key) }, code);
  await addMail(tx, { ...mail, secret });
  return code;
}
