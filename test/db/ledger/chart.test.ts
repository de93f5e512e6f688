import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHANNEL_NAMES } from '../../../channels/names';
import { accountsOf, CHART, chartPage, type LedgerAccount } from '../../../domain/ledger/chart';
import { ENTRY_KINDS } from '../../../domain/ledger/postings';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { ROOT } from '../../support/processes';

/** Guarantee: the database, the code and the page speak of the same accounts. */
describe('the chart of accounts', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  it('is the database’s own list, account by account', async () => {
    const common = (CHART as readonly LedgerAccount[])
      .filter((each) => !each.perChannel)
      .map(({ code, name, type }) => ({ code, name, type, channel: null }));
    const expected = [...common, ...CHANNEL_NAMES.flatMap(accountsOf)].sort((a, b) => (a.code < b.code ? -1 : 1));
    const rows = await database.db('ledger_accounts').select<{ code: string }[]>('code', 'name', 'type', 'channel');
    expect(rows.sort((a, b) => (a.code < b.code ? -1 : 1))).toEqual(expected);
  });

  // That a posting names no other is a matter of types.
  it('has no account that no posting names', () => {
    const source = readFileSync(join(ROOT, 'domain/ledger/postings.ts'), 'utf8');
    expect(CHART.map((each) => each.code).filter((code) => !source.includes(`'${code}'`))).toEqual([]);
  });

  it('lets the journal have the kinds of entries that there are postings of, and no other', async () => {
    const { rows } = await database.db.raw<{ rows: { kinds: string }[] }>(
      `SELECT pg_get_constraintdef(oid) AS kinds FROM pg_constraint WHERE conname = 'journal_entries_kind'`,
    );
    expect([...rows[0]!.kinds.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]).sort()).toEqual([...ENTRY_KINDS].sort());
  });

  it('is docs/ledger.md, word by word', () => {
    expect(readFileSync(join(ROOT, 'docs/ledger.md'), 'utf8').replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-')).toBe(
      chartPage().replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-'),
    );
  });
});
