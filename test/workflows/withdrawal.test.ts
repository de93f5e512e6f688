import { randomUUID } from 'node:crypto';
import { businessNow } from '../../db/clock';
import { storeCommand } from '../../db/commands';
import { readLoanFile } from '../../db/loan/loan-file';
import { addDays, at, businessDateOf, epochMs, instant, type Instant } from '../../domain/time/dates';
import { workflowShapes } from '../../domain/keys';
import { checkInvariants } from '../../ops/audit/invariants';
import { repair } from '../../ops/audit/doctor';
import { CHANNEL_NAMES } from '../../channels/names';
import { loanUpdates } from '../../workflows/service-loan.messages';
import { advanceClock } from '../../dev/clock';
import { forgetChannelCalls } from '../support/database';
import { seedLoan, startLoan } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';

const DAY_MS = 86_400_000;

/** Guarantee: a withdrawal unwinds to the same end through outages of weeks, and from Postgres alone where the workflow is gone. */
describe('a withdrawal after the payout, in the loan’s workflow', () => {
  let world: World;
  withServedWorld({ server: 'dev' }, (served) => {
    world = served;
  });
  beforeEach(async () => {
    await forgetChannelCalls(world.database);
    await fetch(`${world.banks.url}/scripts`, { method: 'DELETE' });
  });

  const file = (loanId: string) => readLoanFile(world.deps.db, loanId);
  async function lent(): Promise<string> {
    const { loanId } = await seedLoan(world.deps, { productId: 'consumer-withdrawable', principalFen: 1_000_000, termMonths: 12 });
    await startLoan(world.client, loanId, (await businessNow(world.deps.db)).now);
    await eventually('the payout', async () => (await file(loanId)).loan.status === 'ACTIVE');
    return loanId;
  }
  async function withdraw(loanId: string): Promise<Instant> {
    const { now } = await businessNow(world.deps.db);
    const id = randomUUID();
    const who = { caller: 'borrower:test', idempotencyKey: id, bodySha256: id };
    await storeCommand(world.deps.db, {
      id,
      ...who,
      operation: 'WITHDRAW_AFTER_PAYOUT',
      subject: loanId,
      body: {},
      businessDate: businessDateOf(now),
    });
    const verdict = await world.client.workflow
      .getHandle(workflowShapes.loan(loanId))
      .executeUpdate(loanUpdates.WITHDRAW_AFTER_PAYOUT, { args: [{ commandId: id, at: now }], updateId: id });
    expect(verdict.state).toBe('APPLIED');
    return now;
  }
  async function unwound(loanId: string): Promise<void> {
    const { today } = await businessNow(world.deps.db);
    const clock = {
      db: world.deps.db,
      client: world.client,
      isSandbox: true,
      restoreEpoch: world.deps.restoreEpoch,
      progress: () => undefined,
    };
    await advanceClock(clock, at(addDays(today, 40), '15:00'));
    await eventually('the loan is closed', async () => (await file(loanId)).loan.status === 'CLOSED_OBLIGATIONS_MET', 100_000);
    const { instructions, facts } = await file(loanId);
    const paid = instructions.filter((each) => each.direction === 'DEBIT' && each.state === 'SUCCEEDED');
    // Principal, and less than two months of its interest, by one debit or what was short of it by a second.
    const total = paid.reduce((sum, each) => sum + each.amount, 0);
    expect([total >= 1_000_000, total < 1_020_000, facts.filter(({ type }) => type === 'WITHDRAWAL').length]).toEqual([true, true, 1]);
    for (const check of await checkInvariants({ db: world.deps.db, books: await world.banks.books() }))
      expect(check.violations).toEqual([]);
  }

  it('collects and closes', async () => {
    const loanId = await lent();
    await withdraw(loanId);
    await unwound(loanId);
  });

  it('goes on after every channel was away for three weeks', async () => {
    const loanId = await lent();
    const until = instant(epochMs((await businessNow(world.deps.db)).now) + 21 * DAY_MS);
    for (const bank of CHANNEL_NAMES) await world.banks.tell('outages', { bank, reference: loanId, until });
    await withdraw(loanId);
    await unwound(loanId);
  });

  it('comes to the same end where its workflow is deleted midway and repaired from Postgres', async () => {
    const loanId = await lent();
    for (const bank of CHANNEL_NAMES) await world.banks.script({ bank, kind: 'DEBIT', reference: loanId, behaviour: 'no-funds', times: 2 });
    await withdraw(loanId);
    await eventually('a first debit is refused', async () => (await file(loanId)).events.some(({ kind }) => kind === 'DEBIT_FAILED'));
    await world.client.workflow.getHandle(workflowShapes.loan(loanId)).terminate('its history is lost');
    expect(await repair(world.deps.db, world.client)).toContain(workflowShapes.loan(loanId));
    await unwound(loanId);
  });
});
