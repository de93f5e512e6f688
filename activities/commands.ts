import { lockCommand, settleCommand, type CommandOutcome, type CommandRow } from '../db/commands';
import type { Db, Tx } from '../db/pool';
import { LoanloomError } from '../domain/errors';

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
      const result = await tx.transaction((inner) => work(inner, command));
      await settleCommand(tx, commandId, 'APPLIED', { result });
      return { state: 'APPLIED', result };
    } catch (error) {
      if (!(error instanceof LoanloomError) || error.code === 'INTERNAL' || error.code === 'DECRYPTION_FAILED') throw error;
      const outcome = { code: error.code, message: error.message };
      await settleCommand(tx, commandId, 'REJECTED', outcome);
      return { state: 'REJECTED', ...outcome };
    }
  });
}
