import type { ChannelReply, PaymentOrder } from '../../channels/port';
import { lockLoan, readLoanFile } from '../../db/loan/loans';
import { insertInstruction, moveInstruction, readAttempts, readInstruction, type InstructionRow } from '../../db/payment/payments';
import { lockApplication } from '../../db/application/applications';
import { writeAudit } from '../../db/audit';
import { addFactNotice } from '../../db/outbox';
import { raiseRestoreEpoch } from '../../db/payment/restore';
import { addDays, businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { keys, workflowIds } from '../../domain/ids';
import type { Fen } from '../../domain/money/money';
import { nextSerial } from '../../domain/loan/loan-events';
import { OPEN_ATTEMPTS, OPEN_LOANS, type AttemptState } from '../../domain/states';
import type { ActivityDeps } from '../deps';
import { recordReplyIn } from './payment-outcomes';
import { openAttempt } from './open-attempt';
import { moveApplication } from '../application/moves';

/** Attempts of one instruction that are asked for beyond those that are known: more than there are channels. */
const ATTEMPTS_MAX = 4;
/** Payments that a borrower may have asked for on one day, as far as their numbers are tried without a gap. */
const PRESENTMENTS_MAX = 6;

/** Payouts or refunds that may have been approved one after another since. */
const SERIALS_AHEAD = 3;

interface Wanted extends Pick<InstructionRow, 'id' | 'loan_id' | 'direction' | 'business_date' | 'presentment'> {
  readonly amount: Fen;
}

export interface GuardReport {
  /** Numbers that channels were asked about. */
  readonly asked: number;
  /** Payments that channels know and this database had forgotten; they are booked. */
  readonly found: readonly string[];
  /** What keeps the guard from clearing the database: a channel that did not answer, a payment that is still open there. */
  readonly unresolved: readonly string[];
}

/** Whether Temporal knows a workflow, running or ended: it remembers what this database has forgotten. */
export type KnowsWorkflow = (workflowId: string) => Promise<boolean>;

interface Guard {
  readonly deps: ActivityDeps;
  readonly knows: KnowsWorkflow;
  readonly now: Instant;
  readonly signal: AbortSignal;
  readonly report: { asked: number; found: string[]; unresolved: string[] };
}

async function orderFor({ deps, now }: Guard, wanted: Wanted, attempt: number, amount: Fen): Promise<PaymentOrder> {
  const { loan } = await readLoanFile(deps.db, wanted.loan_id);
  const { name } = await deps.borrowers.identity(deps.db, loan.borrower_id);
  return {
    number: keys.attemptNumber(wanted.id, attempt),
    kind: wanted.direction === 'DEBIT' ? 'DEBIT' : 'PAYOUT',
    amount,
    currency: 'CNY',
    account: await deps.borrowers.cardNumber(deps.db, loan.borrower_id, loan.bank_card_id),
    accountName: name,
    reference: wanted.loan_id,
    asOf: now,
  };
}

/** Books a payment that a channel knows under a number which this database would have given out once more. */
async function remember(
  { deps, now, report }: Guard,
  wanted: Wanted,
  attempt: number,
  channel: string,
  amount: Fen,
  reply: ChannelReply,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const loan = await lockLoan(tx, wanted.loan_id);
    const { id, loan_id, direction, business_date, presentment } = wanted;
    await insertInstruction(tx, { id, loan_id, direction, amount_fen: amount, business_date, presentment }, now);
    await openAttempt(tx, await readInstruction(tx, id), { attempt, channel, bankCardId: loan.bank_card_id }, now);
    await tx('payment_attempts').where({ instruction_id: id, attempt }).update({ sends: 1 });
    await recordReplyIn(deps, tx, { instructionId: id, attempt, asked: 'QUERY', reply, at: now });
  });
  report.found.push(`${keys.attemptNumber(wanted.id, attempt)} at ${channel}`);
}

/**
 * Asks one channel about one number, and books what it knows, also where it is not what was ordered: one loan then
 * waits for people, not all of them. `isFenced`: a number that may still be under way is refused there from now on.
 */
async function askChannel(guard: Guard, wanted: Wanted, attempt: number, channelName: string, isFenced: boolean): Promise<void> {
  const { deps, signal, report } = guard;
  const channel = deps.channels.get(channelName);
  if (!channel) return;
  const order = await orderFor(guard, wanted, attempt, wanted.amount);
  report.asked += 1;
  let [reply, amount] = [await channel.query(order, signal), wanted.amount];
  if (reply.mismatch === 'amount' && reply.saidAmount !== undefined && wanted.direction !== 'PAYOUT') {
    amount = reply.saidAmount;
    reply = await channel.query({ ...order, amount }, signal);
  }
  if (reply.notFound === true && isFenced) reply = await channel.close(order, signal);
  if ((reply.notFound === true && !isFenced) || reply.outcome === 'FAILED_DEFINITIVE') return;
  if (reply.outcome === 'SUCCEEDED' || reply.mismatch !== undefined) return remember(guard, wanted, attempt, channelName, amount, reply);
  report.unresolved.push(`${order.number} at ${channelName}: ${reply.code}`);
}

const isLive = ({ state }: { readonly state: AttemptState }) => OPEN_ATTEMPTS.includes(state);

/** Every attempt of an instruction that may have been made after the backup, on every channel: one that reached nobody says nothing about the next. */
async function askInstruction(guard: Guard, wanted: Wanted): Promise<void> {
  const known = await readAttempts(guard.deps.db, wanted.id);
  // What is on its way has to end first: two are never under way at once.
  if (known.some(isLive)) return;
  const { id, loan_id, direction, business_date, presentment } = wanted;
  const workflowId = direction === 'DEBIT' ? workflowIds.debit(loan_id, business_date, presentment) : workflowIds.disbursement(id);
  const wasBegun = await guard.knows(workflowId);
  const { found, unresolved } = guard.report;
  const [foundBefore, openBefore] = [found.length, unresolved.length];
  for (let attempt = known.length + 1; attempt <= ATTEMPTS_MAX; attempt += 1)
    for (const channel of guard.deps.channels.keys()) await askChannel(guard, wanted, attempt, channel, wasBegun);
  if (wasBegun && found.length === foundBefore && unresolved.length === openBefore) await useUp(guard, wanted);
}

/** A payment that was begun after the backup and that no channel has made: it has failed, and its number is not given out again. */
async function useUp({ deps, now, report }: Guard, wanted: Wanted): Promise<void> {
  const { id, loan_id, direction, business_date, presentment, amount } = wanted;
  await deps.db.transaction(async (tx) => {
    await lockLoan(tx, loan_id);
    await insertInstruction(tx, { id, loan_id, direction, amount_fen: amount, business_date, presentment }, now);
    const instruction = await readInstruction(tx, id);
    if (instruction.state !== 'AUTHORIZED' && instruction.state !== 'IN_FLIGHT' && instruction.state !== 'MANUAL') return;
    await moveInstruction(tx, instruction, 'FAILED', now, 'RESTORED');
    report.found.push(`${id}: begun after the backup, made by no channel; failed`);
  });
}

/** How an attempt that was on its way in the backup has ended since, so that the next one has its place. */
async function settleLive(guard: Guard, instructionId: string): Promise<void> {
  const { deps, now, signal, report } = guard;
  const live = (await readAttempts(deps.db, instructionId)).find(isLive);
  const channel = live && deps.channels.get(live.channel);
  if (!live || !channel) return;
  const { loan_id, direction, business_date, presentment, amount_fen: amount } = await readInstruction(deps.db, instructionId);
  const { loan } = await readLoanFile(deps.db, loan_id);
  const wanted: Wanted = { id: instructionId, loan_id, direction, business_date, presentment, amount };
  const order = {
    ...(await orderFor(guard, wanted, live.attempt, amount)),
    account: await deps.borrowers.cardNumber(deps.db, loan.borrower_id, live.bank_card_id ?? loan.bank_card_id),
  };
  report.asked += 1;
  let reply = await channel.query(order, signal);
  let asked: 'QUERY' | 'CLOSE' = 'QUERY';
  if (reply.notFound === true) {
    // It may still be under way to the channel: from now on it is refused there.
    reply = await channel.close(order, signal);
    asked = 'CLOSE';
  }
  await deps.db.transaction((tx) => recordReplyIn(deps, tx, { instructionId, attempt: live.attempt, asked, reply, at: now }));
  // Never two of them live: one that still is, is this one.
  if ((await readAttempts(deps.db, instructionId)).some(isLive) && reply.mismatch === undefined)
    report.unresolved.push(`${order.number} at ${live.channel}: ${reply.code}`);
}

/**
 * Applications whose loan may have been born and paid out after the backup: they end here, so that no loan of theirs
 * is paid out again, and the borrower applies anew. What was paid out is found in the channels' files, and recalled.
 */
async function endForgottenLoans({ deps, now, report }: Guard): Promise<void> {
  const rows = await deps
    .db('applications')
    .whereIn('status', ['OFFERED', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'SIGNED', 'READY_TO_DISBURSE'])
    .whereRaw('NOT EXISTS (SELECT FROM loans l WHERE l.id = applications.id)')
    .orderBy('id')
    .select<{ id: string }[]>('id');
  for (const { id } of rows)
    await deps.db.transaction(async (tx) => {
      await moveApplication(tx, await lockApplication(tx, id), 'WITHDRAWN', now, 'the database was restored to a day before it ended');
      report.found.push(`application ${id}: ended, its borrower applies anew`);
    });
}

async function askLoan(guard: Guard, loanId: string, restoredTo: BusinessDate): Promise<void> {
  const { deps, now } = guard;
  const today = businessDateOf(now);
  const file = await readLoanFile(deps.db, loanId);
  const { loan, instructions } = file;
  for (const each of instructions.filter((instruction) => instruction.open)) {
    const { id, direction, amount, businessDate, presentment } = each;
    await settleLive(guard, id);
    await askInstruction(guard, { id, loan_id: loanId, direction, amount, business_date: businessDate, presentment });
  }
  const next = (direction: 'PAYOUT' | 'REFUND', ahead: number): Wanted => {
    const serial = nextSerial(direction, file) + ahead;
    const id = (direction === 'PAYOUT' ? keys.payoutInstruction : keys.refundInstruction)(loanId, serial);
    return { id, loan_id: loanId, direction, amount: loan.principal_fen, business_date: today, presentment: serial };
  };
  for (let ahead = 0; ahead < SERIALS_AHEAD; ahead += 1)
    await askInstruction(guard, next(loan.activated_on === null ? 'PAYOUT' : 'REFUND', ahead));
  if ((await readLoanFile(deps.db, loanId)).loan.activated_on === null) return;
  for (let date = addDays(restoredTo, -1); date <= today; date = addDays(date, 1)) {
    for (let presentment = 1; presentment <= PRESENTMENTS_MAX; presentment += 1) {
      const id = keys.debitInstruction(loanId, date, presentment);
      if (instructions.some((each) => each.id === id)) continue;
      await askInstruction(guard, {
        id,
        loan_id: loanId,
        direction: 'DEBIT',
        amount: loan.principal_fen,
        business_date: date,
        presentment,
      });
    }
  }
}

/**
 * After a database was restored to an earlier moment: asks every channel about every number that the database would
 * give out again, books what they know, and only then raises the database's epoch to the one kept outside, so that
 * payments move again. While a channel does not answer, or has a payment open, nothing is cleared: run it again.
 * Repeating it is harmless. `progress` hears of every hundred loans.
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
  const guard: Guard = { deps, knows: input.knows, now: input.now, signal: input.signal, report: { asked: 0, found: [], unresolved: [] } };
  const loans = await deps
    .db('loans')
    .whereIn('status', [...OPEN_LOANS, 'CLOSED_OBLIGATIONS_MET'])
    .orderBy('id')
    .select<{ id: string }[]>('id');
  for (const [index, { id }] of loans.entries()) {
    await askLoan(guard, id, input.restoredTo);
    if ((index + 1) % 100 === 0) progress(`${String(index + 1)} of ${String(loans.length)} loans asked about`);
  }
  await endForgottenLoans(guard);
  const { report } = guard;
  if (report.unresolved.length > 0) return report;
  const epoch = await deps.restoreEpoch();
  if (!Number.isSafeInteger(epoch)) throw new LoanloomError('CONFIGURATION', 'the restore epoch outside the database cannot be read');
  await deps.db.transaction(async (tx) => {
    await raiseRestoreEpoch(tx, epoch);
    // What a loan waits for may have happened already: it looks again.
    for (const { id } of loans) await addFactNotice(tx, id, `restored:${String(epoch)}`);
    await writeAudit(tx, {
      actor: input.actor,
      action: 'RESTORE_CLEARED',
      subject: `epoch-${String(epoch)}`,
      reason: `restored to ${input.restoredTo}`,
      data: { asked: report.asked, found: report.found.length },
    });
  });
  return report;
}
