import { openBreak } from '../../db/breaks';
import { insertReconciliation } from '../../db/reconciliation';
import { BREAK_CODES, type BreakCode } from '../../domain/breaks';
import { addDays, at, businessDate } from '../../domain/dates';
import { csvOf, htmlOf, readReport } from '../../ops/recon-report';
import { createTestDatabase, type TestDatabase } from '../support/database';

const DAY = businessDate('2026-11-23');
const CODES = Object.keys(BREAK_CODES) as BreakCode[];

describe('the report of a day with one break of every type', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const now = at(addDays(DAY, 1), '12:00');
    await database.db.transaction(async (tx) => {
      for (const [index, code] of CODES.entries())
        await openBreak(
          tx,
          { channel: 'wallet', businessDate: DAY, code, subject: `=cmd|${code}`, amount: 100 * index, expected: 50 },
          now,
        );
      await insertReconciliation(tx, {
        channel: 'wallet',
        business_date: DAY,
        lines: 40,
        matched: 27,
        file_net_fen: -1_200_050,
        ledger_net_fen: -1_200_000,
        bank_net_fen: null,
        breaks: CODES.length,
        at: now,
      });
    });
    const [held] = await database.db('breaks').where({ code: 'LONG' }).select<{ id: string }[]>('id');
    await database.db('breaks').where({ id: held!.id }).update({ suspense_fen: 4_200 });
  });

  afterAll(() => database.close());

  it('names each with its amounts, owner, deadline and age, and the day’s three nets', async () => {
    const report = await readReport(database.db, DAY, addDays(DAY, 5));
    const csv = csvOf(report);
    for (const code of CODES) {
      const line = csv.split('\n').find((each) => each.includes(`,${code},`));
      expect(line).toContain(BREAK_CODES[code].owner);
      expect(line).toContain('2026-11-24');
      expect(line?.endsWith(',4')).toBe(true);
    }
    expect(csv).toContain('wallet,40,27,-12000.50,-12000.00,,-0.50');
    expect(csv).toContain('wallet,3 days or more,42.00');
  });

  it('lets no cell be taken for a formula by a spreadsheet, nor for markup by a browser', async () => {
    const report = await readReport(database.db, DAY, addDays(DAY, 5));
    expect(csvOf(report)).not.toMatch(/(^|,)=/m);
    const html = htmlOf({ ...report, breaks: [{ ...report.breaks[0]!, number: '<script>' }] });
    expect(html).not.toContain('<script>');
    expect(html).toContain('&#60;script&#62;');
  });

  it('covers every code of the break table with what it means', () => {
    expect(CODES).toHaveLength(14);
    for (const code of CODES) expect(BREAK_CODES[code].meaning.length).toBeGreaterThan(10);
  });
});
