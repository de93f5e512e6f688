import { MockActivityEnvironment } from '@temporalio/testing';
import { createCloseActivities } from '../activities/close/index';
import { addDays, businessDate, monthsFromAnchor, type BusinessDate } from '../domain/time/dates';
import { fen } from '../domain/money/money';
import { scheduleFor } from '../domain/product/offer';
import { createCatalogue } from '../domain/product/products';
import { benchDeps, createBenchDatabase, type BenchDatabase } from './rig';
import { withClient } from '../db/owner';

const START = businessDate('2026-01-15');
const MONTHS_PAID = 6;

/** Active loans of 12 months with six payments each, one borrower for all: the close reads none of the borrower. */
async function seed(database: BenchDatabase, from: number, to: number): Promise<void> {
  const product = createCatalogue().version('consumer-installment', 1);
  const principal = fen(1_200_000);
  const schedule = scheduleFor({ principal, termMonths: 12 }, product, START);
  await withClient(database.ownerUrl, async (client) => {
    await client.query(`INSERT INTO borrowers (id, wrapped_key) VALUES ('b-bench', '\\x00') ON CONFLICT DO NOTHING`);
    await client.query(`INSERT INTO bank_cards (id, borrower_id, card_enc) VALUES ('c-bench', 'b-bench', '\\x00') ON CONFLICT DO NOTHING`);
    const series = `generate_series(${String(from)}, ${String(to - 1)}) AS n`;
    const id = `'bench-' || lpad(n::text, 8, '0')`;
    await client.query(
      `INSERT INTO applications (id, borrower_id, product_id, product_version, status, bank_card_id, created_on)
        SELECT ${id}, 'b-bench', $1, 1, 'DISBURSED', 'c-bench', $2 FROM ${series}`,
      [product.id, START],
    );
    await client.query(
      `INSERT INTO loans (id, borrower_id, product_id, product_version, bank_card_id, principal_fen, currency, annual_rate, term_months, status, schedule_version, opened_on, activated_on)
        SELECT ${id}, 'b-bench', $1, 1, 'c-bench', $2, 'CNY', '0.12', 12, 'ACTIVE', 1, $3, $3 FROM ${series}`,
      [product.id, principal, START],
    );
    await client.query(
      `INSERT INTO loan_schedules (loan_id, version, reason, value_date, installments) SELECT ${id}, 1, 'bench', $1, $2 FROM ${series}`,
      [START, JSON.stringify(schedule)],
    );
    const facts = [
      ['disbursement', 'DISBURSEMENT', START, principal],
      ...schedule.slice(0, MONTHS_PAID).map((row) => [`repayment-${String(row.number)}`, 'REPAYMENT', row.dueOn, row.payment]),
    ];
    for (const fact of facts) {
      await client.query(
        `INSERT INTO loan_transactions (loan_id, key, type, value_date, business_date, amount_fen) SELECT ${id}, $1, $2, $3, $3, $4 FROM ${series}`,
        fact,
      );
    }
    await client.query('ANALYZE');
  });
}

/** Closing one business day for growing numbers of loans: seconds, and seconds per 1,000 loans. */
export async function benchClosing(print: (line: string) => void, sizes: readonly number[]): Promise<void> {
  const database = await createBenchDatabase();
  try {
    const close = createCloseActivities(benchDeps(database.db, new Map()));
    const environment = new MockActivityEnvironment();
    // Six months in, the loans are current; the day before the first is taken as closed.
    let day = addDays(monthsFromAnchor(START, MONTHS_PAID), 3);
    await database.db('business_day_closes').insert({ business_date: addDays(day, -1), revision: 0, totals: '{}' });
    print('\nClosing a business day (read, fold, write, books)');
    let [seeded, floor] = [0, 0];
    for (const size of sizes) {
      await seed(database, seeded, size);
      seeded = size;
      const run = async () => {
        const began = Date.now();
        await environment.run((input: { through: BusinessDate }) => close.closeThrough(input), { through: day });
        day = addDays(day, 1);
        return (Date.now() - began) / 1_000;
      };
      await run();
      const seconds = await run();
      const perThousand = (seconds / size) * 1_000;
      floor ||= perThousand;
      print(
        `  ${String(size).padStart(7)} loans   ${seconds.toFixed(1).padStart(6)} s, ${perThousand.toFixed(2)} s per 1,000, ${(perThousand / floor).toFixed(2)} of the first size’s${size === 10_000 ? ' (goal ≤ 30 s)' : ''}`,
      );
    }
  } finally {
    await database.close();
  }
}
