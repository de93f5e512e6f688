import { businessDateOf, instant } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { Catalogue } from '../../domain/product/products';
import { seedActiveLoan, startLoan } from '../support/seed';
import { eventually, withServedWorld, type World } from '../support/world';

/** Guarantee: a step that cannot succeed for two days eats no history, and the loan goes on when it can. */
describe('a loan whose step cannot succeed', () => {
  let world: World;
  withServedWorld({ server: 'time-skipping' }, (served) => {
    world = served;
  });

  it.each([
    ['UNAVAILABLE', 1, 100],
    ['PRODUCT_NOT_FOUND', 48, 250],
  ] as const)('waits for it with a bounded history: %s for %i hours', async (code, hours, eventsMax) => {
    const { loanId } = await seedActiveLoan(world.deps, { on: businessDateOf(instant(Date.now())), termMonths: 12 });
    const handle = await startLoan(world.client, loanId);
    const waiting = async () =>
      await world.deps
        .db('loans')
        .where({ id: loanId })
        .first<{ next_kind: string | null; needs_attention: string | null }>('next_kind', 'needs_attention');
    await eventually('an appointment', async () => (await waiting()).next_kind !== null);
    const known = world.deps.catalogue;
    const deps = world.deps as { catalogue: Catalogue };
    deps.catalogue = {
      ...known,
      version: () => {
        throw new LoanloomError(code, 'not now');
      },
    };
    await handle.signal('factsChanged', { at: instant(Date.now()) });
    await world.environment!.sleep(`${String(hours)} hours`);
    expect((await handle.describe()).historyLength).toBeLessThan(eventsMax);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    if (code !== 'UNAVAILABLE') expect((await waiting()).needs_attention).toContain(code);
    deps.catalogue = known;
    await handle.signal('factsChanged', { at: instant(Date.now()) });
    await eventually('the loan goes on', async () => (await waiting()).needs_attention === null);
  });
});
