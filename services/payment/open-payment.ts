import type { Tx } from '../../db/pool';
import { businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { withdrawalInForce } from '../../domain/loan/withdrawal';
import { nextStep, type PaymentStep, type StepDeps } from './payment-steps';
import { assertRestoreCleared } from './restore-check';
import { lockLoan, updateLoan } from '../../db/loan/loans';
import { readLoanFile, type LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent } from '../../db/loan/loan-facts';
import { paymentNamed } from '../../domain/loan/loan-events';
import { accountNow } from '../loan/account-now';
import { withdrawLoan } from '../loan/loan-changes';
import { missingConsents } from '../party/consents';
import { ZERO, type Fen } from '../../domain/money/money';
import { keys } from '../../domain/keys';
import { insertInstruction, type InstructionRow } from '../../db/payment/payments';
import { owedOn } from '../../domain/loan/account/report';

/** A debit to present: `plannedAt` is the appointment's time, null for one that the borrower asked for. */
export interface DebitRequest {
  readonly loanId: string;
  readonly instructionId: string;
  readonly businessDate: BusinessDate;
  readonly presentment: number;
  readonly plannedAt: Instant | null;
  readonly at: Instant;
}

/** A payment to the borrower to open. */
export interface PayoutRequest {
  readonly loanId: string;
  readonly instructionId: string;
  readonly at: Instant;
  readonly businessDate: BusinessDate;
}

/**
 * Opens (or resumes) a payment to the borrower: the loan's payout, or the refund of a surplus, by the
 * instruction's id. Repeating it finds the instruction and its live attempt.
 */
export async function openPayout(deps: StepDeps, tx: Tx, input: PayoutRequest): Promise<PaymentStep> {
  await assertRestoreCleared(deps, tx);
  const loan = await lockLoan(tx, input.loanId);
  const isKnown = await tx('payment_instructions').where({ id: input.instructionId }).first<{ id: string } | undefined>('id');
  if (!isKnown) {
    const { isRefund, serial } = paymentNamed(loan.id, input.instructionId);
    // Given up, or paid out, while this was about to begin.
    if (!isRefund && loan.status !== 'APPROVED') return { next: 'DONE', state: 'FAILED', valueDate: null };
    // Withdrawn while it could not be said whether money had moved: it ends here, before any does.
    if (!isRefund && (await missingConsents(tx, loan.borrower_id)).isWithdrawn) {
      const by = { caller_role: 'borrower', caller: keys.borrower(loan.borrower_id) } as const;
      await withdrawLoan(deps, tx, { file: await readLoanFile(tx, loan.id), at: input.at, by });
      return { next: 'DONE', state: 'FAILED', valueDate: null };
    }
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
  return nextStep(deps, tx, input);
}

/**
 * Opens (or resumes) a debit. A scheduled one asks for what was due on its business date and is still
 * unpaid; with nothing owed it is recorded as not needed and nothing is sent. One that the borrower asked for
 * while this one was about to begin comes first: that is recorded, and the agenda asks for this one again.
 */
export async function openDebit(deps: StepDeps, tx: Tx, input: DebitRequest): Promise<PaymentStep> {
  await assertRestoreCleared(deps, tx);
  await lockLoan(tx, input.loanId);
  const file = await readLoanFile(tx, input.loanId);
  if (!file.instructions.some(({ id }) => id === input.instructionId)) {
    if (file.instructions.some((each) => each.direction === 'DEBIT' && (each.open || each.isContradicted === true))) {
      const round = file.events.filter((event) => event.kind === 'DEBIT_GAVE_WAY' && event.businessDate === input.businessDate).length + 1;
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
    const owed = toCollect(deps, file, input);
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
    return nextStep(deps, tx, { ...input, file, fresh: await openInstruction(tx, input, owed) });
  }
  return nextStep(deps, tx, { ...input, file });
}

/** What a debit asks for: what is owed of its date; of a loan whose borrower has withdrawn all that is to be paid back, as of the day on which it is asked for. */
function toCollect(deps: StepDeps, file: LoanFile, { businessDate, at }: DebitRequest): Fen {
  const today = businessDateOf(at) > businessDate ? businessDateOf(at) : businessDate;
  if (withdrawalInForce(file.facts, today)) return accountNow(deps, file, today).payoff.total;
  return owedOn(accountNow(deps, file, businessDate), businessDate);
}

async function openInstruction(tx: Tx, input: DebitRequest, amount: Fen): Promise<InstructionRow | undefined> {
  const fresh = await insertInstruction(
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
  return fresh;
}
