import { businessDateOf, instant } from '../../domain/time/dates';
import { seedActiveLoan, startLoan } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';

/** Guarantee: whoever sends a signal, and whatever it says, moves no loan's time and stops no loan. */
describe('a signal that nobody of ours sent', () => {
  let world: World;
  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  const next = async (loanId: string) =>
    world.deps
      .db('loans')
      .where({ id: loanId })
      .first<{ next_kind: string | null; next_at: Date | null; date_cursor: string | null }>('next_kind', 'next_at', 'date_cursor');

  it.each([
    ['is dated 40 days ahead', [{ at: instant(Date.now() + 40 * 86_400_000) }]],
    ['is dated a century ahead', [{ at: '2126-01-01T00:00:00Z' }]],
    ['is dated on a day that is none', [{ at: '2026-02-31T00:00:00Z' }]],
    ['names no time', [{}]],
    ['names a time that is a number', [{ at: 1_700_000_000_000 }]],
    ['has no argument', []],
    ['has an argument of another kind', ['now']],
    ['has nothing', [null]],
  ])('%s', async (_what, args) => {
    const { loanId } = await seedActiveLoan(world.deps, { on: businessDateOf(instant(Date.now())), termMonths: 12 });
    const handle = await startLoan(world.client, loanId);
    await eventually('an appointment', async () => (await next(loanId)).next_kind !== null);
    const before = await next(loanId);
    await handle.signal('factsChanged', ...(args as [object]));
    await world.environment!.sleep('2 minutes');
    expect(await next(loanId)).toEqual(before);
    const { events } = await handle.fetchHistory();
    expect((events ?? []).filter((event) => event.workflowTaskFailedEventAttributes)).toHaveLength(0);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect((await world.banks.books()).entries.filter((entry) => entry.reference === loanId)).toHaveLength(0);
    await handle.terminate('test over');
  });
});
