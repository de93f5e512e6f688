import { readLoanFile, recordOf } from '../../db/loan/loan-file';
import { loanAccount } from '../../domain/loan/loan-account';
import { monthsFromAnchor, type BusinessDate } from '../../domain/time/dates';
import { checkInvariants } from '../../ops/audit/invariants';
import { forgetChannelCalls } from '../support/database';
import { withServedWorld, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';

describe('serviceLoan on the time-skipping server', () => {
  let world: World;

  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  // One test's faults must not send another's payments elsewhere.
  beforeEach(() => forgetChannelCalls(world.database));

  async function events(loanId: string, kind: string) {
    return (await readLoanFile(world.deps.db, loanId)).events.filter((event) => event.kind === kind);
  }

  it('carries a 36-month loan from payout to settlement, every debit on its due date', async () => {
    const { loanId } = await seedLoan(world.deps, { principalFen: 3_600_000, termMonths: 36 });
    const handle = await startLoan(world.client, loanId);
    await handle.result();

    const file = await readLoanFile(world.deps.db, loanId);
    const activatedOn = file.loan.activated_on as BusinessDate;
    expect(file.loan.status).toBe('CLOSED_OBLIGATIONS_MET');
    const debits = file.instructions.filter((each) => each.direction === 'DEBIT');
    expect(debits.map((each) => each.businessDate)).toEqual(
      Array.from({ length: 36 }, (_, index) => monthsFromAnchor(activatedOn, index + 1)),
    );
    expect(debits.every((each) => each.state === 'SUCCEEDED')).toBe(true);
    const account = loanAccount(recordOf(world.deps.catalogue, file), '2199-01-01' as BusinessDate);
    expect(account.outstanding.principal + account.outstanding.interest).toBe(0);
    expect(await events(loanId, 'REMINDED')).toHaveLength(36);
    const books = await world.banks.books();
    for (const check of await checkInvariants({ db: world.deps.db, books })) expect(check.violations).toEqual([]);
  });

  it('climbs the ladder by days past due when debits bounce, within lawful hours, and charges off at last', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 1 });
    await world.banks.script({ kind: 'DEBIT', reference: loanId, behaviour: 'no-funds', times: 100 });
    const handle = await startLoan(world.client, loanId);
    await world.environment!.sleep('150 days');
    const contacts = await events(loanId, 'CONTACTED');
    expect(contacts.map(({ data }) => data).map((data) => ('action' in data ? [data.daysPastDue, data.action] : []))).toEqual([
      [1, 'SMS'],
      [3, 'MAIL'],
      [7, 'CALL_TASK'],
      [15, 'MAIL'],
      [31, 'CALL_TASK'],
      [61, 'CALL_TASK'],
    ]);
    for (const contact of contacts) expect(Number(contact.at.slice(11, 13)) + 8).toBeGreaterThanOrEqual(8);
    for (const contact of contacts) expect(Number(contact.at.slice(11, 13)) + 8).toBeLessThan(21);
    expect(await events(loanId, 'CHARGED_OFF')).toHaveLength(1);
    expect(await events(loanId, 'DEBIT_FAILED')).toHaveLength(7);
    const file = await readLoanFile(world.deps.db, loanId);
    expect(file.loan.needs_attention).toContain('a person decides');
    await handle.terminate('test over');
  });

  it('pays out once over the second channel when the first refuses for certain', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 1 });
    await world.banks.script({ bank: 'wallet', kind: 'PAYOUT', reference: loanId, behaviour: 'refused' });
    const handle = await startLoan(world.client, loanId);
    await handle.result();
    const { entries } = await world.banks.books();
    const payouts = entries.filter((entry) => entry.reference === loanId && entry.kind === 'PAYOUT' && entry.state === 'BOOKED');
    expect(payouts.map((entry) => entry.bank)).toEqual(['cardnet']);
  });

  it.each(['no-answer', 'reset', 'truncated', 'error-but-paid', 'unlisted-code-but-paid', 'unsigned', 'not-found-then-success'] as const)(
    'sends nothing twice when the bank paid and its answer was lost (%s)',
    async (behaviour) => {
      const { loanId } = await seedLoan(world.deps, { termMonths: 1 });
      await world.banks.script({ bank: 'wallet', kind: 'PAYOUT', reference: loanId, behaviour });
      const handle = await startLoan(world.client, loanId);
      await handle.result();
      const { entries } = await world.banks.books();
      const payouts = entries.filter((entry) => entry.reference === loanId && entry.kind === 'PAYOUT');
      expect(payouts.map((entry) => [entry.bank, entry.state])).toEqual([['wallet', 'BOOKED']]);
    },
  );

  it('fails over after a lost request only when the first channel has closed the number', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 1 });
    await world.banks.script({ bank: 'wallet', kind: 'PAYOUT', reference: loanId, behaviour: 'request-lost' });
    const handle = await startLoan(world.client, loanId);
    await handle.result();
    const attempts = await world.deps
      .db('payment_attempts as a')
      .join('payment_instructions as i', 'i.id', 'a.instruction_id')
      .where({ 'a.loan_id': loanId, 'i.direction': 'PAYOUT' })
      .orderBy('attempt')
      .select('a.channel', 'a.state', 'a.code');
    expect(attempts).toEqual([
      { channel: 'wallet', state: 'FAILED', code: 'CLOSED' },
      { channel: 'cardnet', state: 'SUCCEEDED', code: '00' },
    ]);
  });

  it('waits for the same channel, with the same number, while that has no balance', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 1 });
    await world.banks.script({ bank: 'wallet', kind: 'PAYOUT', reference: loanId, behaviour: 'no-balance', times: 3 });
    const handle = await startLoan(world.client, loanId);
    await handle.result();
    const attempts = await world.deps
      .db('payment_attempts')
      .where({ loan_id: loanId, instruction_id: `payout-${loanId}-1` })
      .select('channel', 'state');
    expect(attempts).toEqual([{ channel: 'wallet', state: 'SUCCEEDED' }]);
  });
});
