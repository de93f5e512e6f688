import { copyLines, mismatches } from '../../../db/reconciliation/reconciliation';
import { businessDate } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import type { StatementLine } from '../../../domain/reconciliation/reconciliation';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const DAY = businessDate('2026-11-24');

describe('what a day’s file says beyond our books', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.close());

  it('is told in the file’s order, but a return after its payment, even where the file lists it before', async () => {
    const line = (number: string, kind: StatementLine['kind']): StatementLine => ({
      number,
      kind,
      amount: fen(100),
      fee: fen(0),
      booked: true,
      accountTail: '1234',
      valueDate: DAY,
      comesIn: kind === 'RETURN',
    });
    const numbers = Array.from({ length: 40 }, (_, index) => `payout-${String(index)}`);
    const file = numbers.flatMap((number) => [line(number, 'RETURN'), line(number, 'PAYOUT')]);
    async function* portions() {
      yield await Promise.resolve(file);
    }
    await database.db.transaction((tx) => copyLines(tx, { channel: 'wallet', date: DAY, portions: portions(), feeOf: () => fen(0) }));
    const told = (await mismatches(database.db, 'wallet', DAY)).map((row) => `${row.line?.kind ?? ''} ${row.line?.number ?? ''}`);
    expect(told).toEqual([...numbers.map((number) => `PAYOUT ${number}`), ...numbers.map((number) => `RETURN ${number}`)]);
  });
});
