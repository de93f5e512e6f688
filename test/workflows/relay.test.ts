import type { Mail } from '../../providers/messages/port';
import { addMail, addAlarm } from '../../db/outbox';
import { freePort } from '../../dev/stack/ports';
import { Idler } from '../../workers/idler';
import { startRelay } from '../../workers/relay';
import type { ActivityDeps } from '../../services/deps';
import { unreachableTemporal } from '../support/api';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { seedBorrower } from '../support/seed';
import { createDeps, eventually, startBanks, type Banks } from '../support/world';

/** Guarantees: what was committed is delivered, by however many relays, whatever else is slow, refused or dies. */
describe('the relay', () => {
  let database: TestDatabase;
  let banks: Banks;
  let deps: ActivityDeps;
  let sent: Mail[];
  let send: (mail: Mail) => Promise<void>;
  let borrowerId: string;

  beforeAll(async () => {
    banks = await startBanks();
  });
  afterAll(() => banks.close());
  beforeEach(async () => {
    database = await createTestDatabase();
    sent = [];
    send = (mail) => {
      sent.push(mail);
      return Promise.resolve();
    };
    deps = { ...createDeps(database, banks, []), mailer: { send: (mail) => send(mail) } };
    borrowerId = (await seedBorrower(deps)).person.borrowerId;
  });
  afterEach(() => database.close());

  const relay = async () => startRelay(deps, unreachableTemporal(await freePort()));
  const mail = (key: string) =>
    deps.db.transaction((tx) => addMail(tx, { key, borrowerId, template: 'settled', params: { loanId: 'l1', closedOn: '2026-11-25' } }));
  const row = (key: string) =>
    deps
      .db('outbox')
      .where({ key })
      .first<{ delivered_at: Date | null; failed_at: Date | null; attempts: number; next_attempt_at: Date }>();

  it('delivers each mail once, by two relays at once', async () => {
    for (let serial = 0; serial < 120; serial += 1) await mail(`both:${String(serial)}`);
    const relays = [await relay(), await relay()];
    await eventually('all mails', () => Promise.resolve(sent.length >= 120));
    await Promise.all(relays.map((each) => each.stop()));
    expect([sent.length, new Set(sent.map((each) => each.key)).size]).toEqual([120, 120]);
  });

  it('gives up a mail that is refused for good, tells people, and goes on with the others', async () => {
    send = (each) => {
      if (each.key.includes('refused')) return Promise.reject(Object.assign(new Error('550'), { responseCode: 550 }));
      sent.push(each);
      return Promise.resolve();
    };
    await mail('refused');
    await mail('good');
    const running = await relay();
    await eventually('the alarm', () => Promise.resolve(sent.some((each) => each.subject.includes('UNDELIVERABLE'))));
    await running.stop();
    expect((await row('mail:refused')).failed_at).not.toBeNull();
    expect(sent.some((each) => each.key.includes('good'))).toBe(true);
  });

  it('tries a mail again that failed for the moment, later each time', async () => {
    send = () => Promise.reject(Object.assign(new Error('421 try later'), { responseCode: 421 }));
    await mail('later');
    const running = await relay();
    await eventually('a postponed try', async () => (await row('mail:later')).attempts >= 2);
    await running.stop();
    const found = await row('mail:later');
    expect([found.delivered_at, found.failed_at]).toEqual([null, null]);
    expect(found.next_attempt_at.getTime()).toBeGreaterThan(Date.now());
  });

  it('delivers again what a relay delivered and died before marking, under the same key', async () => {
    await mail('twice');
    // A relay leased it, sent it, and died: its lease runs out.
    await deps
      .db('outbox')
      .where({ key: 'mail:twice' })
      .update({ attempts: 1, next_attempt_at: deps.db.raw(`now() + interval '1 second'`) });
    send = (each) => {
      sent.push(each);
      return Promise.resolve();
    };
    await send({ to: 'x', subject: 'x', text: 'x', key: 'mail:twice' });
    const running = await relay();
    await eventually('the second delivery', async () => (await row('mail:twice')).delivered_at !== null);
    await running.stop();
    expect(sent.map((each) => each.key)).toEqual(['mail:twice', 'mail:twice']);
  });

  it('holds no lock while a mail server hangs, and sends an alarm past it', async () => {
    let release: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    send = async (each) => {
      if (each.key.includes('hangs')) await hanging;
      sent.push(each);
    };
    await mail('hangs');
    const running = await relay();
    await eventually('the lease', async () => (await row('mail:hangs')).attempts > 0);
    // Neither the row nor the table is locked.
    await deps.db.raw(`SELECT FROM outbox WHERE key = 'mail:hangs' FOR UPDATE NOWAIT`);
    await deps.db.transaction((tx) => addAlarm(tx, { key: 'now', subject: 'l1', payload: { code: 'ATTENTION', reason: 'x' } }));
    await eventually('the alarm', () => Promise.resolve(sent.some((each) => each.subject.startsWith('ATTENTION'))));
    expect(sent.some((each) => each.key.includes('hangs'))).toBe(false);
    release();
    await running.stop();
    expect((await row('mail:hangs')).delivered_at).not.toBeNull();
  });

  it('a million idle turns leave nothing behind', async () => {
    const idler = new Idler((done) => {
      done();
      return () => undefined;
    });
    const heap = () => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    for (let turn = 0; turn < 10_000; turn += 1) await idler.turn();
    const before = heap();
    for (let turn = 0; turn < 1_000_000; turn += 1) await idler.turn();
    // 190 bytes a turn would be 190 MB.
    expect(heap() - before).toBeLessThan(60_000_000);
    const wakers = Object.values(idler as unknown as Record<string, unknown>).filter(
      (value) => Array.isArray(value) || value instanceof Set,
    );
    expect(wakers).toEqual([]);
    idler.stop();
    await idler.turn();
  });
});
