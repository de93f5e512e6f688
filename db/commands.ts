import type { BusinessDate } from '../domain/time/dates';
import { LoanloomError } from '../domain/errors';
import type { Db, Tx } from './pool';

/** Everything that a caller can ask of a loan or application. One word per operation, the same in API, workflow and audit. */
export type Operation =
  | 'GRANT_CONSENT'
  | 'WITHDRAW_CONSENT'
  | 'START_APPLICATION'
  | 'SAVE_STEP'
  | 'SUBMIT'
  | 'CONFIRM_DISCLOSURE'
  | 'ACCEPT_OFFER'
  | 'CANCEL'
  | 'SIGN'
  | 'REVIEW'
  | 'REOPEN'
  | 'PAY'
  | 'PROMISE_TO_PAY'
  | 'HOLD'
  | 'RELEASE'
  | 'RETRY_PAYOUT'
  | 'SWITCH_CHANNEL'
  | 'REJECT_LOAN'
  | 'ADJUST'
  | 'DECIDE_ADJUSTMENT'
  | 'CHANGE_CARD'
  | 'WITHDRAW_LOAN'
  | 'WITHDRAW_AFTER_PAYOUT';

/** A verdict: applied with facts that the caller may see, or rejected with a code of the catalogue. */
export interface CommandOutcome {
  readonly code?: string;
  readonly message?: string;
  readonly result?: Readonly<Record<string, string | number | boolean>>;
}

export interface CommandRow {
  readonly id: string;
  /** The key of who gave it, as in the audit log. */
  readonly caller: string;
  readonly caller_role: 'borrower' | 'operator';
  readonly caller_id: string;
  readonly operation: Operation;
  readonly subject: string;
  readonly body_sha256: string;
  readonly body: Readonly<Record<string, string | number | boolean>>;
  readonly state: 'RECEIVED' | 'APPLIED' | 'REJECTED';
  readonly outcome: CommandOutcome | null;
  readonly business_date: BusinessDate;
  readonly attempts: number;
}

const COLUMNS = [
  'id',
  'caller',
  'caller_role',
  'caller_id',
  'operation',
  'subject',
  'body_sha256',
  'body',
  'state',
  'outcome',
  'business_date',
  'attempts',
] as const;

export interface NewCommand {
  readonly id: string;
  readonly caller: string;
  readonly idempotencyKey: string;
  readonly operation: Operation;
  readonly subject: string;
  readonly bodySha256: string;
  /** Never personal data: ids, amounts, dates. */
  readonly body: CommandRow['body'];
  readonly businessDate: BusinessDate;
}

/**
 * Stores a command before it is delivered. The same caller and key give back the first one
 * (`isNew` false); with another body IDEMPOTENCY_KEY_REUSED.
 */
export async function storeCommand(tx: Db | Tx, command: NewCommand): Promise<{ row: CommandRow; isNew: boolean }> {
  const inserted = await tx('commands')
    .insert({
      id: command.id,
      caller: command.caller,
      idempotency_key: command.idempotencyKey,
      operation: command.operation,
      subject: command.subject,
      body_sha256: command.bodySha256,
      body: JSON.stringify(command.body),
      business_date: command.businessDate,
      next_attempt_at: tx.raw(`now() + interval '2 seconds'`),
    })
    .onConflict(['caller', 'idempotency_key'])
    .ignore()
    .returning<CommandRow[]>([...COLUMNS]);
  if (inserted[0]) return { row: inserted[0], isNew: true };
  const row = await tx('commands')
    .where({ caller: command.caller, idempotency_key: command.idempotencyKey })
    .first<CommandRow | undefined>(...COLUMNS);
  if (!row) throw new LoanloomError('UNAVAILABLE', 'the command could not be stored: send it again with the same Idempotency-Key');
  if (row.body_sha256 !== command.bodySha256) {
    throw new LoanloomError(
      'IDEMPOTENCY_KEY_REUSED',
      'this Idempotency-Key was used with another request: use a new key for a new request',
    );
  }
  return { row, isNew: false };
}

export async function readCommand(db: Db | Tx, id: string): Promise<CommandRow> {
  const row = await db('commands')
    .where({ id })
    .first<CommandRow | undefined>(...COLUMNS);
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such command');
  return row;
}

/** Locks the command for the transaction that applies it, so that two deliveries of it are serial. */
export async function lockCommand(tx: Tx, id: string): Promise<CommandRow> {
  const row = await tx('commands')
    .where({ id })
    .forUpdate()
    .first<CommandRow | undefined>(...COLUMNS);
  if (!row) throw new LoanloomError('NOT_FOUND', 'there is no such command');
  return row;
}

export async function settleCommand(tx: Db | Tx, id: string, state: 'APPLIED' | 'REJECTED', outcome: CommandOutcome): Promise<void> {
  await tx('commands')
    .where({ id, state: 'RECEIVED' })
    .update({ state, outcome: JSON.stringify(outcome) });
}

/** After a restore: commands of up to the backup's day that it holds as undone may have been done since. They end as refused; their ids. */
export async function rejectForgotten(db: Db, restoredTo: BusinessDate): Promise<string[]> {
  const outcome = {
    code: 'COMMAND_FORGOTTEN',
    message: 'the database was restored, and whether this was done is not known: look at the loan, then give it anew',
  };
  const rows = await db('commands')
    .where({ state: 'RECEIVED' })
    .whereNot({ operation: 'START_APPLICATION' })
    .where('business_date', '<=', restoredTo)
    .update({ state: 'REJECTED', outcome: JSON.stringify(outcome) })
    .returning<{ id: string }[]>('id');
  return rows.map((row) => row.id);
}

/** Undelivered commands whose turn has come; taking one postpones its next try. */
export async function takeUndelivered(db: Db, limit: number): Promise<CommandRow[]> {
  const result = await db.raw<{ rows: CommandRow[] }>(
    `UPDATE commands SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => least(60, 2 ^ least(attempts + 1, 6)))
     WHERE id IN (SELECT id FROM commands WHERE state = 'RECEIVED' AND next_attempt_at <= now() ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED)
     RETURNING ${COLUMNS.join(', ')}`,
    [limit],
  );
  return result.rows;
}
