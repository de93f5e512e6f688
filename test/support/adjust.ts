import { randomUUID } from 'node:crypto';
import type { Verdict } from '../../services/commands';
import type { ActivityDeps } from '../../services/deps';
import { createLoanCommands } from '../../services/loan/loan-commands';
import { storeCommand, type Operation } from '../../db/commands';
import { at, type BusinessDate } from '../../domain/time/dates';

/** Applies an operator's command to its loan, as the workflow does. */
export async function commandLoan(
  deps: ActivityDeps,
  command: { loanId: string; operation: Operation; body: Record<string, string | number | boolean>; caller?: string },
  on: BusinessDate,
): Promise<Verdict> {
  const { row } = await storeCommand(deps.db, {
    id: randomUUID(),
    caller: command.caller ?? 'operator:li',
    idempotencyKey: randomUUID(),
    operation: command.operation,
    subject: command.loanId,
    bodySha256: 'x',
    body: { reason: 'because the test says so', ...command.body },
    businessDate: on,
  });
  return createLoanCommands(deps).applyLoanCommand({ commandId: row.id, at: at(on, '10:00') });
}

/** An adjustment decided by one operator, and approved by another where it takes two. */
export async function adjustByTwo(
  deps: ActivityDeps,
  loanId: string,
  body: Record<string, string | number>,
  on: BusinessDate,
): Promise<Verdict> {
  const verdict = await commandLoan(deps, { loanId, operation: 'ADJUST', body }, on);
  const proposalId = verdict.result?.proposalId;
  if (typeof proposalId !== 'string') return verdict;
  return commandLoan(deps, { loanId, operation: 'DECIDE_ADJUSTMENT', body: { proposalId, approve: true }, caller: 'operator:wang' }, on);
}
