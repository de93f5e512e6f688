import { randomUUID } from 'node:crypto';
import { readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { storeCommand } from '../../../db/commands';
import { updateLoan } from '../../../db/loan/loans';
import { loanAccount } from '../../../domain/loan/loan-account';
import { fen } from '../../../domain/money/money';
import { addDays, at, type BusinessDate } from '../../../domain/time/dates';
import type { ActivityDeps } from '../../../services/deps';
import { createLoanCommands } from '../../../services/loan/loan-commands';
import { commandLoan } from '../../support/adjust';
import { recordFact } from '../../support/seed';
import { START, withdrawals } from '../../support/withdrawals';
import { withDesk } from '../../support/world';

/** Guarantee: who withdraws is asked for their money once a day at most, not under a hold, and loses nothing by our delay. */
describe('a withdrawal under attack', () => {
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ deps } = desk);
    return undefined;
  });
  const { lent, withdraw, next } = withdrawals(() => deps);
  const debit = (loanId: string, date: BusinessDate, state: string, amount = 1_000_000) =>
    deps.db('payment_instructions').insert({
      id: `debit-${loanId}-${date}-1`,
      loan_id: loanId,
      direction: 'DEBIT',
      amount_fen: amount,
      business_date: date,
      presentment: 1,
      state,
    });

  it('declared in time on the last day, with Temporal away over midnight (202), it is granted', async () => {
    const loanId = await lent();
    const last = addDays(START, 14);
    const { row } = await storeCommand(deps.db, {
      id: randomUUID(),
      caller: 'borrower:test',
      idempotencyKey: randomUUID(),
      operation: 'WITHDRAW_AFTER_PAYOUT',
      subject: loanId,
      bodySha256: 'x',
      body: {},
      businessDate: last,
    });
    expect(await createLoanCommands(deps).applyLoanCommand({ commandId: row.id, at: at(addDays(last, 1), '00:00') })).toMatchObject({
      state: 'APPLIED',
    });
  });

  it('on a day after its debit time, under a hold placed that morning, nothing is debited while the hold is in force', async () => {
    const loanId = await lent();
    expect((await commandLoan(deps, { loanId, operation: 'HOLD', body: { until: addDays(START, 30) } }, START)).state).toBe('APPLIED'); // 10:00
    expect((await withdraw(loanId, START)).state).toBe('APPLIED');
    const appointment = await next(loanId, START, '12:00');
    expect([appointment.kind, appointment.at]).not.toEqual(['DEBIT', appointment.at]);
  });

  it('asks once a day at most, also after a debit that was in doubt for days', async () => {
    const loanId = await lent();
    await withdraw(loanId, START);
    await debit(loanId, START, 'FAILED'); // was in doubt from START to START + 30, and has failed now
    const now = addDays(START, 30);
    let asked = 0;
    for (
      let each = await next(loanId, now, '23:00');
      each.kind === 'DEBIT' && each.at! <= at(now, '23:00');
      each = await next(loanId, now, '23:00')
    ) {
      await debit(loanId, each.businessDate, 'FAILED');
      asked += 1;
    }
    expect(asked).toBeLessThanOrEqual(1);
  });

  it('whose payout comes back after they paid: the borrower gets their money back', async () => {
    const loanId = await lent();
    await withdraw(loanId, START);
    await deps.db.transaction((tx) => recordFact(tx, loanId, { key: 'p', type: 'REPAYMENT', amount: fen(400_000), valueDate: START }));
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
    const day = addDays(START, 1);
    const seen: unknown[] = [await next(loanId, day)];
    for (const operation of ['RETRY_PAYOUT', 'REJECT_LOAN'] as const) await commandLoan(deps, { loanId, operation, body: {} }, day);
    seen.push(await next(loanId, day));
    const overpaid = loanAccount(recordOf(deps.catalogue, await readLoanFile(deps.db, loanId)), day).overpaid;
    expect([overpaid, (await next(loanId, day)).kind]).not.toEqual([400_000, 'END']);
  });
});
