import { postEntry } from '../../../db/ledger/journal';
import { accountStatement, balanceAt, brokenLinks, chartOfAccounts } from '../../../db/ledger/ledger';
import { ensureChannelAccounts } from '../../../db/ledger/journal';
import { addDays, businessDate } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import { payoutSent, payoutSucceeded } from '../../../domain/ledger/postings';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seedLoan } from '../../support/seed';
import { createDeps, startBanks, type Banks } from '../../support/world';
import { withClient } from '../../../db/owner';

const DAY = businessDate('2026-11-24');

describe('the ledger', () => {
  let banks: Banks;
  let database: TestDatabase;
  const loans: string[] = [];

  beforeAll(async () => {
    banks = await startBanks();
  });

  beforeEach(async () => {
    database = await createTestDatabase();
    await ensureChannelAccounts(database.db, ['wallet']);
    const deps = createDeps(database, banks, []);
    loans.length = 0;
    for (let index = 0; index < 4; index += 1) {
      const { loanId } = await seedLoan(deps);
      loans.push(loanId);
      for (const [day, posting] of [payoutSent('wallet', fen(100 + index)), payoutSucceeded('wallet', fen(100 + index))].entries())
        await database.db.transaction((tx) =>
          postEntry(tx, { key: `k:${loanId}:${String(day)}`, loanId, businessDate: addDays(DAY, day), posting }),
        );
    }
    await database.db.transaction((tx) =>
      postEntry(tx, { key: 'general', loanId: null, businessDate: DAY, posting: payoutSent('wallet', fen(7)) }),
    );
  });

  afterEach(() => database.close());
  afterAll(() => banks.close());

  /** As the database's owner, behind the triggers' back. */
  const tamper = (sql: string) =>
    withClient(database.ownerUrl, async (client) => {
      await client.query(`SET session_replication_role = replica`);
      await client.query(sql);
    });

  it('is intact as it is written, loans and general entries in chains of their own', async () => {
    expect(await brokenLinks(database.db)).toEqual([]);
    const chains = await database.db('ledger_links').distinct<{ chain: string }[]>('chain');
    expect(chains.some(({ chain }) => chain === 'general')).toBe(true);
    expect(await database.db('ledger_links').count('entry_id as n')).toEqual(await database.db('journal_entries').count('id as n'));
  });

  it.each([
    ['an amount is changed', `UPDATE journal_lines SET amount_fen = amount_fen + 1 WHERE entry_id = (SELECT min(id) FROM journal_entries)`],
    [
      'a line moves to another account',
      `UPDATE journal_lines SET account = 'fee-income' WHERE entry_id = (SELECT min(id) FROM journal_entries) AND line = 1`,
    ],
    [
      'an entry is dated back',
      `UPDATE journal_entries SET business_date = business_date - 30 WHERE id = (SELECT min(id) FROM journal_entries)`,
    ],
    ['an entry moves to another loan', `UPDATE journal_entries SET loan_id = NULL WHERE id = (SELECT min(id) FROM journal_entries)`],
    [
      'an entry is slipped in',
      `INSERT INTO journal_entries (key, kind, business_date, description) VALUES ('forged', 'ADJUSTED', '2026-11-24', 'forged')`,
    ],
    [
      'the last entry is removed',
      `DELETE FROM ledger_links WHERE entry_id = (SELECT max(id) FROM journal_entries); DELETE FROM journal_lines WHERE entry_id = (SELECT max(id) FROM journal_entries); DELETE FROM journal_entries WHERE id = (SELECT max(id) FROM journal_entries)`,
    ],
    ['a link is made anew without its successors', `UPDATE ledger_links SET hash = sha256('x') WHERE seq = 1 AND chain = 'general'`],
  ])('says so when %s', async (_name, sql) => {
    await tamper(sql);
    expect((await brokenLinks(database.db)).length).toBeGreaterThan(0);
  });

  it('does not let the application write a link, change one, or move a head', async () => {
    const [link] = await database.db('ledger_links').limit(1).select<{ chain: string }[]>('chain');
    const denied = { code: '42501' };
    await expect(
      database.db('ledger_links').insert({ chain: 'x', seq: 1, entry_id: 1, previous_hash: '\\x00', hash: '\\x00' }),
    ).rejects.toMatchObject(denied);
    await expect(database.db('ledger_chain_heads').where({ chain: link!.chain }).update({ seq: 0 })).rejects.toMatchObject(denied);
    await expect(database.db.raw(`SELECT link_journal_entry(1, NULL)`)).rejects.toMatchObject(denied);
  });

  it('links every entry once when many post at the same time', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        database.db.transaction((tx) =>
          postEntry(tx, {
            key: `race-${String(index)}`,
            loanId: loans[index % 4] ?? null,
            businessDate: DAY,
            posting: payoutSent('wallet', fen(1)),
          }),
        ),
      ),
    );
    expect(await brokenLinks(database.db)).toEqual([]);
  });

  it('states an account with its balance brought forward, and its balance on any date', async () => {
    const sent = 100 + 101 + 102 + 103;
    expect(await balanceAt(database.db, 'in-transit:wallet', DAY)).toBe(-(sent + 7));
    expect(await balanceAt(database.db, 'in-transit:wallet', addDays(DAY, 1))).toBe(-7);
    const { opening, lines } = await accountStatement(database.db, 'in-transit:wallet', {
      from: addDays(DAY, 1),
      to: addDays(DAY, 1),
      limit: 10,
    });
    expect(opening).toBe(-(sent + 7));
    expect(lines.map((line) => line.amountFen)).toEqual([100, 101, 102, 103]);
    expect(lines.at(-1)!.balance).toBe(-7);
    await expect(balanceAt(database.db, 'petty-cash', DAY)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await chartOfAccounts(database.db)).map((account) => account.code)).toContain('penalty-income');
  });
});
