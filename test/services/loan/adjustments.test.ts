import type { ActivityDeps } from '../../../services/deps';
import { trialBalance } from '../../../db/ledger/journal';
import { readCurrentSchedule, readLoanFile, recordOf } from '../../../db/loan/loan-file';
import { businessDate } from '../../../domain/time/dates';
import { loanAccount } from '../../../domain/loan/loan-account';
import { fen } from '../../../domain/money/money';
import { checkInvariants } from '../../../ops/audit/invariants';
import { VERBS } from '../../../ops/calc/verbs';
import { adjustByTwo, commandLoan } from '../../support/adjust';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { startApi, unreachableTemporal, type Api } from '../../support/api';
import { recordFact, seedActiveLoan } from '../../support/seed';
import { createDeps, startBanks, type Banks } from '../../support/world';

const START = businessDate('2026-11-24');
const TODAY = businessDate('2027-02-10');

describe('an operator’s adjustments', () => {
  let banks: Banks;
  let database: TestDatabase;
  let deps: ActivityDeps;

  beforeAll(async () => {
    banks = await startBanks();
    database = await createTestDatabase();
    deps = createDeps(database, banks, []);
  });

  afterAll(async () => {
    await banks.close();
    await database.close();
  });

  /** Decided by one operator, and approved by another where it takes two. */
  const adjust = (loanId: string, body: Record<string, string | number>) => adjustByTwo(deps, loanId, body, TODAY);

  /** An earlier pause without interest. */
  const pausedBefore = (loanId: string) =>
    deps.db.transaction((tx) =>
      recordFact(tx, loanId, {
        key: 'pause',
        type: 'HARDSHIP_PAUSE',
        valueDate: businessDate('2027-01-02'),
        until: businessDate('2027-01-12'),
        interest: 'none',
      }),
    );
  const lateLoan = (productId = 'consumer-equal-principal') => seedActiveLoan(deps, { productId, on: START });
  const accountOf = async (loanId: string) => loanAccount(recordOf(deps.catalogue, await readLoanFile(deps.db, loanId)), TODAY);
  const balance = async () => Object.fromEntries((await trialBalance(deps.db)).map((row) => [row.account, row.debit - row.credit]));

  it.each([
    ['RATE_CHANGE', { annualRate: '0.05' }],
    ['REAGE', { count: 18, firstDueOn: '2027-03-10' }],
    ['REAMORTIZE', {}],
    ['TERM_EXTENSION', { periods: 6 }],
  ])('%s makes a new version of the schedule; the signed one stays', async (type, body) => {
    const { loanId } = await lateLoan();
    const signed = (await readLoanFile(deps.db, loanId)).schedule;
    expect(await adjust(loanId, { type, ...body })).toMatchObject({ state: 'APPLIED' });
    const file = await readLoanFile(deps.db, loanId);
    expect(file.loan.schedule_version).toBe(2);
    expect(file.schedule).toEqual(signed);
    const current = await readCurrentSchedule(deps.db, file.loan);
    const account = await accountOf(loanId);
    expect(current.map((row) => [row.dueOn, row.principal])).toEqual(account.installments.map((row) => [row.dueOn, row.due.principal]));
    expect(current.reduce((sum, row) => sum + row.principal, 0)).toBe(1_200_000);
    expect(await deps.db('outbox').where('key', 'like', `%schedule:${loanId}%`)).toHaveLength(1);
  });

  it.each([
    ['a rate of nothing from now on', { type: 'RATE_CHANGE', annualRate: '0.00' }],
    ['a lower rate from an earlier day', { type: 'RATE_CHANGE', annualRate: '0.119', on: START }],
    ['a second pause without interest', { type: 'HARDSHIP_PAUSE', until: '2027-03-20', interest: 'none' }],
  ])('one operator alone forgives no interest beyond what one may waive: %s', async (_what, body) => {
    const { loanId } = await seedActiveLoan(deps, { productId: 'consumer-installment', on: START, principalFen: 5_000_000 });
    if (body.type === 'HARDSHIP_PAUSE') await pausedBefore(loanId);
    const verdict = await commandLoan(deps, { loanId, operation: 'ADJUST', body }, TODAY);
    expect(verdict).toMatchObject({ state: 'APPLIED', result: { needsSecond: true } });
  });

  it('waives penalty, and takes the waiver back when it is reversed', async () => {
    const { loanId } = await lateLoan();
    const before = await accountOf(loanId);
    expect(before.penaltyAccrued).toBeGreaterThan(0);
    const waived = await adjust(loanId, { type: 'WAIVER', component: 'penalty', amountFen: before.outstanding.penalty });
    expect((await accountOf(loanId)).outstanding.penalty).toBe(0);
    expect(await adjust(loanId, { type: 'REVERSAL', of: String(waived.result!.fact) })).toMatchObject({ state: 'APPLIED' });
    expect((await accountOf(loanId)).outstanding).toEqual(before.outstanding);
  });

  it('settles with a discount: the debt is gone, the discount is our expense, the ledger agrees', async () => {
    const { loanId } = await lateLoan();
    const { payoff } = await accountOf(loanId);
    const before = await balance();
    expect(await adjust(loanId, { type: 'SETTLEMENT_DISCOUNT', amountFen: payoff.total })).toMatchObject({ state: 'APPLIED' });
    expect((await accountOf(loanId)).status).toBe('CLOSED_OBLIGATIONS_MET');
    const after = await balance();
    expect(after['discount-expense']! - (before['discount-expense'] ?? 0)).toBe(payoff.total);
    expect(after['loans-receivable']! - before['loans-receivable']!).toBe(-1_200_000);
  });

  it('writes off the principal once, and the account is closed', async () => {
    const { loanId } = await lateLoan();
    const before = await balance();
    expect(await adjust(loanId, { type: 'WRITEOFF' })).toMatchObject({ state: 'APPLIED' });
    const account = await accountOf(loanId);
    expect(account).toMatchObject({ status: 'CLOSED_WRITTEN_OFF', payoff: { total: 0 } });
    const after = await balance();
    expect(after['write-off-expense']! - (before['write-off-expense'] ?? 0)).toBe(1_200_000);
    expect(after['loans-receivable']! - before['loans-receivable']!).toBe(-1_200_000);
  });

  it.each([
    ['a settlement discount', { type: 'SETTLEMENT_DISCOUNT', amountFen: 50_000 }],
    ['a write-off', { type: 'WRITEOFF' }],
  ])('takes %s back when it is reversed, in the account and in the ledger', async (_name, body) => {
    const { loanId } = await lateLoan();
    const [account, ledger] = [await accountOf(loanId), await balance()];
    const { result } = await adjust(loanId, body);
    expect((await accountOf(loanId)).outstanding).not.toEqual(account.outstanding);
    expect(await adjust(loanId, { type: 'REVERSAL', of: String(result!.fact) })).toMatchObject({ state: 'APPLIED' });
    expect((await accountOf(loanId)).outstanding).toEqual(account.outstanding);
    expect(await balance()).toMatchObject(ledger);
  });

  it.each([
    ['a waiver of more than is due', { type: 'WAIVER', component: 'interest', amountFen: 999_999_999 }, 'ADJUSTMENT_REFUSED'],
    ['a reversal of a payment', { type: 'REVERSAL', of: 'repayment:x' }, 'NOTHING_TO_REVERSE'],
    ['a reversal of nothing', { type: 'REVERSAL', of: 'adjustment:ghost' }, 'NOTHING_TO_REVERSE'],
    ['a date to come', { type: 'REAMORTIZE', on: '2027-02-11' }, 'INVALID_DATE'],
    ['a first due date that has passed', { type: 'REAGE', count: 3, firstDueOn: '2027-01-01' }, 'ADJUSTMENT_REFUSED'],
  ])('refuses %s and changes nothing', async (_name, body, code) => {
    const { loanId } = await lateLoan();
    const before = await accountOf(loanId);
    const entries = await deps.db('journal_entries').count('id');
    expect(await adjust(loanId, body)).toMatchObject({ state: 'REJECTED', code });
    expect(await accountOf(loanId)).toEqual(before);
    expect(await deps.db('journal_entries').count('id')).toEqual(entries);
  });

  it('takes two people for what is above one person’s authority, and never the same one twice', async () => {
    const { loanId } = await lateLoan();
    const before = await accountOf(loanId);
    const proposed = await commandLoan(deps, { loanId, operation: 'ADJUST', body: { type: 'WRITEOFF' } }, TODAY);
    expect(proposed).toMatchObject({ state: 'APPLIED', result: { needsSecond: true } });
    expect(await accountOf(loanId)).toEqual(before);
    const decide = (caller: string, approve: boolean) =>
      commandLoan(
        deps,
        { loanId, operation: 'DECIDE_ADJUSTMENT', body: { proposalId: proposed.result!.proposalId!, approve }, caller },
        TODAY,
      );
    expect(await decide('operator:li', true)).toMatchObject({ state: 'REJECTED', code: 'FOUR_EYES_REQUIRED' });
    expect(await decide('operator:wang', true)).toMatchObject({ state: 'APPLIED' });
    expect(await decide('operator:zhao', true)).toMatchObject({ state: 'REJECTED', code: 'PROPOSAL_NOT_OPEN' });
    expect(await accountOf(loanId)).toMatchObject({ status: 'CLOSED_WRITTEN_OFF' });
    const row = await deps.db('loan_transactions').where({ loan_id: loanId, type: 'WRITEOFF' }).first('decided_by', 'approved_by');
    expect(row).toEqual({ decided_by: 'operator:li', approved_by: 'operator:wang' });
    await expect(
      deps.db('loan_transactions').insert({
        loan_id: loanId,
        key: 'x',
        type: 'WRITEOFF',
        value_date: TODAY,
        business_date: TODAY,
        needs_second: true,
        decided_by: 'operator:li',
        approved_by: 'operator:li',
      }),
    ).rejects.toMatchObject({ constraint: 'loan_transactions_second_person' });
  });

  it('adds up what one person waives: small amounts one after another take two as well', async () => {
    const { loanId } = await lateLoan();
    const charge = (amountFen: number) =>
      commandLoan(deps, { loanId, operation: 'ADJUST', body: { type: 'CHARGE', component: 'fee', amountFen } }, TODAY);
    expect((await charge(6_000)).result).not.toHaveProperty('needsSecond');
    expect((await charge(6_000)).result).toMatchObject({ needsSecond: true });
  });

  it.each([
    ['a rate above the cap', { type: 'RATE_CHANGE', annualRate: '0.2600' }, 'APR_CAP_EXCEEDED'],
    ['a charge that lifts the yearly cost above the cap', { type: 'CHARGE', component: 'fee', amountFen: 300_000 }, 'APR_CAP_EXCEEDED'],
    ['a term beyond the product’s', { type: 'TERM_EXTENSION', periods: 120 }, 'TERM_NOT_OFFERED'],
    ['a discount above what is owed', { type: 'SETTLEMENT_DISCOUNT', amountFen: 1_300_000 }, 'ADJUSTMENT_REFUSED'],
    ['a discount of all the money there is', { type: 'SETTLEMENT_DISCOUNT', amountFen: 999_999_999_999_999 }, 'ADJUSTMENT_REFUSED'],
  ])('refuses %s, whoever decides', async (_name, body, code) => {
    const { loanId } = await lateLoan();
    const before = await accountOf(loanId);
    expect(await adjust(loanId, body)).toMatchObject({ state: 'REJECTED', code });
    expect(await accountOf(loanId)).toEqual(before);
  });

  it('keeps the books whole through all of this', async () => {
    for (const check of (await checkInvariants({ db: deps.db })).filter((each) => ['I2', 'I7', 'I7b'].includes(each.invariant)))
      expect(check.violations).toEqual([]);
  });

  describe('beside the calculator', () => {
    let api: Api;
    beforeAll(async () => {
      api = await startApi(deps, unreachableTemporal(1));
    });
    afterAll(() => api.close());

    it('books what calc computes for the same terms and payments, to the fen, for every product', async () => {
      const yuan = (money: { minor: string }) => (Number(money.minor) / 100).toFixed(2);
      for (const product of deps.catalogue.all()) {
        const { loanId, person } = await seedActiveLoan(deps, { productId: product.id, on: START, termMonths: 12 });
        const paid = fen(120_000);
        await deps.db.transaction((tx) =>
          recordFact(tx, loanId, { key: 'p1', type: 'REPAYMENT', valueDate: businessDate('2026-12-24'), amount: paid }),
        );
        const { account: rules } = product;
        const terms = {
          principal: '12000.00',
          annualRate: product.annualRate,
          disbursedOn: START,
          every: { months: 1 },
          count: 12,
          method: product.method,
          interest:
            product.interest.basis === 'periodic'
              ? { basis: 'periodic', periodsPerYear: 12 }
              : { basis: 'day_count', convention: product.interest.convention },
          ...(product.method === 'balloon' ? { installment: { amount: '360.00' } } : {}),
          ...(product.method === 'fixed_principal' ? { fixedPrincipal: '600.00' } : {}),
          fees: product.fees.map((fee) => ({ name: fee.name, amount: (fee.amount / 100).toFixed(2), on: fee.on })),
        };
        const { today } = { today: businessDate('2027-06-30') };
        const policy = {
          allocation: rules.allocation,
          interestOn: rules.interestOn,
          earlyPayment: rules.earlyPayment,
          prepayment: rules.prepayment,
          ...(rules.penalty === null
            ? {}
            : {
                penalty: {
                  rateMultiplier: rules.penalty.rateMultiplier,
                  on: rules.penalty.on,
                  dayCount: rules.penalty.dayCount,
                  graceDays: rules.penalty.graceDays,
                },
              }),
          overdueInterest: rules.overdueInterest,
          payoffInterest: rules.payoffInterest,
          ...(rules.payoffFee === null ? {} : { payoffFee: { rate: rules.payoffFee.rate } }),
        };
        const transactions = [{ on: '2026-12-24', type: 'repayment', amount: (paid / 100).toFixed(2) }];
        // eslint-disable-next-line @typescript-eslint/no-explicit-any
        const calc = VERBS.account!({ terms, policy, transactions, asOf: today }) as any;
        const quoted = await api.request('GET', `/v1/loans/${loanId}/payoff-quote?on=${today}`, { as: person.borrowerId });
        expect(quoted.status).toBe(200);
        for (const name of ['principal', 'interest', 'fee', 'penalty', 'total'])
          expect(yuan(quoted.body.payoff[name])).toBe(calc.payoff[name]);
        const schedule = await api.request('GET', `/v1/loans/${loanId}/schedule`, { as: person.borrowerId });
        // eslint-disable-next-line @typescript-eslint/no-explicit-any
        const rows = (VERBS.schedule!(terms) as any).installments;
        expect(
          schedule.body.schedule.map((row: { dueOn: string; principal: { minor: string }; interest: { minor: string } }) => [
            row.dueOn,
            yuan(row.principal),
            yuan(row.interest),
          ]),
        ).toEqual(rows.map((row: { dueOn: string; principal: string; interest: string }) => [row.dueOn, row.principal, row.interest]));
      }
    });

    it('prints a statement whose entries say where each payment went', async () => {
      const { loanId, person } = await seedActiveLoan(deps, { on: businessDate('2026-10-20') });
      await deps.db.transaction((tx) =>
        recordFact(tx, loanId, { key: 'p1', type: 'REPAYMENT', valueDate: businessDate('2026-11-20'), amount: fen(106_619) }),
      );
      const answer = await api.request('GET', `/v1/loans/${loanId}/statement`, { as: person.borrowerId });
      expect(answer.status).toBe(200);
      expect(answer.body.entries.map((entry: { type: string }) => entry.type)).toEqual(['DISBURSEMENT', 'REPAYMENT']);
      expect(answer.body.entries[1]).toMatchObject({ allocated: { interest: { minor: '12000' }, principal: { minor: '94619' } } });
    });
  });
});
