import { isOneOf, keySql, signed, signedLine } from '../../db/sql';
import { keys, workflowShapes, type Shape } from '../../domain/keys';
import { OPEN_ATTEMPTS, PAID_ATTEMPTS } from '../../domain/states';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** Guarantee: what statements say alike means what the code means. */
describe('the words of our statements', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  const read = async (sql: string) => (await database.db.raw<{ rows: { value: unknown }[] }>(`SELECT ${sql}`)).rows.map((row) => row.value);

  it('write every key as its shape does', async () => {
    const shapes: Shape[] = [...Object.values(workflowShapes), ...Object.values(keys)];
    for (const shape of shapes) {
      const places = [...shape.pattern.matchAll(/\{[a-z]+\}/g)].map((_, index) => `x${String(index)}`);
      const written = (shape as unknown as (...values: string[]) => string)(...places);
      expect(await read(`${keySql(shape, ...places.map((place) => `'${place}'::text`))} AS value`)).toEqual([written]);
    }
  });

  it('find the states of a list, and no other', async () => {
    const states = "(VALUES ('SENDING'), ('ACCEPTED'), ('UNKNOWN'), ('SUCCEEDED'), ('FAILED'), ('RETURNED')) a(state)";
    expect(await read(`state AS value FROM ${states} WHERE ${isOneOf('a.state', OPEN_ATTEMPTS)}`)).toEqual([...OPEN_ATTEMPTS]);
    expect(await read(`state AS value FROM ${states} WHERE ${isOneOf('a.state', PAID_ATTEMPTS)}`)).toEqual([...PAID_ATTEMPTS]);
  });

  it('count a line on its own side as positive', async () => {
    const lines = "(VALUES ('DEBIT', 5), ('CREDIT', 7)) l(side, amount_fen)";
    expect(await read(`${signed('DEBIT')} AS value FROM ${lines}`)).toEqual([5, -7]);
    expect(await read(`${signed('CREDIT')} AS value FROM ${lines}`)).toEqual([-5, 7]);
    expect(await read(`${signedLine} AS value FROM (VALUES (true, 5), (false, 7)) f(comes_in, amount_fen)`)).toEqual([5, -7]);
  });
});
