import { readLoanFile } from '../../db/loan/loan-file';
import { insertInstruction } from '../../db/payment/payments';
import { at, businessDate, monthsFromAnchor } from '../../domain/time/dates';
import { taskQueues } from '../../domain/ids';
import { fen } from '../../domain/money/money';
import { debitLoan } from '../../workflows/debit-loan';
import { seedActiveLoan } from '../support/seed';
import { withServedWorld, type World } from '../support/world';
import { debitWorkflowId, keys } from '../../domain/keys';

describe('debitLoan', () => {
  let world: World;

  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  it('gives way to a payment that the borrower asked for as it was about to begin: neither waits for the other', async () => {
    const on = businessDate('2026-11-24');
    const { loanId } = await seedActiveLoan(world.deps, { on, termMonths: 2 });
    const dueOn = monthsFromAnchor(on, 1);
    const now = at(dueOn, '08:08');
    const asked = { id: keys.debitInstruction(loanId, dueOn, 2), loan_id: loanId, direction: 'DEBIT', amount_fen: fen(100) } as const;
    await world.deps.db.transaction((tx) => insertInstruction(tx, { ...asked, business_date: dueOn, presentment: 2 }, now));

    const result = await world.client.workflow.execute(debitLoan, {
      workflowId: debitWorkflowId(loanId, dueOn, 1),
      taskQueue: taskQueues.loans,
      args: [{ loanId, businessDate: dueOn, presentment: 1, plannedAt: now, now }],
    });
    expect(result).toMatchObject({ outcome: 'FAILED' });
    const file = await readLoanFile(world.deps.db, loanId);
    expect(file.instructions.map((each) => each.id)).toEqual([asked.id]);
    // Nothing says that the due debit was presented: the loan presents it after the other one.
    expect(file.events.map((event) => event.kind)).not.toContain('DEBIT_PRESENTED');
  });
});
