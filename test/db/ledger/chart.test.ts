import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHANNEL_NAMES } from '../../../channels/names';
import { accountsOf, CHART, chartPage, type LedgerAccount } from '../../../domain/ledger/chart';
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

  it('knows every account that a posting names', () => {
    const source = readFileSync(join(ROOT, 'domain/ledger/postings.ts'), 'utf8');
    const named = [...source.matchAll(/['`]([a-z]+(?:-[a-z]+)+|settlement)(?::\$\{channel\})?['`]/g)].map((match) => match[1]!);
    const codes = new Set<string>(CHART.map((each) => each.code));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((code) => !codes.has(code))).toEqual([]);
    expect([...codes].filter((code) => !named.includes(code))).toEqual([]);
  });

  it('is docs/ledger.md, word by word', () => {
    expect(readFileSync(join(ROOT, 'docs/ledger.md'), 'utf8').replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-')).toBe(
      chartPage().replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-'),
    );
  });
});
