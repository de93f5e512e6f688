import type { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../services/deps';
import type { Activities } from '../../activities/index';
import { decideClearing, proposeClearing } from '../../services/reconciliation/clear-breaks';
import { intoSuspenseFor } from '../../services/reconciliation/suspense';
import { openBreak, openBreaks, type BreakRow } from '../../db/reconciliation/breaks';
import { trialBalance } from '../../db/ledger/journal';
import { readLoanFile } from '../../db/loan/loan-file';
import { settlementDifferences } from '../../db/reconciliation/settlement';
import { addDays, at, businessDate, type BusinessDate, type Instant } from '../../domain/time/dates';
import { checkInvariants } from '../../ops/audit/invariants';
import type { FileFault, LineFault } from '../../simulator/scripts';
import { noonAfter, PaymentDesk } from '../support/payment-desk';
import type { Banks } from '../support/world';

const DAY = businessDate('2026-11-23');
const NEXT = addDays(DAY, 1);

describe('reconciliation', () => {
  let desk: PaymentDesk;
  let banks: Banks;
  let deps: ActivityDeps;
  let environment: MockActivityEnvironment;
  let activities: Activities;

  beforeEach(async () => {
    desk = await PaymentDesk.open();
    ({ banks, deps, environment, activities } = desk);
  });

  afterEach(() => desk.close());

  const payOut = (behaviour?: string, queries = 1, on = DAY, more: object = {}) =>
    desk.payOut(on, { ...(behaviour === undefined ? {} : { behaviour }), queries, more });
  const spoil = (number: string, change: LineFault['change']) => desk.spoil(number, change);
  const reconcile = (through: BusinessDate, now?: Instant) => desk.reconcile(through, now);
  const breaks = async () => (await openBreaks(deps.db)).map((row) => row.code).sort();
  const breakOf = async (code: string) => await deps.db('breaks').where({ code }).first<BreakRow>();
  const stateOf = async (number: string) => (await deps.db('payment_attempts').where({ number }).first<{ state: string }>('state')).state;
  const agree = async () => {
    expect(await settlementDifferences(deps.db)).toEqual([]);
    for (const check of await checkInvariants({ db: deps.db, books: await banks.books() }))
      expect([check.invariant, check.violations]).toEqual([check.invariant, []]);
  };

  it('finds nothing on a day on which both sides say the same, and says so once', async () => {
    await payOut();
    await payOut();
    expect(await reconcile(DAY)).toMatchObject({ reconciled: 1, breaks: 0, waitsFor: null });
    expect(await reconcile(DAY)).toMatchObject({ reconciled: 0, breaks: 0, waitsFor: null });
    expect(await deps.db('reconciliations').first()).toMatchObject({
      lines: 2,
      matched: 2,
      file_net_fen: -2_400_000,
      ledger_net_fen: -2_400_000,
      bank_net_fen: -2_400_000,
      fees_fen: 100,
    });
    await agree();
  });

  it('completes an open payment that the file shows booked', async () => {
    const { loanId, number } = await payOut('no-answer', 0);
    expect(await stateOf(number)).toBe('UNKNOWN');
    await reconcile(DAY);
    expect(await stateOf(number)).toBe('SUCCEEDED');
    expect((await readLoanFile(deps.db, loanId)).loan.status).toBe('ACTIVE');
    expect(await breakOf('CONFIRMED_BY_FILE')).toMatchObject({ state: 'HEALED' });
    await agree();
  });

  it('suspends what a channel paid against its word, stops its route, and frees the suspense when the money comes back', async () => {
    const { number } = await payOut('refused-but-paid', 0);
    expect(await stateOf(number)).toBe('FAILED');
    await reconcile(DAY);
    const claim = await breakOf('PAID_AFTER_FAILURE');
    expect(claim).toMatchObject({ state: 'OPEN', is_urgent: true, suspense_fen: -1_200_000, owner: 'payments' });
    expect(await deps.db('channel_decisions').where({ channel: 'wallet', enabled: false }).first()).toBeDefined();
    await agree();

    const now = noonAfter(DAY);
    expect(await activities.advanceBreak({ breakId: claim.id, at: now })).toMatchObject({ next: 'RECALL', channel: 'wallet' });
    await environment.run(activities.recallForBreak, { breakId: claim.id, at: now });
    expect(await activities.advanceBreak({ breakId: claim.id, at: now })).toMatchObject({ next: 'WAIT' });
    await reconcile(addDays(DAY, 2));
    expect(await breakOf('PAID_AFTER_FAILURE')).toMatchObject({ state: 'HEALED', suspense_fen: 0 });
    expect(await activities.advanceBreak({ breakId: claim.id, at: now })).toEqual({ next: 'DONE', state: 'HEALED' });
    await agree();
  });

  it('reverses a write-off when the money comes back after all, which then is nobody’s repayment', async () => {
    const { loanId } = await payOut('refused-but-paid', 0);
    await reconcile(DAY);
    const { id: breakId } = await breakOf('PAID_AFTER_FAILURE');
    const decision = { breakId, reason: 'the channel says that it is lost', at: noonAfter(DAY) };
    await environment.run(activities.recallForBreak, { breakId, at: noonAfter(DAY) });
    await proposeClearing(deps.db, { ...decision, actor: 'operator:li', proposal: 'WRITE_OFF' });
    await decideClearing(deps, { ...decision, actor: 'operator:wang', approve: true });
    const loss = async () => {
      const row = (await trialBalance(deps.db)).find(({ account }) => account === 'write-off-expense');
      return (row?.debit ?? 0) - (row?.credit ?? 0);
    };
    expect(await loss()).toBe(1_200_000);
    await agree();
    await reconcile(addDays(DAY, 2));
    expect(await loss()).toBe(0);
    expect(await breaks()).toEqual([]);
    const { note } = await deps.db('break_events').where({ break_id: breakId }).orderBy('seq', 'desc').first<{ note: string }>('note');
    expect(note).toContain('the write-off is reversed');
    expect((await readLoanFile(deps.db, loanId)).facts.filter((fact) => fact.type === 'REPAYMENT')).toEqual([]);
    await agree();
  });

  it('applies no money to a loan that was never its borrower’s, nor to another loan than the break’s', async () => {
    const { loanId, number } = await payOut('refused', 0);
    const { loanId: other } = await payOut();
    const found = { channel: 'wallet', businessDate: DAY, code: 'RETURNED', subject: number, loanId, amount: 100, expected: 0 } as const;
    const breakId = await deps.db.transaction(async (tx) => {
      const id = await openBreak(tx, found, noonAfter(DAY));
      await intoSuspenseFor(tx, { breakId: id, cameIn: true, amount: 100, date: DAY });
      return id;
    });
    const apply = (loan?: string) =>
      proposeClearing(deps.db, {
        ...{ breakId, actor: 'operator:li', reason: 'it looks like theirs', at: noonAfter(DAY), proposal: 'APPLY' },
        ...(loan === undefined ? {} : { loanId: loan }),
      });
    await expect(apply()).rejects.toMatchObject({ code: 'VALIDATION', message: expect.stringContaining('never the borrower’s') as string });
    await expect(apply(other)).rejects.toMatchObject({ code: 'VALIDATION', details: { path: 'loanId' } });
  });

  it('takes a returned payout back: the loan is unpaid again, owes nothing, and may be paid out anew', async () => {
    const { loanId, number } = await payOut('returns', 0, DAY, { afterDays: 2 });
    await reconcile(DAY);
    expect((await readLoanFile(deps.db, loanId)).loan.status).toBe('ACTIVE');
    await reconcile(addDays(DAY, 2));
    expect(await stateOf(number)).toBe('RETURNED');
    expect((await readLoanFile(deps.db, loanId)).loan).toMatchObject({ status: 'APPROVED', activated_on: null });
    expect(await activities.lookAhead({ loanId, at: noonAfter(addDays(DAY, 2)) })).toMatchObject({
      appointment: { kind: 'AWAIT_OPERATOR' },
    });
    await agree();
  });

  it('waits a day for a payment that stands in the next day’s file, and calls it missing when it does not', async () => {
    const late = await payOut();
    const gone = await payOut();
    await spoil(late.number, 'next-day');
    await spoil(gone.number, 'omit');
    await reconcile(DAY);
    expect(await breaks()).toEqual(['BANK', 'CUTOFF', 'CUTOFF']);
    await reconcile(NEXT);
    expect(await breaks()).toEqual(['BANK', 'BANK', 'SHORT']);
    expect(await breakOf('SHORT')).toMatchObject({ number: gone.number, expected_fen: -1_200_000 });
    await agree();
  });

  it.each<[LineFault['change'], string]>([
    ['amount', 'AMOUNT'],
    ['fee', 'FEE'],
    ['failed', 'FAILED_AFTER_SUCCESS'],
    ['payee', 'PARTY'],
    ['twice', 'DUPLICATE'],
  ])('opens a break and books nothing when the file has a line’s %s wrong', async (change, code) => {
    const { number } = await payOut();
    await spoil(number, change);
    await reconcile(DAY);
    expect((await breaks()).filter((each) => each !== 'BANK')).toEqual([code]);
    expect(await stateOf(number)).toBe('SUCCEEDED');
    await agree();
  });

  it('owes a channel its fee once for each payment, as agreed, whatever its file says', async () => {
    const [fair, dear, doubled] = [await payOut(), await payOut(), await payOut()];
    await spoil(dear.number, 'fee');
    await spoil(doubled.number, 'twice');
    await reconcile(DAY);
    expect(await breakOf('FEE')).toMatchObject({ number: dear.number, loan_id: dear.loanId, amount_fen: -55, expected_fen: -50 });
    const payable = (await trialBalance(deps.db)).find(({ account }) => account === 'fees-payable:wallet');
    expect(payable).toMatchObject({ debit: 0, credit: 150 });
    expect(await stateOf(fair.number)).toBe('SUCCEEDED');
    await agree();
  });

  it('finds a payment that the files of two days list, whichever of them comes first', async () => {
    const [first, second] = [await payOut(), await payOut(undefined, 1, addDays(DAY, 2))];
    await spoil(first.number, 'again');
    await spoil(second.number, 'again');
    await banks.tell('file-faults', { bank: 'wallet', date: addDays(DAY, 2), fault: 'edited' });
    await reconcile(addDays(DAY, 3));
    expect(await deps.db('breaks').where({ code: 'DUPLICATE' })).toMatchObject([
      { number: first.number, business_date: NEXT, loan_id: first.loanId, amount_fen: -2_400_000, expected_fen: -1_200_000 },
    ]);
    await reconcile(addDays(DAY, 4));
    expect(await deps.db('breaks').where({ code: 'DUPLICATE', number: second.number })).toMatchObject([
      { business_date: addDays(DAY, 2), amount_fen: -2_400_000, expected_fen: -1_200_000 },
    ]);
    expect(await deps.db('breaks').where({ code: 'INTERNAL' })).toEqual([]);
    const fees = await deps.db('reconciliations').sum<{ sum: string }[]>('fees_fen as sum');
    expect(Number(fees[0]!.sum)).toBe(100);
    await agree();
  });

  it('puts what nobody can explain into suspense, never into income', async () => {
    await payOut();
    await banks.tell('foreign-entries', { bank: 'wallet', number: 'unknown-1', kind: 'DEBIT', amountFen: 4_200, date: DAY });
    await reconcile(DAY);
    expect(await breakOf('LONG')).toMatchObject({ amount_fen: 4_200, suspense_fen: 4_200, state: 'OPEN' });
    expect(await settlementDifferences(deps.db)).toEqual([]);
  });

  it('makes a case of a transfer that only the settlement account shows, and takes it up from the next day’s file', async () => {
    await payOut();
    await banks.tell('foreign-entries', { bank: 'wallet', number: 'unknown-1', kind: 'DEBIT', amountFen: 4_200, date: DAY });
    await desk.spoil('unknown-1', 'next-day');
    await reconcile(DAY);
    expect(await breaks()).toEqual(['BANK']);
    await agree();
    await reconcile(addDays(DAY, 1));
    expect(await breakOf('LONG')).toMatchObject({ amount_fen: 4_200, suspense_fen: 4_200, state: 'OPEN' });
    await agree();
  });

  it('notices when the settlement account says something else than the file', async () => {
    await payOut();
    await banks.tell('house-bank-faults', { bank: 'wallet', date: DAY, offFen: 7 });
    await reconcile(DAY);
    expect(await breakOf('BANK')).toMatchObject({ amount_fen: -1_199_993, expected_fen: -1_200_000 });
  });

  it.each<FileFault>(['truncated', 'wrong-count', 'wrong-sum', 'wrong-day', 'edited', 'empty'])(
    'loads nothing of a file that is %s, raises an alarm, and loads it when it is right',
    async (fault) => {
      await payOut();
      await banks.tell('file-faults', { bank: 'wallet', date: DAY, fault });
      await reconcile(DAY);
      expect(await breaks()).toEqual(['FILE']);
      expect(await deps.db('channel_file_lines')).toEqual([]);
      expect(await deps.db('outbox').where({ topic: 'alarm' })).toHaveLength(1);
      await reconcile(DAY);
      expect(await breaks()).toEqual([]);
      expect(await deps.db('channel_file_lines')).toHaveLength(1);
    },
  );

  it('refuses a file that is sent again with other content, and keeps the first', async () => {
    const { number } = await payOut();
    await reconcile(DAY);
    expect(await breaks()).toEqual([]);
    await spoil(number, 'amount');
    await reconcile(NEXT);
    expect(await breaks()).toEqual(['FILE']);
    expect(await deps.db('break_events').where({ kind: 'OPENED' }).first()).toMatchObject({
      note: expect.stringContaining('sent again') as string,
    });
    expect((await deps.db('channel_file_lines').where({ number }).first<{ amount_fen: number }>()).amount_fen).toBe(1_200_000);
    await agree();
  });

  it('waits for a file until its time, and makes a case of it after that', async () => {
    await payOut();
    await banks.tell('file-faults', { bank: 'wallet', date: DAY, fault: 'late', times: 2 });
    expect(await reconcile(DAY, at(NEXT, '11:00'))).toMatchObject({ reconciled: 0, waitsFor: DAY });
    expect(await breaks()).toEqual([]);
  });

  it('needs two people to clear a break by hand', async () => {
    const { number } = await payOut();
    await spoil(number, 'amount');
    await banks.tell('foreign-entries', { bank: 'wallet', number: 'unknown-1', kind: 'PAYOUT', amountFen: 100, date: DAY });
    await reconcile(DAY);
    const [amount, long] = [await breakOf('AMOUNT'), await breakOf('LONG')];
    const decision = { actor: 'operator:li', reason: 'the channel corrected its file', at: noonAfter(DAY) };
    await expect(decideClearing(deps, { ...decision, breakId: amount.id, approve: true })).rejects.toMatchObject({
      code: 'BREAK_NOT_OPEN',
    });
    await proposeClearing(deps.db, { ...decision, breakId: amount.id, proposal: 'ACCEPT' });
    await expect(decideClearing(deps, { ...decision, breakId: amount.id, approve: true })).rejects.toMatchObject({
      code: 'FOUR_EYES_REQUIRED',
    });
    expect(await decideClearing(deps, { ...decision, actor: 'operator:wang', breakId: amount.id, approve: true })).toMatchObject({
      state: 'CLEARED',
    });
    await expect(proposeClearing(deps.db, { ...decision, breakId: long.id, proposal: 'ACCEPT' })).rejects.toMatchObject({
      code: 'VALIDATION',
    });
    await proposeClearing(deps.db, { ...decision, breakId: long.id, proposal: 'WRITE_OFF' });
    await decideClearing(deps, { ...decision, actor: 'operator:wang', breakId: long.id, approve: true });
    expect(await deps.db('journal_entries').where({ key: `break:${long.id}:written-off` })).toHaveLength(1);
    expect(await settlementDifferences(deps.db)).toEqual([]);
  });

  it('closes no day whose money is not reconciled once its file is due, nor on a ledger that disagrees with its payments', async () => {
    await payOut();
    await deps.db('sandbox_clock').insert({ id: 1, offset_ms: Math.max(0, Date.parse(noonAfter(DAY)) - Date.now()) });
    await expect(environment.run(activities.closeThrough, { through: DAY })).rejects.toMatchObject({ type: 'UNAVAILABLE' });
    await reconcile(DAY);
    expect(await environment.run(activities.closeThrough, { through: DAY })).toMatchObject({ closed: 1 });
  });
});
