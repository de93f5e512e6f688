import { createHash, randomUUID } from 'node:crypto';
import { readApplication } from '../db/application/applications';
import { businessNow } from '../db/clock';
import { storeCommand, type CommandRow, type Operation } from '../db/commands';
import type { Tx } from '../db/pool';
import { LoanloomError } from '../domain/errors';
import { codeExpiry, mailOneTimeCode, TRIES_PER_CODE } from '../services/party/one-time-code';
import type { Caller } from './auth';
import type { ApiDeps } from './deps';
import { bodyHash } from './submit';

const CODES_PER_WINDOW = 5;
/** With five tries each, seventy-five guesses a day at one of a million. */
const CODES_PER_DAY = 15;

export type CodePurpose = 'SIGN' | 'CARD';

interface CodeRow {
  readonly id: string;
  readonly code_hash: Buffer;
  readonly expires_at: Date;
  readonly attempts: number;
  readonly bank_card_id: string | null;
}

/** Codes of one application and its loan, and their use, are serial. */
const lockCodes = (tx: Tx, applicationId: string) => tx('applications').where({ id: applicationId }).forUpdate().first('id');

/**
 * Mails a one-time code to the borrower, valid for ten minutes of real time and five tries; returns when it ends.
 * A repeated `key` mails nothing and returns the same time. CODE_EXHAUSTED after five codes in ten minutes or fifteen in a day.
 */
export async function sendCode(
  deps: ApiDeps,
  tx: Tx,
  request: { key: string; applicationId: string; borrowerId: string; purpose: CodePurpose; template: string; bankCardId?: string },
): Promise<Date> {
  const { key, applicationId, borrowerId, purpose, template, bankCardId } = request;
  await lockCodes(tx, applicationId);
  const id = createHash('sha256')
    .update(JSON.stringify([applicationId, purpose, key]))
    .digest('hex');
  const known = await tx('one_time_codes').where({ id }).first<CodeRow | undefined>();
  if (known) return known.expires_at;
  const recent = await tx('one_time_codes')
    .where({ application_id: applicationId })
    .andWhere('created_at', '>', tx.raw(`now() - interval '1 day'`))
    .first<{ day: number; window: number }>(
      tx.raw(`count(*)::int AS day, (count(*) FILTER (WHERE created_at > now() - interval '10 minutes'))::int AS window`),
    );
  if (recent.window >= CODES_PER_WINDOW) throw new LoanloomError('CODE_EXHAUSTED', 'too many codes were asked for: wait ten minutes');
  if (recent.day >= CODES_PER_DAY) throw new LoanloomError('CODE_EXHAUSTED', 'too many codes were asked for: try again tomorrow');
  const expiresAt = codeExpiry();
  const mail = { key: `${template}:${id}`, borrowerId, template, params: { loanId: applicationId } };
  const code = await mailOneTimeCode(deps, tx, mail);
  const person = await deps.borrowers.personVault(tx, borrowerId);
  await tx('one_time_codes').insert({
    id,
    application_id: applicationId,
    purpose,
    code_hash: person.hash(code, id),
    expires_at: expiresAt,
    bank_card_id: bankCardId ?? null,
  });
  return expiresAt;
}

/** Uses up one try of the newest code of a purpose; the code, or why it is refused. */
async function tryCode(
  deps: ApiDeps,
  tx: Tx,
  { applicationId, purpose, entered }: Pick<ConfirmedSubmission, 'applicationId' | 'purpose' | 'entered'>,
): Promise<CodeRow | 'CODE_INVALID' | 'CODE_EXHAUSTED'> {
  const row = await tx('one_time_codes')
    .where({ application_id: applicationId, purpose })
    .whereNull('used_at')
    .orderBy('created_at', 'desc')
    .forUpdate()
    .first<CodeRow | undefined>();
  if (!row || row.expires_at.getTime() < Date.now()) return 'CODE_INVALID';
  if (row.attempts >= TRIES_PER_CODE) return 'CODE_EXHAUSTED';
  const { borrower_id: borrowerId } = await readApplication(tx, applicationId);
  const matches = (await deps.borrowers.personVault(tx, borrowerId)).hashMatches(entered, row.id, row.code_hash);
  await tx('one_time_codes')
    .where({ id: row.id })
    .update({ attempts: row.attempts + 1, ...(matches ? { used_at: tx.fn.now() } : {}) });
  return matches ? row : 'CODE_INVALID';
}

export interface ConfirmedSubmission {
  readonly operation: Operation;
  readonly applicationId: string;
  readonly purpose: CodePurpose;
  readonly entered: string;
  readonly rawBody: unknown;
  readonly idempotencyKey: string;
  /** What is stored of the command, from the code that confirms it. */
  readonly body: (code: { id: string; bankCardId: string | null }) => CommandRow['body'];
}

/**
 * Stores a command that a mailed code confirms. The code's use and the command are one transaction: a crash leaves
 * both or neither, and a repetition finds the command. A wrong code counts its try and stores nothing:
 * CODE_INVALID, CODE_EXHAUSTED.
 */
export async function storeConfirmed(deps: ApiDeps, caller: Caller, submission: ConfirmedSubmission): Promise<CommandRow> {
  const { operation, applicationId, purpose, entered, rawBody, idempotencyKey } = submission;
  const { today } = await businessNow(deps.db);
  const outcome = await deps.db.transaction(async (tx) => {
    await lockCodes(tx, applicationId);
    const store = async (body: CommandRow['body']) =>
      (
        await storeCommand(tx, {
          id: randomUUID(),
          caller: caller.name,
          idempotencyKey,
          operation,
          subject: applicationId,
          bodySha256: bodyHash(operation, applicationId, rawBody),
          body,
          businessDate: today,
        })
      ).row;
    const known = await tx('commands').where({ caller: caller.name, idempotency_key: idempotencyKey }).first<object | undefined>('id');
    if (known) return store({});
    const code = await tryCode(deps, tx, { applicationId, purpose, entered });
    return typeof code === 'string' ? code : store(submission.body({ id: code.id, bankCardId: code.bank_card_id }));
  });
  if (outcome === 'CODE_EXHAUSTED') throw new LoanloomError('CODE_EXHAUSTED', 'this code was tried too often: ask for a new one');
  if (outcome === 'CODE_INVALID') throw new LoanloomError('CODE_INVALID', 'the code is wrong or has expired');
  return outcome;
}
