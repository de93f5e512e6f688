import { type TestDatabase } from '../support/database';
import { seedApplication, seedLoan } from '../support/seed';
import { withDesk } from '../support/world';
import type { ActivityDeps } from '../../services/deps';

/** Guarantee: the guards of the database look at our tables, whatever a role puts before them. */
describe('the application role against the database’s own guards, by temporary tables of the same name', () => {
  let database: TestDatabase;
  let deps: ActivityDeps;
  withDesk((desk) => {
    ({ database, deps } = desk);
  });

  it('no state is jumped', async () => {
    const { applicationId: id } = await seedApplication(deps);
    await expect(database.db('applications').where({ id }).update({ status: 'SIGNED' })).rejects.toMatchObject({ code: 'LL001' });
    await deps.db
      .transaction(async (tx) => {
        await tx.raw('CREATE TEMP TABLE state_transitions (machine text, from_state text, to_state text) ON COMMIT DROP');
        await tx('state_transitions').insert({ machine: 'application', from_state: 'DRAFT', to_state: 'READY_TO_DISBURSE' });
        await tx('applications').where({ id }).update({ status: 'READY_TO_DISBURSE' });
      })
      .catch(() => undefined);
    expect((await database.db('applications').where({ id }).first<{ status: string }>('status')).status).toBe('DRAFT');
  });

  it('no journal entry is out of balance', async () => {
    const { loanId } = await seedLoan(deps);
    const forging = deps.db.transaction(async (tx) => {
      const [entry] = await tx('journal_entries')
        .insert({ key: 'forged', loan_id: loanId, business_date: '2026-11-23', description: 'forged', kind: 'ADJUSTED' })
        .returning<{ id: number }[]>('id');
      const line = { entry_id: entry?.id, line: 1, account: 'loans-receivable', side: 'DEBIT', amount_fen: 100 };
      await tx('journal_lines').insert(line);
      await tx.raw('CREATE TEMP TABLE journal_lines (LIKE public.journal_lines) ON COMMIT DROP');
      await tx.raw('GRANT ALL ON journal_lines TO PUBLIC');
      await tx.raw('INSERT INTO pg_temp.journal_lines SELECT * FROM public.journal_lines WHERE entry_id = ?', [entry?.id ?? 0]);
      await tx.raw(`INSERT INTO pg_temp.journal_lines SELECT * FROM public.journal_lines WHERE entry_id = ?`, [entry?.id ?? 0]);
      await tx.raw(`UPDATE pg_temp.journal_lines SET side = 'CREDIT', line = 2 WHERE ctid = (SELECT max(ctid) FROM pg_temp.journal_lines)`);
      await tx.raw('SET CONSTRAINTS ALL IMMEDIATE');
    });
    await expect(forging).rejects.toMatchObject({ code: 'LL003' });
    expect(await database.db('journal_entries').where({ key: 'forged' }).pluck('key')).toEqual([]);
  });
});
