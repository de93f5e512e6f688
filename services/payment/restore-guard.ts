import { setMaxListeners } from 'node:events';
import { lockApplication } from '../../db/application/applications';
import { writeAudit } from '../../db/audit';
import { rejectForgotten } from '../../db/commands';
import { readLoanFile, type LoanFile } from '../../db/loan/loan-file';
import { addFactNotice } from '../../db/outbox';
import { raiseRestoreEpoch, restoreEpochOf } from '../../db/payment/restore';
import { LoanloomError } from '../../domain/errors';
import { nextSerial } from '../../domain/loan/loan-events';
import { ENDED_APPLICATIONS, OPEN_LOANS } from '../../domain/states';
import { addDays, businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import type { ActivityDeps } from '../deps';
import { moveApplication } from '../application/moves';
import { askInstruction, settleLive, type Guard, type KnowsWorkflow, type Wanted } from './restore-questions';
import { FIRST_EPOCH, keys, workflowShapes } from '../../domain/keys';

export type { KnowsWorkflow } from './restore-questions';

/** Numbers in a row that neither Temporal nor a channel knows, after which no later one was given out. */
const MISSES_MAX = { serials: 3, presentments: 6 } as const;

/** Loans whose numbers are asked about beside each other: nearly all of the time is a channel's answer. */
const LOANS_AT_ONCE = 8;
const PROGRESS_LOANS = 100;

export interface GuardReport {
  /** Numbers that channels were asked about. */
  readonly asked: number;
  /** Payments that channels know and this database had forgotten; they are booked. */
  readonly found: readonly string[];
  /** What keeps the guard from clearing the database: a channel that did not answer, a payment that is still open there. */
  readonly unresolved: readonly string[];
}

/** Applications from which a contract may have been signed since: where Temporal is lost as well, nothing else says whether a loan was born. */
const SIGNED_SINCE = ['OFFERED', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'SIGNED', 'READY_TO_DISBURSE'];

/**
 * Applications whose loan may have been born and paid out after the backup: they end here, so that no loan of theirs
 * is paid out again, and the borrower applies anew. What was paid out is found in the channels' files, and recalled.
 */
async function endForgottenLoans({ deps, knows, now, report }: Guard): Promise<void> {
  const rows = await deps
    .db('applications')
    .whereNotIn('status', ENDED_APPLICATIONS)
    .whereRaw('NOT EXISTS (SELECT FROM loans l WHERE l.id = applications.id)')
    .orderBy('id')
    .select<{ id: string; status: string }[]>('id', 'status');
  for (const { id, status } of rows) {
    if (!SIGNED_SINCE.includes(status) && !(await knows(workflowShapes.loan(id)))) continue;
    await deps.db.transaction(async (tx) => {
      await moveApplication(tx, await lockApplication(tx, id), {
        to: 'WITHDRAWN',
        at: now,
        why: 'the database was restored to a day before it ended',
      });
      report.found.push(`application ${id}: ended, its borrower applies anew`);
    });
  }
}

/** Payouts or refunds that may have been approved one after another since. */
async function askSerials(guard: Guard, loanId: string, direction: 'PAYOUT' | 'REFUND'): Promise<void> {
  const file = await readLoanFile(guard.deps.db, loanId);
  const idOf = direction === 'PAYOUT' ? keys.payoutInstruction : keys.refundInstruction;
  let misses = 0;
  for (let serial = nextSerial(direction, file); misses < MISSES_MAX.serials; serial += 1) {
    const wanted = { loan_id: loanId, direction, amount: file.loan.principal_fen, business_date: guard.restoredTo, presentment: serial };
    misses = (await askInstruction(guard, { ...wanted, id: idOf(loanId, serial) })) ? 0 : misses + 1;
  }
}

/** A debit under the date that it belongs to: a loan that woke late presents it under one before the backup's. */
async function askDebits(guard: Guard, file: LoanFile): Promise<void> {
  const { loan, instructions } = file;
  const today = businessDateOf(guard.now);
  const earliest = addDays(guard.restoredTo, -1);
  const reached = loan.date_cursor ?? loan.activated_on ?? earliest;
  const from = reached < earliest ? reached : earliest;
  for (let date: BusinessDate = from; date <= today; date = addDays(date, 1)) {
    let misses = 0;
    for (let presentment = 1; misses < MISSES_MAX.presentments; presentment += 1) {
      const id = keys.debitInstruction(loan.id, date, presentment);
      if (instructions.some((each) => each.id === id)) continue;
      const wanted = { id, loan_id: loan.id, direction: 'DEBIT', amount: loan.principal_fen, business_date: date, presentment } as const;
      misses = (await askInstruction(guard, wanted)) ? 0 : misses + 1;
    }
  }
}

async function askLoan(guard: Guard, loanId: string): Promise<void> {
  const { db } = guard.deps;
  const { instructions } = await readLoanFile(db, loanId);
  for (const each of instructions.filter((instruction) => instruction.open)) {
    const { id, direction, amount, businessDate, presentment } = each;
    const wanted: Wanted = { id, loan_id: loanId, direction, amount, business_date: businessDate, presentment };
    await settleLive(guard, wanted);
    await askInstruction(guard, wanted);
  }
  await askSerials(guard, loanId, 'PAYOUT');
  // What was found may have made a loan of it.
  const file = await readLoanFile(db, loanId);
  if (file.loan.activated_on === null) return;
  await askDebits(guard, file);
  await askSerials(guard, loanId, 'REFUND');
}

/**
 * After a database was restored to an earlier moment: asks every channel about every number that the database would
 * give out again, books what they know, and only then raises the database's epoch to the one kept outside, so that
 * payments move again. Commands that the backup holds as undone may have been done: they are refused, and given anew.
 * While a channel does not answer, or has a payment open, nothing is cleared: run it again. Repeating it is harmless.
 * `progress` hears of every hundred loans.
 */
export async function guardAfterRestore(
  deps: ActivityDeps,
  input: {
    readonly restoredTo: BusinessDate;
    readonly now: Instant;
    readonly actor: string;
    readonly signal: AbortSignal;
    readonly knows: KnowsWorkflow;
  },
  progress: (line: string) => void = () => undefined,
): Promise<GuardReport> {
  const { restoredTo } = input;
  // Each question listens to the one signal: as many as loans, attempts and channels make.
  setMaxListeners(0, input.signal);
  const epoch = await deps.restoreEpoch();
  if (!Number.isSafeInteger(epoch)) throw new LoanloomError('CONFIGURATION', 'the restore epoch outside the database cannot be read');
  const lost = { epoch: (await restoreEpochOf(deps.db)) ?? FIRST_EPOCH, until: epoch };
  const guard: Guard = { ...input, deps, lost, report: { asked: 0, found: [], unresolved: [] } };
  for (const id of await rejectForgotten(deps.db, restoredTo)) guard.report.found.push(`command ${id}: refused, its sender gives it anew`);
  const loans = await deps
    .db('loans')
    .whereIn('status', [...OPEN_LOANS, 'CLOSED_OBLIGATIONS_MET', 'CLOSED_WRITTEN_OFF'])
    .orderBy('id')
    .select<{ id: string }[]>('id');
  for (let start = 0; start < loans.length; start += LOANS_AT_ONCE) {
    const some = loans.slice(start, start + LOANS_AT_ONCE);
    // Each to its end, also beside one that fails: what was found is booked.
    const asked = await Promise.allSettled(some.map(({ id }) => askLoan(guard, id)));
    const failed = asked.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    const done = start + some.length;
    if (done % PROGRESS_LOANS < some.length) progress(`${String(done)} of ${String(loans.length)} loans asked about`);
  }
  await endForgottenLoans(guard);
  const { report } = guard;
  if (report.unresolved.length > 0) return report;
  await deps.db.transaction(async (tx) => {
    await raiseRestoreEpoch(tx, epoch);
    // What a loan waits for may have happened already: it looks again.
    for (const { id } of loans) await addFactNotice(tx, id, keys.restored(epoch));
    await writeAudit(tx, {
      actor: input.actor,
      action: 'RESTORE_CLEARED',
      subject: keys.epoch(epoch),
      reason: `restored to ${restoredTo}`,
      data: { asked: report.asked, found: report.found.length },
    });
  });
  return report;
}
