import { randomUUID } from 'node:crypto';
import { postEntry, trialBalance } from '../../db/ledger/journal';
import { insertInstruction } from '../../db/payment/payments';
import { createDb } from '../../db/pool';
import { instant, type BusinessDate } from '../../domain/time/dates';
import { fen } from '../../domain/money/money';
import { payoutSent } from '../../domain/ledger/postings';
import type { ActivityDeps } from '../../services/deps';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { seedLoan } from '../support/seed';
import { createDeps, startBanks, type Banks } from '../support/world';

const TODAY = '2026-11-23' as BusinessDate;
const NOW = instant('2026-11-23T08:00:00Z');

describe('the database guards', () => {
  let database: TestDatabase;
  let banks: Banks;
  let deps: ActivityDeps;

  beforeAll(async () => {
    database = await createTestDatabase();
    banks = await startBanks();
    deps = createDeps(database, banks, []);
  });

  afterAll(async () => {
    await banks.close();
    await database.close();
  });

  const FACTS = [
    'journal_entries',
    'journal_lines',
    'loan_transactions',
    'loan_events',
    'loan_schedules',
    'payment_events',
    'decisions',
    'signatures',
    'contracts',
    'offers',
    'audit_log',
    'application_events',
    'application_drafts',
    'business_day_closes',
    'loan_accruals',
    'loan_day_snapshots',
  ];

  it.each(FACTS)('lets nobody of the application change or delete rows of %s', async (table) => {
    const column = (
      await database.db.raw<{ rows: { column_name: string }[] }>(
        `SELECT column_name FROM information_schema.columns WHERE table_name = ? AND is_identity = 'NO' LIMIT 1`,
        [table],
      )
    ).rows[0]!.column_name;
    await expect(database.db.raw(`UPDATE ${table} SET ${column} = ${column}`)).rejects.toMatchObject({ code: '42501' });
    await expect(database.db.raw(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
    await expect(database.db.raw(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject({ code: '42501' });
  });

  it('refuses even the owner to rewrite a fact', async () => {
    await database.db.transaction(async (tx) => {
      await postEntry(tx, { key: 'guard-owner', loanId: null, businessDate: TODAY, posting: payoutSent('wallet', fen(5)) });
    });
    const owner = createDb(database.ownerUrl, 1);
    await expect(owner.raw('UPDATE journal_lines SET amount_fen = 6')).rejects.toMatchObject({ code: 'LL002' });
    await expect(owner.raw('DELETE FROM journal_entries')).rejects.toMatchObject({ code: 'LL002' });
    await owner.destroy();
  });

  it('commits no entry that does not balance, and none without lines', async () => {
    const entry = (lines: { side: string; amount_fen: number }[]) =>
      database.db.transaction(async (tx) => {
        const [row] = await tx('journal_entries')
          .insert({ kind: 'ADJUSTED', key: randomUUID(), business_date: TODAY, description: 'test' })
          .returning<{ id: number }[]>('id');
        if (lines.length > 0)
          await tx('journal_lines').insert(
            lines.map((line, index) => ({ ...line, entry_id: row!.id, line: index + 1, account: 'loans-receivable' })),
          );
      });
    await expect(
      entry([
        { side: 'DEBIT', amount_fen: 5 },
        { side: 'CREDIT', amount_fen: 4 },
      ]),
    ).rejects.toMatchObject({ code: 'LL003' });
    await expect(entry([{ side: 'DEBIT', amount_fen: 5 }])).rejects.toMatchObject({ code: 'LL003' });
    await expect(entry([])).rejects.toMatchObject({ code: 'LL003' });
    await expect(
      entry([
        { side: 'DEBIT', amount_fen: 5 },
        { side: 'CREDIT', amount_fen: 5 },
      ]),
    ).resolves.toBeUndefined();
  });

  it('adds no line to an entry that is committed', async () => {
    await database.db.transaction(async (tx) => {
      await postEntry(tx, { key: 'guard-late', loanId: null, businessDate: TODAY, posting: payoutSent('wallet', fen(5)) });
    });
    const { id } = await database.db('journal_entries').where({ key: 'guard-late' }).first<{ id: number }>('id');
    await expect(
      database.db('journal_lines').insert({ entry_id: id, line: 9, account: 'loans-receivable', side: 'DEBIT', amount_fen: 1 }),
    ).rejects.toMatchObject({ code: 'LL002' });
  });

  it('books a business key once, however many sessions race for it', async () => {
    const before = (await trialBalance(database.db)).find((row) => row.account === 'loans-in-disbursement')?.debit ?? 0;
    const results = await Promise.all(
      Array.from({ length: 12 }, () =>
        database.db.transaction((tx) =>
          postEntry(tx, { key: 'guard-race', loanId: null, businessDate: TODAY, posting: payoutSent('wallet', fen(7)) }),
        ),
      ),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    expect((await trialBalance(database.db)).find((row) => row.account === 'loans-in-disbursement')!.debit - before).toBe(7);
  });

  it('holds the double-payment lock: of twenty attempts at once one is live; UNKNOWN blocks, FAILED frees', async () => {
    const { loanId } = await seedLoan(deps);
    const instruction = {
      id: `payout-${loanId}-1`,
      loan_id: loanId,
      direction: 'PAYOUT' as const,
      amount_fen: fen(100),
      business_date: TODAY,
      presentment: 1,
    };
    await database.db.transaction((tx) => insertInstruction(tx, instruction, NOW));
    const attempt = (number: number) =>
      database
        .db('payment_attempts')
        .insert({
          instruction_id: instruction.id,
          attempt: number,
          loan_id: loanId,
          channel: 'wallet',
          number: `${instruction.id}a${String(number)}`,
          request_sha256: 'x',
          sent_at: NOW,
        })
        .then(
          () => true,
          () => false,
        );
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => attempt(index + 1)));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    await database.db('payment_attempts').where({ instruction_id: instruction.id }).update({ state: 'UNKNOWN' });
    expect(await attempt(30)).toBe(false);
    await database.db('payment_attempts').where({ instruction_id: instruction.id }).update({ state: 'FAILED' });
    expect(await attempt(31)).toBe(true);
  });

  it('opens one debit per loan at a time', async () => {
    const { loanId } = await seedLoan(deps);
    const open = (presentment: number) =>
      database.db
        .transaction((tx) =>
          insertInstruction(
            tx,
            {
              id: `debit-${loanId}-${String(presentment)}`,
              loan_id: loanId,
              direction: 'DEBIT',
              amount_fen: fen(1),
              business_date: TODAY,
              presentment,
            },
            NOW,
          ),
        )
        .then(
          () => true,
          () => false,
        );
    expect((await Promise.all([open(1), open(2), open(3)])).filter(Boolean)).toHaveLength(1);
  });

  it.each([
    ['applications', 'status', 'OFFERED'],
    ['loans', 'status', 'OVERPAID'],
  ])('refuses an illegal step of %s.%s', async (table, column, to) => {
    const { loanId } = await seedLoan(deps);
    await expect(
      database
        .db(table)
        .where({ id: loanId })
        .update({ [column]: to }),
    ).rejects.toMatchObject({ code: 'LL001' });
  });
});
