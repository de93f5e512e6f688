import { randomUUID } from 'node:crypto';
import { storeCommand } from '../../db/commands';
import { readLoanFile } from '../../db/loan/loan-file';
import { addDays, businessDateOf, instant } from '../../domain/time/dates';
import { loanUpdates } from '../../workflows/service-loan.messages';
import { seedActiveLoan, startLoan } from '../support/seed';
import { createWorld, eventually, type Fleet, type World } from '../support/world';
import { startRelay, type Relay } from '../../workers/relay';
import type { Mailer } from '../../providers/messages/port';
import { workflowShapes } from '../../domain/keys';

describe('a mail server that refuses one address', () => {
  let world: World;
  let fleet: Fleet;
  let relay: Relay;
  beforeAll(async () => {
    world = await createWorld({ server: 'dev' });
    fleet = await world.startFleet();
    relay = startRelay(world.deps, world.client);
  });
  afterAll(async () => {
    await relay.stop();
    await fleet.stop();
    await world.close();
  });
  it('keeps no loan from taking a payment', async () => {
    let tries = 0;
    (world.deps as { mailer: Mailer }).mailer.send = async () => {
      tries += 1;
      await Promise.reject(Object.assign(new Error('550 no such mailbox'), { responseCode: 550 }));
    };
    const today = businessDateOf(instant(Date.now()));
    const { loanId } = await seedActiveLoan(world.deps, { on: addDays(today, -35), termMonths: 12 });
    await world.banks.script({ behaviour: 'no-funds', kind: 'DEBIT', reference: loanId, times: 50 });
    await startLoan(world.client, loanId);
    await eventually('a contact', () => Promise.resolve(tries > 0), 30_000);
    const now = instant(Date.now());
    // While a debit of the days that it catches up with is under way, it rightly takes no other.
    await eventually(
      'the loan to wait for a later day',
      async () => {
        const { loan, instructions } = await readLoanFile(world.deps.db, loanId);
        return loan.next_at !== null && loan.next_at > now && !instructions.some((each) => each.open);
      },
      60_000,
    );
    const id = randomUUID();
    await storeCommand(world.deps.db, {
      id,
      caller: 'borrower:x',
      idempotencyKey: id,
      operation: 'PAY',
      subject: loanId,
      bodySha256: id,
      body: { amountFen: 1000 },
      businessDate: today,
    });
    const verdict = await Promise.race([
      world.client.workflow
        .getHandle(workflowShapes.loan(loanId))
        .executeUpdate(loanUpdates.PAY, { args: [{ commandId: id, at: now }], updateId: id })
        .then((v) => JSON.stringify(v)),
      new Promise<string>((resolve) => setTimeout(() => resolve('no verdict after 30 s'), 30_000)),
    ]);
    const file = await readLoanFile(world.deps.db, loanId);
    expect(verdict).toContain('APPLIED');
    expect(file.loan.status).toBe('ACTIVE');
  });
});
