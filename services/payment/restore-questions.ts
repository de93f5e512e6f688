import { createHash } from 'node:crypto';
import type { ChannelReply, PaymentOrder } from '../../channels/port';
import { lockLoan } from '../../db/loan/loans';
import { readLoanFile, type LoanFile } from '../../db/loan/loan-file';
import {
  insertAttempt,
  insertFailedInstruction,
  insertInstruction,
  moveAttempt,
  moveInstruction,
  readAttempt,
  readAttempts,
  readInstruction,
  type InstructionRow,
} from '../../db/payment/payments';
import { isUniqueViolation } from '../../db/pool';
import { fen, type Fen } from '../../domain/money/money';
import { OPEN_ATTEMPTS, type AttemptState } from '../../domain/states';
import { at, businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import type { ActivityDeps } from '../deps';
import { accountNow } from '../loan/account-now';
import { openAttempt } from './open-attempt';
import { recordReplyIn } from './payment-outcomes';
import { attemptNumber, debitWorkflowId, disbursementWorkflowId } from '../../domain/keys';

/** Attempts of one instruction that are asked for beyond those that are known: more than there are channels. */
const ATTEMPTS_MAX = 4;

/** Whether Temporal knows a workflow, running or ended: it remembers what this database has forgotten. */
export type KnowsWorkflow = (workflowId: string) => Promise<boolean>;

/** A payment that may have been made after the backup, under the number that the database would give out again. */
export interface Wanted extends Pick<InstructionRow, 'id' | 'loan_id' | 'direction' | 'business_date' | 'presentment'> {
  readonly amount: Fen;
}

export interface Guard {
  readonly deps: ActivityDeps;
  readonly knows: KnowsWorkflow;
  readonly restoredTo: BusinessDate;
  /** The epochs in which something may have begun that the database has forgotten: its own, and those up to the one outside. */
  readonly lost: { readonly epoch: number; readonly until: number };
  readonly now: Instant;
  readonly signal: AbortSignal;
  readonly report: { asked: number; found: string[]; unresolved: string[] };
}

const isLive = ({ state }: { readonly state: AttemptState }) => OPEN_ATTEMPTS.includes(state);

async function orderFor({ deps, now }: Guard, wanted: Wanted, attempt: number, bankCardId?: string): Promise<PaymentOrder> {
  const { loan } = await readLoanFile(deps.db, wanted.loan_id);
  const { name } = await deps.borrowers.identity(deps.db, loan.borrower_id);
  return {
    number: attemptNumber(wanted.id, attempt),
    kind: wanted.direction === 'DEBIT' ? 'DEBIT' : 'PAYOUT',
    amount: wanted.amount,
    currency: 'CNY',
    account: await deps.borrowers.cardNumber(deps.db, loan.borrower_id, bankCardId ?? loan.bank_card_id),
    accountName: name,
    reference: wanted.loan_id,
    asOf: now,
  };
}

interface Answer {
  readonly attempt: number;
  readonly channel: string;
  readonly order: PaymentOrder;
  readonly reply: ChannelReply;
}

/** Books a payment that a channel knows under a number which this database would have given out once more. It was sent at the earliest on the day of the backup. */
async function remember({ deps, now, restoredTo }: Guard, wanted: Wanted, answer: Answer): Promise<void> {
  const sentAt = at(wanted.direction === 'DEBIT' && wanted.business_date < restoredTo ? wanted.business_date : restoredTo, '00:00');
  await deps.db.transaction(async (tx) => {
    const loan = await lockLoan(tx, wanted.loan_id);
    const { id, loan_id, direction, business_date, presentment } = wanted;
    await insertInstruction(tx, { id, loan_id, direction, amount_fen: answer.order.amount, business_date, presentment }, now);
    const opened = { attempt: answer.attempt, channel: answer.channel, bankCardId: loan.bank_card_id };
    const instruction = await readInstruction(tx, id);
    await openAttempt(tx, instruction, opened, sentAt);
    await tx('payment_attempts').where({ instruction_id: id, attempt: answer.attempt }).update({ sends: 1 });
    // The number was given out again with another amount before this was asked: neither amount is the other's outcome.
    const isOrdered = instruction.amount_fen === answer.order.amount;
    const reply: ChannelReply = isOrdered ? answer.reply : { outcome: 'UNKNOWN', code: 'AMOUNT', mismatch: 'amount' };
    await recordReplyIn(deps, tx, { instructionId: id, attempt: answer.attempt, asked: 'QUERY', reply, at: now });
  });
}

/**
 * A payment for which the books have no room beside another of the loan (a payout that came back and was made again,
 * a second debit beside one in doubt): it is taken down as one that had failed and was paid after all, so that its
 * money is booked, nothing is moved in its place, and people get the case.
 */
async function rememberBeside({ deps, now, restoredTo }: Guard, wanted: Wanted, answer: Answer): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const loan = await lockLoan(tx, wanted.loan_id);
    const { id, loan_id, direction, business_date, presentment } = wanted;
    await insertFailedInstruction(tx, { id, loan_id, direction, amount_fen: answer.order.amount, business_date, presentment }, now);
    const instruction = await readInstruction(tx, id);
    const { number } = answer.order;
    const requestSha256 = createHash('sha256').update(`restored|${number}`).digest('hex');
    const opened = { attempt: answer.attempt, channel: answer.channel, bankCardId: loan.bank_card_id };
    await insertAttempt(tx, { instruction, ...opened, number, requestSha256, sentAt: at(restoredTo, '00:00') });
    await moveAttempt(tx, await readAttempt(tx, id, answer.attempt), { state: 'FAILED', code: 'RESTORED' }, now);
    await recordReplyIn(deps, tx, { instructionId: id, attempt: answer.attempt, asked: 'QUERY', reply: answer.reply, at: now });
  });
}

async function book(guard: Guard, wanted: Wanted, answer: Answer): Promise<void> {
  await remember(guard, wanted, answer).catch(async (error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    await rememberBeside(guard, wanted, answer);
  });
  guard.report.found.push(`${answer.order.number} at ${answer.channel}`);
}

/** What a channel knows of a number; where it knows another amount of a debit or refund, of that amount. */
async function ask(guard: Guard, wanted: Wanted, attempt: number, channelName: string): Promise<Answer | undefined> {
  const channel = guard.deps.channels.get(channelName);
  if (!channel) return undefined;
  const order = await orderFor(guard, wanted, attempt);
  guard.report.asked += 1;
  const reply = await channel.query(order, guard.signal);
  if (reply.mismatch !== 'amount' || reply.saidAmount === undefined || wanted.direction === 'PAYOUT')
    return { attempt, channel: channelName, order, reply };
  const said = { ...order, amount: reply.saidAmount };
  return { attempt, channel: channelName, order: said, reply: await channel.query(said, guard.signal) };
}

/** Books what an answer knows, also where it is not what was ordered: one loan then waits for people, not all of them. `isFenced`: a number that may still be under way is refused there from now on. */
async function weigh(guard: Guard, wanted: Wanted, answer: Answer, isFenced: boolean): Promise<void> {
  const channel = guard.deps.channels.get(answer.channel);
  const isUnknown = answer.reply.notFound === true;
  if (isUnknown && !isFenced) return;
  const reply = isUnknown && channel ? await channel.close(answer.order, guard.signal) : answer.reply;
  if (reply.outcome === 'FAILED_DEFINITIVE') return;
  if (reply.outcome === 'SUCCEEDED' || reply.mismatch !== undefined) return book(guard, wanted, { ...answer, reply });
  guard.report.unresolved.push(`${answer.order.number} at ${answer.channel}: ${reply.code}`);
}

/** Whether the database itself remembers what became of a date's debit without a payment: it gave way, or nothing was due. */
const wasDecided = ({ events }: Pick<LoanFile, 'events'>, wanted: Wanted) =>
  wanted.direction === 'DEBIT' &&
  events.some(
    (event) => (event.kind === 'DEBIT_GAVE_WAY' || event.kind === 'DEBIT_PRESENTED') && event.businessDate === wanted.business_date,
  );

/** Whether Temporal knows a workflow of the payment from the time that was lost: of the backup's epoch, up to the one that is being cleared. */
async function wasBegunInLostTime(guard: Guard, { id, loan_id, direction, business_date, presentment }: Wanted): Promise<boolean> {
  for (let { epoch } = guard.lost; epoch < guard.lost.until; epoch += 1) {
    const workflowId =
      direction === 'DEBIT' ? debitWorkflowId(loan_id, business_date, presentment, { epoch }) : disbursementWorkflowId(id, epoch);
    if (await guard.knows(workflowId)) return true;
  }
  return false;
}

/**
 * Every attempt of an instruction that may have been made after the backup, on every channel: one that reached nobody
 * says nothing about the next. Answers whether the number was in use.
 */
export async function askInstruction(guard: Guard, wanted: Wanted): Promise<boolean> {
  const { deps, report } = guard;
  const known = await readAttempts(deps.db, wanted.id);
  // What is on its way has to end first: two are never under way at once.
  if (known.some(isLive)) return true;
  const wasBegun = await wasBegunInLostTime(guard, wanted);
  const [foundBefore, openBefore] = [report.found.length, report.unresolved.length];
  const highest = Math.max(0, ...known.map((each) => each.attempt));
  const attempts = Array.from({ length: Math.max(0, ATTEMPTS_MAX - highest) }, (_, index) => highest + 1 + index);
  const asked = attempts.flatMap((attempt) => [...deps.channels.keys()].map((channel) => ask(guard, wanted, attempt, channel)));
  const answers = await Promise.all(asked);
  for (const answer of answers) if (answer) await weigh(guard, wanted, answer, wasBegun);
  const isFound = report.found.length > foundBefore;
  if (wasBegun && !isFound && report.unresolved.length === openBefore) await useUp(guard, wanted);
  return isFound || wasBegun || known.length > 0;
}

/** A payment that was begun after the backup and that no channel has made: it has failed, and its number is not given out again. */
async function useUp({ deps, now, report }: Guard, wanted: Wanted): Promise<void> {
  const file = await readLoanFile(deps.db, wanted.loan_id);
  if (wasDecided(file, wanted)) return;
  const { id, loan_id, direction, business_date, presentment } = wanted;
  const owed = accountNow(deps, file, businessDateOf(now));
  const amount = direction === 'PAYOUT' ? wanted.amount : fen(Math.max(1, direction === 'DEBIT' ? owed.owedNow : owed.overpaid));
  await deps.db.transaction(async (tx) => {
    await lockLoan(tx, loan_id);
    await insertInstruction(tx, { id, loan_id, direction, amount_fen: amount, business_date, presentment }, now);
    const instruction = await readInstruction(tx, id);
    if (instruction.state !== 'AUTHORIZED' && instruction.state !== 'IN_FLIGHT' && instruction.state !== 'MANUAL') return;
    await moveInstruction(tx, instruction, { to: 'FAILED', at: now, code: 'RESTORED' });
    report.found.push(`${id}: begun after the backup, made by no channel; failed`);
  });
}

/** How an attempt that was on its way in the backup has ended since, so that the next one has its place. */
export async function settleLive(guard: Guard, wanted: Wanted): Promise<void> {
  const { deps, now, signal, report } = guard;
  const live = (await readAttempts(deps.db, wanted.id)).find(isLive);
  const channel = live && deps.channels.get(live.channel);
  if (!live || !channel) return;
  const order = await orderFor(guard, wanted, live.attempt, live.bank_card_id ?? undefined);
  report.asked += 1;
  let reply = await channel.query(order, signal);
  let asked: 'QUERY' | 'CLOSE' = 'QUERY';
  if (reply.notFound === true) {
    // It may still be under way to the channel: from now on it is refused there.
    reply = await channel.close(order, signal);
    asked = 'CLOSE';
  }
  await deps.db.transaction((tx) => recordReplyIn(deps, tx, { instructionId: wanted.id, attempt: live.attempt, asked, reply, at: now }));
  // Never two of them live: one that still is, is this one.
  if ((await readAttempts(deps.db, wanted.id)).some(isLive) && reply.mismatch === undefined)
    report.unresolved.push(`${order.number} at ${live.channel}: ${reply.code}`);
}
