import Long from 'long';
import { readLoanFile } from '../../db/loan/loan-file';
import { addDays } from '../../domain/time/dates';
import { createWorld, eventually, type World } from '../support/world';
import { seedLoan, startLoan } from '../support/seed';
import { workflowShapes } from '../../domain/keys';

describe('a loan that wakes late', () => {
  let world: World;

  beforeAll(async () => {
    // Long enough for a second fast-forward to come before a due timer fires: nobody is there to serve it.
    world = await createWorld({ server: 'dev', timerShiftMs: 1_000 });
  });

  afterAll(() => world.close());

  /** Moves the workflow's clock although nobody serves it: a second fast-forward jumps over the timer that is due. */
  async function letTimePass(workflowId: string, days: number): Promise<void> {
    const { workflowService } = world.client;
    const clock = async () => {
      const { workflowExtendedInfo } = await workflowService.describeWorkflowExecution({ namespace: 'default', execution: { workflowId } });
      return Number(workflowExtendedInfo?.timeSkippingInfo?.currentTime?.seconds ?? Date.now() / 1_000);
    };
    const target = (await clock()) + days * 86_400;
    let attempt = 0;
    await eventually('the clock’s move', async () => {
      const left = Math.ceil(target - (await clock()));
      if (left <= 0) return true;
      attempt += 1;
      await workflowService.updateWorkflowExecutionOptions({
        namespace: 'default',
        workflowExecution: { workflowId },
        workflowExecutionOptions: {
          timeSkippingConfig: {
            enabled: true,
            fastForwardConfig: { id: `late-${String(attempt)}`, duration: { seconds: Long.fromNumber(left) } },
          },
        },
        updateMask: { paths: ['time_skipping_config'] },
      });
      return false;
    });
  }

  it('does all that it missed in three months without workers, in order, each under its own business date', async () => {
    const { loanId } = await seedLoan(world.deps, { termMonths: 6 });
    const first = await world.startFleet();
    await startLoan(world.client, loanId);
    await eventually('the payout', async () => (await readLoanFile(world.deps.db, loanId)).loan.next_kind === 'REMIND');
    await first.stop();

    await letTimePass(workflowShapes.loan(loanId), 95);
    const second = await world.startFleet();
    const { schedule, events, instructions } = await eventually('the catching up', async () => {
      const file = await readLoanFile(world.deps.db, loanId);
      return file.events.filter((event) => event.kind === 'PAYMENT_RECEIVED').length === 3 && file.loan.next_kind === 'REMIND'
        ? file
        : undefined;
    });
    await second.stop();

    const performed = events
      .filter((event) => event.kind === 'REMINDED' || event.kind === 'DEBIT_PRESENTED')
      .map((event) => [event.kind, event.businessDate]);
    const dueSoFar = schedule.slice(0, 3).map((row) => row.dueOn);
    expect(performed).toEqual(
      dueSoFar.flatMap((dueOn) => [
        ['REMINDED', addDays(dueOn, -3)],
        ['DEBIT_PRESENTED', dueOn],
      ]),
    );
    const debits = instructions.filter((each) => each.direction === 'DEBIT');
    expect(debits.map((each) => [each.businessDate, each.amount])).toEqual(schedule.slice(0, 3).map((row) => [row.dueOn, row.payment]));
    // Money received late is not asked for again: no contact goes out for debts that were paid on waking.
    expect(events.filter((event) => event.kind === 'CONTACTED')).toEqual([]);
  });
});
