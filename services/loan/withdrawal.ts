import type { CommandRow } from '../../db/commands';
import { postEntry } from '../../db/ledger/journal';
import type { LoanFile } from '../../db/loan/loan-file';
import { insertLoanEvent, insertTransaction } from '../../db/loan/loan-facts';
import { addMail } from '../../db/outbox';
import type { Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { keys } from '../../domain/keys';
import { adjusted } from '../../domain/ledger/postings';
import { addDays, businessDateOf, type Instant } from '../../domain/time/dates';
import { yuan } from '../../domain/money/money';
import { productOf, type ActivityDeps } from '../deps';
import { effectOfFact } from '../payment/account-effect';

/**
 * The borrower withdraws after the payout, by one call and without a reason: the loan ends for its principal and the interest
 * of the days, without any fee. The fact alone is recorded; the agenda collects, and closes. LOAN_NOT_ACTIVE for a loan that is
 * not paid out or is over, ILLEGAL_TRANSITION where the product does not grant it, its days are over, or it was declared before.
 */
export async function withdrawAfterPayout(
  deps: ActivityDeps,
  tx: Tx,
  { command, file, at }: { readonly command: CommandRow; readonly file: LoanFile; readonly at: Instant },
): Promise<Record<string, string | number>> {
  const { loan } = file;
  if (loan.status !== 'ACTIVE' || loan.activated_on === null)
    throw new LoanloomError('LOAN_NOT_ACTIVE', `the loan is ${loan.status}: what was not paid out is cancelled instead`, {
      status: loan.status,
    });
  const today = businessDateOf(at);
  const refuse = (why: string) => new LoanloomError('ILLEGAL_TRANSITION', why, { from: loan.status });
  const right = productOf(deps, loan).withdrawal;
  if (right === undefined) throw refuse('this loan grants no withdrawal after the payout: it can be paid off at any time');
  // Declared in time is in time, however late we hear of it.
  if (command.business_date > addDays(loan.activated_on, right.days))
    throw refuse('the time to withdraw is over: the loan can be paid off at any time');
  if (file.facts.some((fact) => fact.type === 'WITHDRAWAL')) throw refuse('the withdrawal was declared already');
  // A payout may be dated a day ahead: nothing is withdrawn from before it.
  const from = loan.activated_on > today ? loan.activated_on : today;
  const until = addDays(from, right.repayWithinDays);
  const key = keys.withdrawal(command.id);
  await insertTransaction(tx, {
    loanId: loan.id,
    key,
    type: 'WITHDRAWAL',
    amount: null,
    data: { until },
    valueDate: from,
    businessDate: today,
    instructionId: null,
  });
  const { effect, account, isChargedOff } = await effectOfFact(deps, tx, { loanId: loan.id, key, valueDate: from });
  await postEntry(tx, {
    key: keys.adjustmentEntry(loan.id, key),
    loanId: loan.id,
    businessDate: today,
    posting: adjusted(effect, isChargedOff),
  });
  await insertLoanEvent(tx, loan.id, { key, kind: 'WITHDRAWN', at, businessDate: today, data: { until } });
  const amount = account.payoff.total;
  await addMail(tx, {
    key: keys.withdrawalMail(loan.id, command.id),
    borrowerId: loan.borrower_id,
    template: 'withdrawn',
    params: { loanId: loan.id, amount: yuan(amount), until },
  });
  return { until, payoffFen: amount };
}
