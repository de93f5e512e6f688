import type { Route } from '../../channels/port';
import type { Tx } from '../../db/pool';
import { epochMs, instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { contradictions, moveInstruction, readWithAttempts, type AttemptRow, type InstructionRow } from '../../db/payment/payments';
import { productOf, type ActivityDeps } from '../deps';
import { type LoanFile, readLoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent } from '../../db/loan/loan-facts';
import { keys } from '../../domain/keys';
import { addFactNotice } from '../../db/outbox';
import { withDoubtPosted } from './account-effect';
import { failDebit } from './debit-failure';
import { instructionAct } from '../../domain/payment/attempt';
import { isScheduled } from '../../domain/loan/agenda-candidates';
import { holdInForce } from '../../domain/loan/agenda';
import { openAttempt } from './open-attempt';

/** What a payment's child workflow does next about its instruction. */
export type PaymentStep =
  | { readonly next: 'SEND' | 'QUERY'; readonly attempt: number; readonly channel: string; readonly slaAt: Instant }
  | { readonly next: 'WAIT'; readonly until: Instant }
  | { readonly next: 'DONE'; readonly state: 'SUCCEEDED' | 'FAILED' | 'NOTHING_DUE' | 'GAVE_WAY'; readonly valueDate: BusinessDate | null };

/** A payment as its route is chosen. */
export interface Routed {
  readonly instruction: InstructionRow;
  readonly tried: readonly AttemptRow[];
  readonly cardNumber: string;
  readonly at: Instant;
}

export interface StepDeps extends ActivityDeps {
  readonly route: (tx: Tx, payment: Routed) => Promise<Route>;
}

/** How soon a payment that was made against a channel's word is looked at again, should nobody tell of it. */
const CONTRADICTED_LOOK_MS = 3_600_000;

async function payoutExhausted(tx: Tx, instruction: InstructionRow, tried: readonly AttemptRow[], at: Instant): Promise<PaymentStep> {
  const code = tried.at(-1)?.code ?? 'NO_CHANNEL';
  await moveInstruction(tx, instruction, { to: 'FAILED', at, code });
  await insertLoanEvent(tx, instruction.loan_id, {
    key: keys.payoutFailed(instruction.id),
    kind: 'PAYOUT_FAILED',
    at,
    businessDate: instruction.business_date,
    data: { code, attempts: tried.length },
  });
  await addFactNotice(tx, instruction.loan_id, keys.payoutFailed(instruction.id));
  return { next: 'DONE', state: 'FAILED', valueDate: null };
}

async function debitExhausted(
  deps: StepDeps,
  tx: Tx,
  { instruction, code, at }: { readonly instruction: InstructionRow; readonly code: string; readonly at: Instant },
): Promise<PaymentStep> {
  const debit = { loanId: instruction.loan_id, instructionId: instruction.id, at };
  await withDoubtPosted(deps, tx, { debit, work: () => failDebit(tx, instruction, code, at), mayBeDoubtful: () => false });
  await addFactNotice(tx, instruction.loan_id, keys.debitFailed(instruction.id));
  return { next: 'DONE', state: 'FAILED', valueDate: null };
}

/**
 * The instruction's next step: drive the live attempt if there is one, else open the next. `file`: the loan's, where it was
 * read under this lock. `fresh`: the instruction, where it was made under this lock, so that nothing was tried of it.
 */
export async function nextStep(
  deps: StepDeps,
  tx: Tx,
  { instructionId, at, file: known, fresh }: { instructionId: string; at: Instant; file?: LoanFile; fresh?: InstructionRow | undefined },
): Promise<PaymentStep> {
  const { instruction, attempts } = fresh ? { instruction: fresh, attempts: [] } : await readWithAttempts(tx, instructionId);
  if (instruction.state === 'SUCCEEDED' || instruction.state === 'RETURNED')
    return { next: 'DONE', state: 'SUCCEEDED', valueDate: attempts.at(-1)?.value_date ?? null };
  if (instruction.state === 'FAILED') return { next: 'DONE', state: 'FAILED', valueDate: null };
  const file = known ?? (await readLoanFile(tx, instruction.loan_id));
  const slaAt = instant((attempts[0]?.sent_at.getTime() ?? epochMs(at)) + productOf(deps, file.loan).payout.slaHours * 3_600_000);
  // One that is made beside a contradiction of its direction gives way before it comes here.
  const contradicted = fresh ? [] : await contradictions(tx, instruction);
  const isStopped = contradicted.some(({ state }) => state === 'OPEN');
  const step = instructionAct(
    attempts.map((row) => ({ ...row, sendsRefused: row.sends_refused })),
    isStopped,
  );
  if ('attempt' in step) return { next: step.act, attempt: step.attempt.attempt, channel: step.attempt.channel, slaAt };
  // Another channel would pay twice: the money is on its way back, or a person decides about the break.
  if (step.act === 'STOP') return { next: 'WAIT', until: instant(epochMs(at) + CONTRADICTED_LOOK_MS) };
  if (step.act === 'DONE') return { next: 'DONE', state: 'SUCCEEDED', valueDate: attempts.at(-1)?.value_date ?? null };
  // Its money is lost, or was decided about: people say whether there is another payment.
  if (contradicted.some(({ instructionId }) => instructionId === instruction.id))
    return instruction.direction === 'DEBIT'
      ? debitExhausted(deps, tx, { instruction, code: 'CLEARED_BY_PEOPLE', at })
      : payoutExhausted(tx, instruction, attempts, at);
  if (instruction.direction === 'PAYOUT' && file.loan.status !== 'APPROVED') {
    await moveInstruction(tx, instruction, { to: 'FAILED', at, code: 'WITHDRAWN' });
    return { next: 'DONE', state: 'FAILED', valueDate: null };
  }
  const hold = instruction.direction !== 'DEBIT' || isScheduled(instruction.presentment) ? holdInForce(file.events, at) : undefined;
  if (hold && instruction.direction === 'DEBIT') return debitExhausted(deps, tx, { instruction, code: 'ON_HOLD', at });
  if (hold) return { next: 'WAIT', until: hold.until };
  const cardNumber = await deps.borrowers.cardNumber(tx, file.loan.borrower_id, file.loan.bank_card_id);
  const to = await deps.route(tx, { instruction, tried: attempts, cardNumber, at });
  if (to.next === 'SEND') {
    const opened = { attempt: attempts.length + 1, channel: to.channel, bankCardId: file.loan.bank_card_id };
    return { next: 'SEND', ...(await openAttempt(tx, instruction, opened, at)), slaAt };
  }
  // A debit that nobody can take now is presented again by its calendar; a payout waits.
  if (instruction.direction === 'DEBIT') return debitExhausted(deps, tx, { instruction, code: attempts.at(-1)?.code ?? 'NO_CHANNEL', at });
  return to.next === 'WAIT' ? to : payoutExhausted(tx, instruction, attempts, at);
}
