import { readApplication, updateApplication } from '../../db/application/applications';
import { postEntry } from '../../db/ledger/journal';
import { updateLoan, type LoanRow } from '../../db/loan/loans';
import { insertLoanEvent, insertSchedule, insertTransaction } from '../../db/loan/loan-facts';
import { addMail } from '../../db/outbox';
import type { AttemptRow, InstructionRow } from '../../db/payment/payments';
import type { Tx } from '../../db/pool';
import type { BusinessDate, Instant } from '../../domain/time/dates';
import { yuan, type Fen } from '../../domain/money/money';
import { scheduleFor } from '../../domain/product/offer';
import { debitSucceeded, payoutSucceeded, refundPaid, type AccountEffect, type Posting } from '../../domain/ledger/postings';
import { effectOfFact } from './account-effect';
import { productOf, type ActivityDeps } from '../deps';
import { reopenWhereOwed } from '../loan/loan-status';
import { keys } from '../../domain/keys';

/** What a confirmed payment books: the fact, its posting, the event and the borrower's mail, each once by its key. */

interface Confirmed {
  readonly loan: LoanRow;
  readonly instruction: InstructionRow;
  readonly attempt: AttemptRow;
  readonly valueDate: BusinessDate;
  readonly at: Instant;
}

/** The payout is confirmed: it is booked, and the loan becomes active. */
export async function bookPayout(deps: ActivityDeps, tx: Tx, confirmed: Confirmed): Promise<void> {
  const { loan, instruction, attempt } = confirmed;
  await activateLoan(deps, tx, confirmed);
  await postEntry(tx, {
    key: keys.paymentSucceeded(attempt.number),
    loanId: loan.id,
    businessDate: instruction.business_date,
    posting: payoutSucceeded(attempt.channel, instruction.amount_fen),
  });
}

/** Its binding schedule is made from the channel's value date. */
async function activateLoan(deps: ActivityDeps, tx: Tx, { loan, instruction, valueDate, at }: Confirmed): Promise<void> {
  const schedule = scheduleFor({ principal: loan.principal_fen, termMonths: loan.term_months }, productOf(deps, loan), valueDate);
  const isNew = await insertTransaction(tx, {
    loanId: loan.id,
    key: keys.disbursement(instruction.id),
    type: 'DISBURSEMENT',
    amount: instruction.amount_fen,
    valueDate,
    businessDate: instruction.business_date,
    instructionId: instruction.id,
  });
  if (!isNew) return;
  // A payout after a returned one has its own value date, and so its own binding schedule.
  const version = loan.schedule_version + 1;
  await insertSchedule(tx, loan.id, { version, reason: 'payout confirmed', valueDate, installments: schedule });
  await updateLoan(tx, loan.id, { status: 'ACTIVE', activated_on: valueDate, schedule_version: version });
  const application = await readApplication(tx, loan.id);
  if (application.status === 'READY_TO_DISBURSE') await updateApplication(tx, loan.id, { status: 'DISBURSED', waiting_until: null });
  await insertLoanEvent(tx, loan.id, {
    key: keys.payoutConfirmed(instruction.id),
    kind: 'PAYOUT_CONFIRMED',
    at,
    businessDate: valueDate,
    data: { amount: instruction.amount_fen },
  });
  const first = schedule[0];
  await addMail(tx, {
    key: keys.payoutConfirmed(instruction.id),
    borrowerId: loan.borrower_id,
    template: 'payout-confirmed',
    params: {
      loanId: loan.id,
      amount: yuan(instruction.amount_fen),
      valueDate,
      firstDueOn: first?.dueOn ?? '',
      firstAmount: first ? yuan(first.payment) : '',
    },
  });
}

/** Money that moved between the borrower and us, as the loan's history and its borrower hear of it. */
interface Movement {
  readonly key: string;
  /** The fact's key. */
  readonly fact: string;
  readonly amount: Fen;
  readonly valueDate: BusinessDate;
  readonly at: Instant;
}

async function tell(
  tx: Tx,
  loan: LoanRow,
  what: { readonly kind: 'PAYMENT_RECEIVED' | 'REFUNDED'; readonly template: 'payment-received' | 'refunded' },
  { key, fact, amount, valueDate, at }: Movement,
): Promise<void> {
  await insertLoanEvent(tx, loan.id, { key, kind: what.kind, at, businessDate: valueDate, data: { amount, fact } });
  await addMail(tx, {
    key,
    borrowerId: loan.borrower_id,
    template: what.template,
    params: { loanId: loan.id, amount: yuan(amount), valueDate },
  });
}

/** A repayment, however it reached us: split as the fold says, on the day on which it came in. */
export interface Receipt extends Movement {
  readonly businessDate: BusinessDate;
  readonly instructionId: string | null;
  /** The journal entry's key and lines. */
  readonly entry: string;
  posting(effect: AccountEffect, isChargedOff: boolean): Posting;
}

export async function bookReceipt(deps: Pick<ActivityDeps, 'catalogue'>, tx: Tx, loan: LoanRow, receipt: Receipt): Promise<void> {
  const { amount, valueDate, businessDate, instructionId } = receipt;
  // Fineract's word for it; the fold decides by the dates what it repays and what it recovers.
  const type = loan.status === 'CLOSED_WRITTEN_OFF' ? 'RECOVERY_REPAYMENT' : 'REPAYMENT';
  if (!(await insertTransaction(tx, { loanId: loan.id, key: receipt.fact, type, amount, valueDate, businessDate, instructionId }))) return;
  const { effect, account, isChargedOff } = await effectOfFact(deps, tx, { loanId: loan.id, key: receipt.fact, valueDate });
  await postEntry(tx, { key: receipt.entry, loanId: loan.id, businessDate, posting: receipt.posting(effect, isChargedOff) });
  await reopenWhereOwed(tx, loan, account, { key: receipt.fact, at: receipt.at, businessDate: valueDate });
  await tell(tx, loan, { kind: 'PAYMENT_RECEIVED', template: 'payment-received' }, receipt);
}

/** The debit is confirmed: a repayment on the channel's value date. */
export async function bookRepayment(deps: ActivityDeps, tx: Tx, { loan, instruction, attempt, valueDate, at }: Confirmed): Promise<void> {
  const { id, amount_fen: amount, business_date: businessDate } = instruction;
  await bookReceipt(deps, tx, loan, {
    key: keys.repaymentReceived(id),
    fact: keys.repayment(id),
    entry: keys.paymentSucceeded(attempt.number),
    instructionId: id,
    amount,
    valueDate,
    businessDate,
    at,
    posting: (effect, isChargedOff) => debitSucceeded(attempt.channel, amount, effect, isChargedOff),
  });
}

/** The refund is confirmed: the surplus is the borrower's again, even if the payment it came from was returned meanwhile. */
export async function bookRefund(
  deps: Pick<ActivityDeps, 'catalogue'>,
  tx: Tx,
  { loan, instruction, attempt, valueDate, at }: Confirmed,
): Promise<void> {
  const { id, amount_fen: amount, business_date: businessDate } = instruction;
  const fact = { loanId: loan.id, type: 'CREDIT_BALANCE_REFUND', amount, valueDate, businessDate, instructionId: id } as const;
  if (!(await insertTransaction(tx, { ...fact, key: keys.refund(id) }))) return;
  const { effect, account, isChargedOff } = await effectOfFact(deps, tx, { loanId: loan.id, key: keys.refund(id), valueDate });
  const posting = refundPaid(attempt.channel, amount, effect, isChargedOff);
  await postEntry(tx, { key: keys.paymentSucceeded(attempt.number), loanId: loan.id, businessDate, posting });
  await reopenWhereOwed(tx, loan, account, { key: keys.refund(id), at, businessDate: valueDate });
  await tell(
    tx,
    loan,
    { kind: 'REFUNDED', template: 'refunded' },
    { key: keys.refunded(id), fact: keys.refund(id), amount, valueDate, at },
  );
}
