import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Verdict } from '../services/commands';
import { businessNow } from '../db/clock';
import { readCommand, settleCommand, type CommandRow } from '../db/commands';
import type { Db } from '../db/pool';
import { isErrorCode, isPassing, LoanloomError } from '../domain/errors';
import { taskQueues } from '../domain/ids';
import { ENDED_APPLICATIONS, OPEN_LOANS } from '../domain/states';
import { applicationUpdates } from '../workflows/originate-loan.messages';
import { loanUpdates } from '../workflows/service-loan.messages';
import { workflowShapes } from '../domain/keys';

export interface DeliveryDeps {
  readonly db: Db;
  readonly client: Client;
  readonly timeoutMs: number;
}

const RESOURCE_EXHAUSTED = 8;

const isApplicationOperation = (operation: string): operation is keyof typeof applicationUpdates => operation in applicationUpdates;
const isLoanOperation = (operation: string): operation is keyof typeof loanUpdates => operation in loanUpdates;

/**
 * Brings a stored command to its workflow and returns the verdict. Used by the API at once and by the
 * relay later: updateId = command id, and the command's row keeps its first outcome, so both may do it.
 * UNAVAILABLE when Temporal cannot be reached in time (the relay goes on), TOO_MANY_IN_FLIGHT when the
 * workflow's limit of open Updates is reached.
 */
export async function deliverCommand(deps: DeliveryDeps, command: CommandRow): Promise<Verdict> {
  if (command.state !== 'RECEIVED') return stored(command);
  try {
    return await deps.client.withDeadline(Date.now() + deps.timeoutMs, () => send(deps, command));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return workflowGone(deps, command);
    if (error instanceof WorkflowUpdateFailedError) return refused(deps, command, error);
    if (error instanceof LoanloomError) throw error;
    if (isGrpcServiceError(error) && error.code === RESOURCE_EXHAUSTED)
      throw new LoanloomError('TOO_MANY_IN_FLIGHT', 'too many commands are open on this loan: try again in a moment');
    // The answer was lost on its way, not necessarily the command.
    const current = await readCommand(deps.db, command.id).catch(() => command);
    if (current.state !== 'RECEIVED') return stored(current);
    throw new LoanloomError('UNAVAILABLE', 'the command is stored and will be delivered as soon as possible');
  }
}

/** A try of its own each time: a run that could not apply the command then remembers that answer under the try's id. The command's row is applied once, whichever try comes first. */
const updateIdOf = (command: CommandRow) => (command.attempts === 0 ? command.id : `${command.id}-${String(command.attempts)}`);

function stored(command: CommandRow): Verdict {
  return { state: command.state === 'APPLIED' ? 'APPLIED' : 'REJECTED', ...command.outcome };
}

async function send(deps: DeliveryDeps, command: CommandRow): Promise<Verdict> {
  const { now } = await businessNow(deps.db);
  const message = { commandId: command.id, at: now };
  const { operation } = command;
  if (operation === 'START_APPLICATION') {
    await startApplication(deps, command.subject, now);
    await settleCommand(deps.db, command.id, 'APPLIED', { result: { applicationId: command.subject } });
    return { state: 'APPLIED', result: { applicationId: command.subject } };
  }
  if (isApplicationOperation(operation)) {
    return deps.client.workflow
      .getHandle(workflowShapes.application(command.subject))
      .executeUpdate(applicationUpdates[operation], { args: [message], updateId: updateIdOf(command) });
  }
  if (isLoanOperation(operation)) {
    return deps.client.workflow
      .getHandle(workflowShapes.loan(command.subject))
      .executeUpdate(loanUpdates[operation], { args: [message], updateId: updateIdOf(command) });
  }
  throw new LoanloomError('OPERATION_UNKNOWN', `${operation} cannot be delivered`);
}

async function startApplication(deps: DeliveryDeps, applicationId: string, now: string): Promise<void> {
  try {
    await deps.client.workflow.start('originateLoan', {
      workflowId: workflowShapes.application(applicationId),
      taskQueue: taskQueues.loans,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `application ${applicationId}`,
      args: [{ applicationId, now }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** No running workflow: either it has not started yet (the relay is on it) or its life is over, and then the answer is final. */
async function workflowGone(deps: DeliveryDeps, command: CommandRow): Promise<Verdict> {
  const current = await readCommand(deps.db, command.id);
  if (current.state !== 'RECEIVED') return stored(current);
  const table = isLoanOperation(command.operation) ? 'loans' : 'applications';
  const row = await deps.db(table).where({ id: command.subject }).first<{ status: string } | undefined>('status');
  const isOver =
    row !== undefined &&
    (table === 'loans'
      ? !(OPEN_LOANS as readonly string[]).includes(row.status)
      : (ENDED_APPLICATIONS as readonly string[]).includes(row.status));
  if (!isOver) throw new LoanloomError('UNAVAILABLE', 'the command is stored and will be delivered as soon as possible');
  const outcome = isLoanOperation(command.operation)
    ? { code: 'LOAN_NOT_ACTIVE', message: `the loan is ${row.status}: this is possible for an active loan only` }
    : { code: 'ILLEGAL_TRANSITION', message: `the application is ${row.status}: nothing can be changed any more` };
  await settleCommand(deps.db, command.id, 'REJECTED', outcome);
  return { state: 'REJECTED', ...outcome };
}

/** The update failed: a validator or a non-retryable fault. The code travels as the failure's type. */
async function refused(deps: DeliveryDeps, command: CommandRow, error: WorkflowUpdateFailedError): Promise<Verdict> {
  const { cause } = error;
  const code = cause instanceof ApplicationFailure && isErrorCode(cause.type) ? cause.type : undefined;
  // What may pass is no refusal: the command stays, and the relay brings it again.
  if (code === undefined || isPassing(code))
    throw new LoanloomError('UNAVAILABLE', 'the command is stored and will be delivered as soon as possible');
  const outcome = { code, message: cause?.message ?? code };
  await settleCommand(deps.db, command.id, 'REJECTED', outcome);
  return { state: 'REJECTED', ...outcome };
}
