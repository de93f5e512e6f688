import { chooseChannel, type Route } from '../channels/router';
import { CHANNEL_RULES } from '../channels/rules';
import { lockChannel, readChannelFacts } from '../db/payment/channels';
import { insertLoanEvent, lockLoan, readLoanFile, updateLoan } from '../db/loan/loans';
import { addFactNotice, addTrouble } from '../db/outbox';
import {
  contradictions,
  insertInstruction,
  moveInstruction,
  readAttempts,
  readInstruction,
  type AttemptRow,
  type InstructionRow,
} from '../db/payment/payments';
import type { Tx } from '../db/pool';
import { owedOn } from '../domain/loan/account';
import { holdInForce } from '../domain/loan/agenda';
import { isScheduled } from '../domain/loan/agenda-candidates';
import { epochMs, instant, type BusinessDate, type Instant } from '../domain/time/dates';
import { instructionAct } from '../domain/payment/attempt';
import { ZERO, type Fen } from '../domain/money/money';
import { OPEN_ATTEMPTS } from '../domain/states';
import { withDoubtPosted } from '../services/payment/account-effect';
import { failDebit } from '../services/payment/debit-failure';
import { accountNow } from '../services/loan/account-now';
import { productOf, type ActivityDeps } from '../services/deps';
import { assertRestoreCleared } from '../services/payment/restore-check';
import { openAttempt } from '../services/payment/open-attempt';
import { CHANNEL_NAMES } from '../channels/names';
import { keys, workflowShapes } from '../domain/keys';
import { PAST_SLA } from '../domain/loan/attention';
import { paymentNamed } from '../domain/loan/loan-events';

/** What a payment's child workflow does next about its instruction. */
export type PaymentStep =
  | { readonly next: 'SEND' | 'QUERY'; readonly attempt: number; readonly channel: string; readonly slaAt: Instant }
  | { readonly next: 'WAIT'; readonly until: Instant }
  | { readonly next: 'DONE'; readonly state: 'SUCCEEDED' | 'FAILED' | 'NOTHING_DUE' | 'GAVE_WAY'; readonly valueDate: BusinessDate | null };

/** How soon a payment that was made against a channel's word is looked at again, should nobody tell of it. */
const CONTRADICTED_LOOK_MS = 3_600_000;

/** A debit to present: `plannedAt` is the appointment's time, null for one that the borrower asked for. */
interface DebitRequest {
  readonly loanId: string;
  readonly instructionId: string;
  readonly businessDate: BusinessDate;
  readonly presentment: number;
  readonly plannedAt: Instant | null;
  readonly at: Instant;
}

async function payoutExhausted(tx: Tx, instruction: InstructionRow, tried: readonly AttemptRow[], at: Instant): Promise<PaymentStep> {
  const code = tried.at(-1)?.code ?? 'NO_CHANNEL';
  await moveInstruction(tx, instruction, 'FAILED', at, code);
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

export function createPaymentActivities(deps: ActivityDeps) {
  /**
   * Where the instruction's next attempt goes: eligible channels by how they have done lately. What a channel may
   * carry in a day is looked at again under its lock, which is held until the attempt is committed: two at once never pass it.
   */
  async function route(tx: Tx, instruction: InstructionRow, tried: readonly AttemptRow[], cardNumber: string, at: Instant): Promise<Route> {
    const locked = new Set<string>();
    for (;;) {
      const to = await choose(tx, instruction, tried, cardNumber, at);
      if (to.next !== 'SEND' || locked.has(to.channel)) return to;
      await lockChannel(tx, to.channel);
      locked.add(to.channel);
    }
  }

  async function choose(
    tx: Tx,
    instruction: InstructionRow,
    tried: readonly AttemptRow[],
    cardNumber: string,
    at: Instant,
  ): Promise<Route> {
    const facts = await readChannelFacts(tx, CHANNEL_NAMES, at);
    return chooseChannel({
      channels: CHANNEL_NAMES.flatMap((name) => {
        const [known, rules] = [facts.get(name), CHANNEL_RULES[name]];
        return known && rules ? [{ name, rules, ...known }] : [];
      }),
      tried: tried.map((each) => ({ channel: each.channel, nothingSent: each.nothing_sent, at: instant(each.sent_at.getTime()) })),
      preferred: instruction.preferred_channel,
      kind: instruction.direction === 'DEBIT' ? 'DEBIT' : 'PAYOUT',
      amount: instruction.amount_fen,
      cardPrefix: cardNumber.slice(0, 6),
      now: at,
    });
  }

  async function debitExhausted(tx: Tx, instruction: InstructionRow, code: string, at: Instant): Promise<PaymentStep> {
    const debit = { loanId: instruction.loan_id, instructionId: instruction.id, at };
    await withDoubtPosted(deps, tx, debit, () => failDebit(tx, instruction, code, at));
    await addFactNotice(tx, instruction.loan_id, keys.debitFailed(instruction.id));
    return { next: 'DONE', state: 'FAILED', valueDate: null };
  }

  /** The instruction's next step: drive the live attempt if there is one, else open the next. */
  async function nextStep(tx: Tx, instruction: InstructionRow, at: Instant): Promise<PaymentStep> {
    const attempts = await readAttempts(tx, instruction.id);
    if (instruction.state === 'SUCCEEDED' || instruction.state === 'RETURNED')
      return { next: 'DONE', state: 'SUCCEEDED', valueDate: attempts.at(-1)?.value_date ?? null };
    if (instruction.state === 'FAILED') return { next: 'DONE', state: 'FAILED', valueDate: null };
    const file = await readLoanFile(tx, instruction.loan_id);
    const slaAt = instant((attempts[0]?.sent_at.getTime() ?? epochMs(at)) + productOf(deps, file.loan).payout.slaHours * 3_600_000);
    const contradicted = await contradictions(tx, instruction);
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
        ? debitExhausted(tx, instruction, 'CLEARED_BY_PEOPLE', at)
        : payoutExhausted(tx, instruction, attempts, at);
    if (instruction.direction === 'PAYOUT' && file.loan.status !== 'APPROVED') {
      await moveInstruction(tx, instruction, 'FAILED', at, 'WITHDRAWN');
      return { next: 'DONE', state: 'FAILED', valueDate: null };
    }
    const hold = instruction.direction !== 'DEBIT' || isScheduled(instruction.presentment) ? holdInForce(file.events, at) : undefined;
    if (hold && instruction.direction === 'DEBIT') return debitExhausted(tx, instruction, 'ON_HOLD', at);
    if (hold) return { next: 'WAIT', until: hold.until };
    const cardNumber = await deps.borrowers.cardNumber(tx, file.loan.borrower_id, file.loan.bank_card_id);
    const to = await route(tx, instruction, attempts, cardNumber, at);
    if (to.next === 'SEND') {
      const opened = { attempt: attempts.length + 1, channel: to.channel, bankCardId: file.loan.bank_card_id };
      return { next: 'SEND', ...(await openAttempt(tx, instruction, opened, at)), slaAt };
    }
    // A debit that nobody can take now is presented again by its calendar; a payout waits.
    if (instruction.direction === 'DEBIT') return debitExhausted(tx, instruction, attempts.at(-1)?.code ?? 'NO_CHANNEL', at);
    return to.next === 'WAIT' ? to : payoutExhausted(tx, instruction, attempts, at);
  }

  return {
    /**
     * Opens (or resumes) a payment to the borrower: the loan's payout, or the refund of a surplus, by the
     * instruction's id. Repeating it finds the instruction and its live attempt.
     */
    async openPayout(input: { loanId: string; instructionId: string; at: Instant; businessDate: BusinessDate }): Promise<PaymentStep> {
      return deps.db.transaction(async (tx) => {
        await assertRestoreCleared(deps, tx);
        const loan = await lockLoan(tx, input.loanId);
        const isKnown = await tx('payment_instructions').where({ id: input.instructionId }).first<{ id: string } | undefined>('id');
        if (!isKnown) {
          const { isRefund, serial } = paymentNamed(loan.id, input.instructionId);
          // Given up, or paid out, while this was about to begin.
          if (!isRefund && loan.status !== 'APPROVED') return { next: 'DONE', state: 'FAILED', valueDate: null };
          const surplus = isRefund ? accountNow(deps, await readLoanFile(tx, loan.id), input.businessDate).overpaid : ZERO;
          if (isRefund && surplus === 0) {
            const { instructionId, at, businessDate } = input;
            await insertLoanEvent(tx, loan.id, {
              key: keys.refundNotNeeded(instructionId),
              kind: 'REFUND_NOT_NEEDED',
              at,
              businessDate,
              data: { instructionId },
            });
            return { next: 'DONE', state: 'NOTHING_DUE', valueDate: null };
          }
          if (isRefund && loan.status === 'ACTIVE') await updateLoan(tx, loan.id, { status: 'OVERPAID' });
          await insertInstruction(
            tx,
            {
              id: input.instructionId,
              loan_id: loan.id,
              direction: isRefund ? 'REFUND' : 'PAYOUT',
              amount_fen: isRefund ? surplus : loan.principal_fen,
              business_date: input.businessDate,
              presentment: serial,
            },
            input.at,
          );
        }
        return nextStep(tx, await readInstruction(tx, input.instructionId), input.at);
      });
    },

    /**
     * Opens (or resumes) a debit. A scheduled one asks for what was due on its business date and is still
     * unpaid; with nothing owed it is recorded as not needed and nothing is sent. One that the borrower asked for
     * while this one was about to begin comes first: that is recorded, and the agenda asks for this one again.
     */
    async openDebit(input: DebitRequest): Promise<PaymentStep> {
      return deps.db.transaction(async (tx) => {
        await assertRestoreCleared(deps, tx);
        await lockLoan(tx, input.loanId);
        const known = await tx('payment_instructions').where({ id: input.instructionId }).first<{ id: string } | undefined>('id');
        if (!known) {
          const file = await readLoanFile(tx, input.loanId);
          if (file.instructions.some((each) => each.direction === 'DEBIT' && (each.open || each.isContradicted === true))) {
            const round =
              file.events.filter((event) => event.kind === 'DEBIT_GAVE_WAY' && event.businessDate === input.businessDate).length + 1;
            const { at, businessDate } = input;
            await insertLoanEvent(tx, input.loanId, {
              key: keys.debitGaveWay(businessDate, round),
              kind: 'DEBIT_GAVE_WAY',
              at,
              businessDate,
              data: { round },
            });
            return { next: 'DONE', state: 'GAVE_WAY', valueDate: null };
          }
          const owed = owedOn(accountNow(deps, file, input.businessDate), input.businessDate);
          if (owed === 0) {
            await insertLoanEvent(tx, input.loanId, {
              key: keys.debitDay(input.businessDate),
              kind: 'DEBIT_PRESENTED',
              at: input.at,
              businessDate: input.businessDate,
              data: { amount: ZERO, needed: false, plannedAt: input.plannedAt ?? input.at },
            });
            return { next: 'DONE', state: 'NOTHING_DUE', valueDate: null };
          }
          await openInstruction(tx, input, owed);
        }
        return nextStep(tx, await readInstruction(tx, input.instructionId), input.at);
      });
    },

    /** Takes up a debit to ask how it ended, and never to present it: DONE where nothing of it is open. */
    async resumeDebit(input: { instructionId: string; at: Instant }): Promise<PaymentStep> {
      return deps.db.transaction(async (tx) => {
        const instruction = await readInstruction(tx, input.instructionId);
        const live = (await readAttempts(tx, instruction.id)).find((attempt) => OPEN_ATTEMPTS.includes(attempt.state));
        const state = instruction.state === 'SUCCEEDED' || instruction.state === 'RETURNED' ? 'SUCCEEDED' : 'FAILED';
        return live
          ? { next: 'QUERY', attempt: live.attempt, channel: live.channel, slaAt: input.at }
          : { next: 'DONE', state, valueDate: null };
      });
    },

    /**
     * Temporal knows a payment's workflow that this loan wanted to start. Where the database knows the payment too, it
     * runs for an earlier run of the loan, and its facts come by themselves; where not, the database has forgotten it:
     * nothing is paid, a person is told. RESTORE_NOT_CLEARED before the restore guard has looked.
     */
    async noteKnownPayment(input: { loanId: string; instructionId: string; at: Instant }): Promise<{ isForgotten: boolean }> {
      return deps.db.transaction(async (tx) => {
        // Before the guard has looked, that is no news: it is what the guard looks for.
        await assertRestoreCleared(deps, tx);
        const attempts = await readAttempts(tx, input.instructionId);
        if (attempts.length > 0) return { isForgotten: false };
        await updateLoan(tx, input.loanId, {
          attention: {
            kind: 'PAYMENT_FORGOTTEN',
            text: `payment ${input.instructionId} is known to Temporal and not to this database: was it restored? See docs/runbooks/restore.md`,
            sticky: true,
          },
        });
        await addTrouble(tx, { workflowId: workflowShapes.loan(input.loanId), code: 'PAYMENT_FORGOTTEN' });
        return { isForgotten: true };
      });
    },

    /** Past its SLA a person gets the case; the child goes on asking. */
    async escalatePayment(input: { instructionId: string; at: Instant }): Promise<void> {
      await deps.db.transaction(async (tx) => {
        const instruction = await readInstruction(tx, input.instructionId);
        await lockLoan(tx, instruction.loan_id);
        if (instruction.state !== 'IN_FLIGHT') return;
        await moveInstruction(tx, instruction, 'MANUAL', input.at, 'SLA_EXCEEDED');
        await addTrouble(tx, { workflowId: workflowShapes.disbursement(instruction.id), code: 'SLA_EXCEEDED' });
        await updateLoan(tx, instruction.loan_id, { attention: PAST_SLA });
      });
    },
  };

  async function openInstruction(tx: Tx, input: DebitRequest, amount: Fen): Promise<void> {
    await insertInstruction(
      tx,
      {
        id: input.instructionId,
        loan_id: input.loanId,
        direction: 'DEBIT',
        amount_fen: amount,
        business_date: input.businessDate,
        presentment: input.presentment,
      },
      input.at,
    );
    await insertLoanEvent(tx, input.loanId, {
      key: keys.debitDay(input.businessDate),
      kind: 'DEBIT_PRESENTED',
      at: input.at,
      businessDate: input.businessDate,
      data: { amount, presentment: input.presentment, plannedAt: input.plannedAt ?? input.at },
    });
  }
}
