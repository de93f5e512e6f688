import { readLoanFile } from '../../../db/loan/loan-file';
import { addDays, at, type BusinessDate } from '../../../domain/time/dates';
import { recordOf } from '../../../db/loan/loan-file';
import { checkInvariants } from '../../../ops/audit/invariants';
import type { ActivityDeps } from '../../../services/deps';
import { loanAccount } from '../../../domain/loan/loan-account';
import { commandLoan } from '../../support/adjust';
import { START, withdrawals } from '../../support/withdrawals';
import { withDesk } from '../../support/world';

/** Guarantee: who was granted it withdraws by one call within its days, pays back principal and the interest of the days, and nothing else; once. */
describe('a withdrawal after the payout', () => {
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ deps } = desk);
    return undefined;
  });
  const { lent, withdraw, next } = withdrawals(() => deps);

  it('is a fact; the agenda collects what is owed of the day, under one key, and the books agree', async () => {
    const loanId = await lent();
    const on = addDays(START, 10);
    expect(await withdraw(loanId, on)).toMatchObject({ state: 'APPLIED', result: { until: addDays(on, 60) } });
    const appointment = await next(loanId, on);
    expect(appointment).toMatchObject({ kind: 'DEBIT', businessDate: on, presentment: 1, instructionId: `debit-${loanId}-${on}-1` });
    const file = await readLoanFile(deps.db, loanId);
    // A third of the first month's interest, which is 100.00 yuan.
    expect(loanAccount(recordOf(deps.catalogue, file), on).payoff).toMatchObject({
      principal: 1_000_000,
      interest: 3_333,
      fee: 0,
      total: 1_003_333,
    });
    expect(file.events.filter(({ kind }) => kind === 'WITHDRAWN')).toHaveLength(1);
    for (const check of (await checkInvariants({ db: deps.db })).filter((each) => ['I2', 'I7', 'I7b'].includes(each.invariant)))
      expect([check.invariant, check.violations]).toEqual([check.invariant, []]);
  });

  it('is possible on its last day, and not the day after; not twice; and not where the product does not grant it', async () => {
    const [early, late, other] = [await lent(), await lent(), await lent('consumer-installment')];
    expect((await withdraw(early, addDays(START, 14))).state).toBe('APPLIED');
    expect(await withdraw(early, addDays(START, 14))).toMatchObject({ state: 'REJECTED', code: 'ILLEGAL_TRANSITION' });
    expect(await withdraw(late, addDays(START, 15))).toMatchObject({ state: 'REJECTED', code: 'ILLEGAL_TRANSITION' });
    expect(await withdraw(other, START)).toMatchObject({ state: 'REJECTED', code: 'ILLEGAL_TRANSITION' });
    expect(await deps.db('loan_transactions').where({ type: 'WITHDRAWAL' }).whereIn('loan_id', [late, other])).toEqual([]);
  });

  it('is one fact at most, whoever writes it', async () => {
    const loanId = await lent();
    await withdraw(loanId, START);
    const again = { loan_id: loanId, key: 'withdrawal:again', type: 'WITHDRAWAL', value_date: START, business_date: START };
    await expect(deps.db('loan_transactions').insert(again)).rejects.toMatchObject({ code: '23505' });
  });

  it('is not paid out again where its payout comes back: nobody is lent what they gave up', async () => {
    const loanId = await lent();
    await withdraw(loanId, START);
    await deps.db('payment_instructions').insert({
      id: `payout-${loanId}-1`,
      loan_id: loanId,
      direction: 'PAYOUT',
      amount_fen: 1_000_000,
      business_date: START,
      presentment: 1,
      state: 'RETURNED',
    });
    expect(await commandLoan(deps, { loanId, operation: 'RETRY_PAYOUT', body: {} }, START)).toMatchObject({
      state: 'REJECTED',
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('asks again on later days when the money is not there, presses nobody meanwhile, and lets the contract go on afterwards', async () => {
    const loanId = await lent();
    expect((await withdraw(loanId, START)).state).toBe('APPLIED');
    const failed = async (date: BusinessDate) => {
      const id = `debit-${loanId}-${date}-1`;
      await deps.db('payment_instructions').insert({
        id,
        loan_id: loanId,
        direction: 'DEBIT',
        amount_fen: 1_000_000,
        business_date: date,
        presentment: 1,
        state: 'FAILED',
      });
    };
    const asked: string[] = [];
    for (let appointment = await next(loanId, START); appointment.kind === 'DEBIT'; appointment = await next(loanId, START)) {
      asked.push(appointment.businessDate);
      await failed(appointment.businessDate);
    }
    expect(asked.slice(0, 9)).toEqual([0, 1, 2, 4, 7, 10, 14, 21, 28].map((days) => addDays(START, days)));
    expect(await next(loanId, addDays(START, 45))).toMatchObject({ kind: 'AWAIT_RELEASE', at: at(addDays(START, 61), '00:00') });
    // Two installments fell due meanwhile: now the contract asks for them.
    expect(['DEBIT', 'REMIND', 'CONTACT']).toContain((await next(loanId, addDays(START, 61))).kind);
  });
});
