import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { updateLoan } from '../../../db/loan/loans';
import { loanAccount } from '../../../domain/loan/loan-account';
import { fen } from '../../../domain/money/money';
import { addDays } from '../../../domain/time/dates';
import type { ActivityDeps } from '../../../services/deps';
import { commandLoan } from '../../support/adjust';
import { recordFact } from '../../support/seed';
import { START, withdrawals } from '../../support/withdrawals';
import { withDesk } from '../../support/world';

/** Guarantee: a payout that comes back after a withdrawal costs its borrower nothing. */
describe('a withdrawal whose payout comes back', () => {
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ deps } = desk);
    return undefined;
  });
  const { lent, withdraw, next } = withdrawals(() => deps);
  /** As undoPayout writes it. */
  const comesBack = async (loanId: string) => {
    await deps.db('payment_instructions').insert({
      id: `payout-${loanId}-1`,
      loan_id: loanId,
      direction: 'PAYOUT',
      amount_fen: 1_000_000,
      business_date: START,
      presentment: 1,
      state: 'RETURNED',
    });
    await deps.db.transaction(async (tx) => {
      await recordFact(tx, loanId, { key: 'rev', type: 'REVERSAL', of: 'disbursement', valueDate: START } as never);
      await updateLoan(tx, loanId, { status: 'APPROVED', activated_on: null } as never);
    });
  };

  it('a withdrawal of the evening whose payout counts from the next day is one (value dates may lie after today)', async () => {
    const loanId = await lent();
    const said = await withdraw(loanId, addDays(START, -1));
    const account = loanAccount(recordOf(deps.catalogue, await readLoanFile(deps.db, loanId)), addDays(START, 40));
    expect([said.state, account.daysPastDue, account.remarks]).toEqual(['APPLIED', 0, []]);
  });

  it('a debit of the withdrawal that is in flight when the payout comes back is still asked for, and nothing ends before', async () => {
    const loanId = await lent();
    await withdraw(loanId, START);
    await deps.db('payment_instructions').insert({
      id: `debit-${loanId}-${START}-1`,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: 1_000_000,
      business_date: START,
      presentment: 1,
      state: 'IN_FLIGHT',
    });
    await comesBack(loanId);
    const after = await next(loanId, addDays(START, 1));
    const reject = await commandLoan(deps, { loanId, operation: 'REJECT_LOAN', body: {} }, addDays(START, 1));
    const end = await next(loanId, addDays(START, 1));
    expect([after.kind, reject.state, end.kind]).toEqual(['DEBIT', 'REJECTED', 'DEBIT']);
  });

  it('who has paid all back, and whose payout then comes back, gets it all back', async () => {
    const loanId = await lent();
    await withdraw(loanId, START);
    await deps.db.transaction((tx) => recordFact(tx, loanId, { key: 'p', type: 'REPAYMENT', amount: fen(1_000_000), valueDate: START }));
    await comesBack(loanId);
    const day = addDays(START, 2);
    await commandLoan(deps, { loanId, operation: 'RETRY_PAYOUT', body: {} }, day);
    await commandLoan(deps, { loanId, operation: 'REJECT_LOAN', body: {} }, day);
    const file = await readLoanFile(deps.db, loanId);
    const { overpaid } = loanAccount(recordOf(deps.catalogue, file), day);
    const end = await next(loanId, day);
    expect(overpaid === 0 || end.kind === 'REFUND').toBe(true);
  });
});
