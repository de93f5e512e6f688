import { openBreak } from '../../db/reconciliation/breaks';
import { postEntry } from '../../db/ledger/journal';
import { insertReconciliation } from '../../db/reconciliation/reconciliation';
import { BREAK_CODES, type BreakCode } from '../../domain/reconciliation/breaks';
import { addDays, at, businessDate } from '../../domain/time/dates';
import { fen } from '../../domain/money/money';
import { csvOf, htmlOf, readReport } from '../../services/reconciliation/recon-report';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { PaymentDesk } from '../support/payment-desk';

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
        fees_fen: 2_000,
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
    expect(csv).toContain('wallet,40,27,-12000.50,-12000.00,,-0.50,20.00');
    expect(csv).toContain('wallet,3 days or more,42.00');
  });

  it('shows what is still open from before, and the channels that are not reconciled', async () => {
    const later = await readReport(database.db, addDays(DAY, 1), addDays(DAY, 5));
    expect(later.breaks.map((row) => [row.business_date, row.code]).sort()).toEqual(CODES.map((code) => [DAY, code]).sort());
    expect(csvOf(later)).toContain('wallet,not reconciled,');
    expect(csvOf(later)).toContain(`reconciliation of,${addDays(DAY, 1)},as it stands on,${addDays(DAY, 5)}`);
    expect((await readReport(database.db, addDays(DAY, -1), addDays(DAY, 5))).breaks).toEqual([]);
  });

  it('lets no cell be taken for a formula by a spreadsheet, nor for markup by a browser', async () => {
    const report = await readReport(database.db, DAY, addDays(DAY, 5));
    expect(csvOf(report)).not.toMatch(/(^|,)=/m);
    const html = htmlOf({ ...report, breaks: [{ ...report.breaks[0]!, number: '<script>' }] });
    expect(html).not.toContain('<script>');
    expect(html).toContain('&#60;script&#62;');
  });

  it('covers every code of the break table with what it means', () => {
    expect(CODES).toHaveLength(15);
    for (const code of CODES) expect(BREAK_CODES[code].meaning.length).toBeGreaterThan(10);
  });
});

describe('the report of a day on which everything went wrong at the banks', () => {
  const day = businessDate('2026-12-14');
  let desk: PaymentDesk;

  beforeAll(async () => {
    desk = await PaymentDesk.open();
  });

  afterAll(() => desk.close());

  it('has one break of every type, each found in files, statements and answers', async () => {
    for (const change of ['amount', 'fee', 'failed', 'payee', 'twice', 'omit'] as const)
      await desk.spoil((await desk.payOut(day)).number, change);
    await desk.payOut(day, { behaviour: 'no-answer', queries: 0 });
    await desk.payOut(day, { behaviour: 'returns', more: { afterDays: 0 } });
    await desk.payOut(day, { behaviour: 'refused-but-paid', queries: 0 });
    await desk.payOut(day, { behaviour: 'misdated', queries: 0 });
    await desk.banks.tell('foreign-entries', { bank: 'wallet', number: 'stranger-1', kind: 'DEBIT', amountFen: 4_200, date: day });
    await desk.banks.tell('house-bank-faults', { bank: 'wallet', date: day, offFen: 7 });
    await desk.payOut(day, { channel: 'cardnet' });
    await desk.banks.tell('file-faults', { bank: 'cardnet', date: day, fault: 'edited' });
    // What is missing in the day's file is missing in the next one too.
    for (const channel of ['wallet', 'cardnet']) for (const date of [day, addDays(day, 1)]) await desk.reconcile(date, undefined, channel);
    const stray = {
      kind: 'ADJUSTED' as const,
      description: 'a stray entry',
      lines: [
        { account: 'settlement:wallet' as const, side: 'DEBIT' as const, amount: fen(1) },
        { account: 'recovery-income' as const, side: 'CREDIT' as const, amount: fen(1) },
      ],
    };
    await desk.deps.db.transaction((tx) => postEntry(tx, { key: 'stray', loanId: null, businessDate: day, posting: stray }));
    await expect(desk.environment.run(desk.activities.closeThrough, { through: day })).rejects.toMatchObject({
      type: 'INTERNAL',
    });

    const report = await readReport(desk.deps.db, day, addDays(day, 2));
    expect(new Set(report.breaks.map((row) => row.code))).toEqual(new Set(CODES));
    const healed = new Set(report.breaks.filter((row) => row.state === 'HEALED').map((row) => row.code));
    expect([...healed].sort()).toEqual(['CONFIRMED_BY_FILE', 'CUTOFF', 'FILE', 'RETURNED', 'VALUE_DATE']);
    expect(report.suspense.map(({ channel, fen: held }) => [channel, held]).sort()).toEqual([
      ['wallet', -1_200_000],
      ['wallet', 4_200],
    ]);
    const amounts = (code: BreakCode) => report.breaks.filter((row) => row.code === code).map((row) => [row.amount_fen, row.expected_fen]);
    expect(amounts('DUPLICATE')).toEqual([[-2_400_000, -1_200_000]]);
    expect(amounts('FEE')).toEqual([[-55, -50]]);
    expect(amounts('AMOUNT')).toEqual([[-1_200_100, -1_200_000]]);
    const html = htmlOf(report);
    for (const code of CODES) expect(html).toContain(code);
  });
});
