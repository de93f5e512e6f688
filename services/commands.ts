import { lockCommand, settleCommand, type CommandOutcome, type CommandRow } from '../db/commands';
import { readOperator } from '../db/party/operators';
import { isDataRefusal, isGuardViolation, type Db, type Tx } from '../db/pool';
import { isPassing, LoanloomError } from '../domain/errors';

/** What became of a command. REJECTED carries a code of the catalogue; neither carries personal data. */
export interface Verdict {
  readonly state: 'APPLIED' | 'REJECTED';
  readonly code?: string;
  readonly message?: string;
  readonly result?: CommandOutcome['result'];
}

function toVerdict(command: CommandRow): Verdict {
  return { state: command.state === 'APPLIED' ? 'APPLIED' : 'REJECTED', ...command.outcome };
}

/** What the sender is told of a refusal; undefined for a fault that may pass or is ours. What the database refuses would be refused for ever. */
function refusalOf(error: unknown): { code: string; message: string } | undefined {
  if (isDataRefusal(error) || isGuardViolation(error))
    return { code: 'DATA_REFUSED', message: 'the database refused what this command would have recorded: nothing was changed' };
  if (!(error instanceof LoanloomError) || error.code === 'INTERNAL') return undefined;
  // A restore is cleared by people: nobody's command waits for them, and keeps those behind it waiting.
  if (isPassing(error.code) && error.code !== 'RESTORE_NOT_CLEARED') return undefined;
  return { code: error.code, message: error.message };
}

/** FORBIDDEN for a command that was stored before its operator was dismissed: it is not done any more. */
async function assertStillActive(tx: Tx, { caller_role, caller_id }: CommandRow): Promise<void> {
  if (caller_role !== 'operator') return;
  const operator = await readOperator(tx, caller_id);
  if (operator?.is_active === false) throw new LoanloomError('FORBIDDEN', 'the operator was dismissed before this was done');
}

/**
 * Applies a stored command exactly once: its row is locked, a settled one returns its stored outcome,
 * and a refusal rolls back whatever the work did before it is stored. Faults that may pass (database,
 * defects) are thrown, and the command stays RECEIVED.
 */
export async function applyOnce(
  db: Db,
  commandId: string,
  work: (tx: Tx, command: CommandRow) => Promise<Record<string, string | number | boolean>>,
): Promise<Verdict> {
  return db.transaction(async (tx) => {
    const command = await lockCommand(tx, commandId);
    if (command.state !== 'RECEIVED') return toVerdict(command);
    try {
      await assertStillActive(tx, command);
      const result = await tx.transaction((inner) => work(inner, command));
      await settleCommand(tx, commandId, 'APPLIED', { result });
      return { state: 'APPLIED', result };
    } catch (error) {
      const outcome = refusalOf(error);
      if (!outcome) throw error;
      await settleCommand(tx, commandId, 'REJECTED', outcome);
      return { state: 'REJECTED', ...outcome };
    }
  });
}

/** Ends a command that fails the same way each time it is applied: it must not keep those behind it waiting. Idempotent. */
export async function refuseCommand(db: Db, commandId: string, code: string): Promise<Verdict> {
  return db.transaction(async (tx) => {
    const command = await lockCommand(tx, commandId);
    if (command.state !== 'RECEIVED') return toVerdict(command);
    const outcome = { code, message: 'the command could not be applied; people have been told' };
    await settleCommand(tx, commandId, 'REJECTED', outcome);
    return { state: 'REJECTED', ...outcome };
  });
}
