import { openBreak, readBreak } from '../../../db/reconciliation/breaks';
import { trialBalance } from '../../../db/ledger/journal';
import { businessDate, at } from '../../../domain/time/dates';
import { healSuspense, intoSuspenseFor } from '../../../services/reconciliation/suspense';
import { PaymentDesk } from '../../support/payment-desk';

/** Guarantee: money that nobody can place stands in suspense once, leaves it once, and is nobody's income meanwhile. */
const DAY = businessDate('2026-11-23');

describe('suspense', () => {
  let desk: PaymentDesk;
  beforeAll(async () => {
    desk = await PaymentDesk.open();
    await desk.payOut(DAY);
  });
  afterAll(() => desk.close());

  const found = (subject: string, amount: number) =>
    desk.deps.db.transaction(async (tx) => {
      const about = { channel: 'wallet', businessDate: DAY, code: 'LONG', subject, number: subject, amount, expected: 0 } as const;
      const id = await openBreak(tx, about, at(DAY, '12:00'));
      await intoSuspenseFor(tx, { breakId: id, cameIn: amount > 0, amount: Math.abs(amount), date: DAY });
      return id;
    });
  const heal = (id: string) => desk.deps.db.transaction((tx) => healSuspense(tx, id, DAY, at(DAY, '13:00')));
  const balances = async () =>
    Object.fromEntries((await trialBalance(desk.deps.db)).map(({ account, debit, credit }) => [account, debit - credit]));

  it.each([
    ['an unexplained receipt is owed to somebody', 'in-1', 700, { 'suspense-long:wallet': -700 }],
    ['an unexplained payment is claimed from the channel', 'out-1', -300, { 'suspense-short:wallet': 300 }],
  ])('%s, until it goes back', async (_, subject, amount, stands) => {
    const before = await balances();
    const id = await found(subject, amount);
    expect(await balances()).toMatchObject({ ...stands, 'settlement:wallet': (before['settlement:wallet'] ?? 0) + amount });
    expect((await readBreak(desk.deps.db, id)).suspense_fen).toBe(amount);
    expect(await heal(id)).toBe(true);
    expect(await readBreak(desk.deps.db, id)).toMatchObject({ state: 'HEALED' });
    expect((await balances())['settlement:wallet']).toBe(before['settlement:wallet']);
  });

  it('is booked once, however often it is found, and given back once', async () => {
    const id = await found('in-2', 900);
    const once = await balances();
    expect(await found('in-2', 900)).toBe(id);
    expect(await balances()).toEqual(once);
    expect([await heal(id), await heal(id)]).toEqual([true, false]);
  });
});
