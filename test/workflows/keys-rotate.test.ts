import { readLoanFile, recordOf } from '../../db/loan/loan-file';
import { readKeyVersions } from '../../db/party/key-versions';
import { LoanloomError } from '../../domain/errors';
import { loanAccount } from '../../domain/loan/loan-account';
import type { BusinessDate } from '../../domain/time/dates';
import { checkInvariants } from '../../ops/audit/invariants';
import { KEY_PURPOSES, type KeyProvider } from '../../providers/keys/port';
import { retireKeys, rotateKeys } from '../../services/party/key-rotation';
import { forgetChannelCalls } from '../support/database';
import { fileKeys } from '../support/keepers';
import { seedLoan, startLoan } from '../support/seed';
import { createDeps, eventually, withServedWorld, type World } from '../support/world';

const act = { actor: 'operator:li', reason: 'yearly rotation' };
const LOANS = 20;

describe('keys', () => {
  let world: World;
  let isAway = false;
  let refused = 0;
  const kept = fileKeys();
  const guarded =
    <A extends unknown[], T>(call: (...given: A) => Promise<T>) =>
    (...given: A): Promise<T> => {
      if (!isAway) return call(...given);
      refused += 1;
      return Promise.reject(new LoanloomError('KEYS_UNAVAILABLE', 'away'));
    };
  const keys: KeyProvider = { ...kept, wrap: guarded(kept.wrap), unwrap: guarded(kept.unwrap), mac: guarded(kept.mac) };

  withServedWorld({ server: 'time-skipping', keys }, (served) => {
    world = served;
  });
  beforeEach(() => forgetChannelCalls(world.database));

  const statusOf = async (loanId: string) => (await readLoanFile(world.deps.db, loanId)).loan.status;
  /** Another process, so that the workers have nothing in memory. */
  const elsewhere = () => createDeps(world.database, world.banks, [], { keys: kept });

  it(`rotate while ${String(LOANS)} loans run: each is paid out and collected to its end, and the old versions are gone`, async () => {
    const seeded = await Promise.all(Array.from({ length: LOANS }, () => seedLoan(elsewhere(), { termMonths: 6 })));
    for (const { person } of seeded)
      expect(await world.deps.db.transaction((tx) => world.deps.borrowers.claimIdentity(tx, person.borrowerId))).toBe(true);
    for (const { loanId } of seeded) await startLoan(world.client, loanId);
    let isRunning = true;
    const running = world.environment!.sleep('200 days').then(() => {
      isRunning = false;
    });
    let beside = 0;
    const rotator = elsewhere();
    for (let round = 0; round < 3; round += 1) {
      await rotateKeys(rotator, KEY_PURPOSES, act, () => (beside += isRunning ? 1 : 0));
      await retireKeys(rotator, 0, act, () => undefined);
    }
    expect(beside).toBeGreaterThan(0);
    await running;
    const isOver = async () =>
      (await Promise.all(seeded.map(({ loanId }) => statusOf(loanId)))).every((status) => !['APPROVED', 'ACTIVE'].includes(status));
    await eventually('the end of every loan', isOver, 30_000);
    for (const { loanId, person } of seeded) {
      const file = await readLoanFile(world.deps.db, loanId);
      expect(file.loan.status).toBe('CLOSED_OBLIGATIONS_MET');
      const account = loanAccount(recordOf(world.deps.catalogue, file), '2199-01-01' as BusinessDate);
      expect(account.outstanding.principal + account.outstanding.interest).toBe(0);
      expect(await elsewhere().borrowers.identity(world.deps.db, person.borrowerId)).toMatchObject({ idNumber: person.idNumber });
    }
    for (const purpose of KEY_PURPOSES) expect(await kept.versions(purpose)).toEqual([4]);
    expect((await readKeyVersions(world.deps.db)).filter(({ state }) => state === 'ACTIVE').map(({ version }) => version)).toEqual([
      4, 4, 4, 4,
    ]);
    for (const check of await checkInvariants({ db: world.deps.db, books: await world.banks.books() }))
      expect(check.violations).toEqual([]);
  });

  it('that are away in the middle of a loan’s life hold it up, and it goes on when they are back: paid out once, nothing lost', async () => {
    const { loanId } = await seedLoan(elsewhere(), { termMonths: 1 });
    isAway = true;
    const before = refused;
    const handle = await startLoan(world.client, loanId);
    await eventually('several tries', () => Promise.resolve(refused >= before + 3));
    expect(await statusOf(loanId)).toBe('APPROVED');
    isAway = false;
    await handle.result();
    expect(await statusOf(loanId)).toBe('CLOSED_OBLIGATIONS_MET');
    const paid = (await world.banks.books()).entries.filter(
      (each) => each.reference === loanId && each.kind === 'PAYOUT' && each.state === 'BOOKED',
    );
    expect(paid).toHaveLength(1);
    for (const check of await checkInvariants({ db: world.deps.db, books: await world.banks.books() }))
      expect(check.violations).toEqual([]);
  });
});
