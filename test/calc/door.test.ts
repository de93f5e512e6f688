import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { accountCase } from '../support/loan-facts';
import { fenOf, termsInput } from '../support/loan-terms';

const ROOT = resolve(__dirname, '../..');

function calc(verb: string, input: string): { status: number | null; output: unknown; stderr: string } {
  const run = spawnSync('node', ['--import', 'tsx', 'ops/calc/main.ts', verb], { cwd: ROOT, input, encoding: 'utf8', maxBuffer: 1 << 30 });
  return { status: run.status, output: run.stdout === '' ? undefined : (JSON.parse(run.stdout) as unknown), stderr: run.stderr };
}

const schedule = {
  principal: '1000.00',
  annualRate: '0.12',
  disbursedOn: '2026-01-15',
  every: { months: 1 },
  count: 3,
  method: 'equal_installment',
  interest: { basis: 'periodic', periodsPerYear: 12 },
};
const INPUTS: Record<string, object> = {
  schedule,
  apr: { method: 'irr', flows: ['-100.00', '60.00', '60.00'] },
  allocate: { due: { interest: '5.00' }, payment: '7.00', order: { due: ['interest'], inAdvance: [] } },
  dayCount: { convention: '30/360', from: '2026-01-31', to: '2026-02-28' },
  account: { terms: schedule, transactions: [], policy: {}, asOf: '2026-03-01' },
};

describe('npm run calc', () => {
  it.each(Object.entries(INPUTS))(
    '%s: answers a single input with status 0, and a bad one with an error, its path and status 2',
    (verb, input) => {
      const good = calc(verb, JSON.stringify(input));
      expect(good).toMatchObject({ status: 0, stderr: '' });
      expect(good.output).not.toHaveProperty('error');
      const bad = calc(verb, JSON.stringify({ ...input, colour: 'red' }));
      expect(bad).toMatchObject({ status: 2, output: { error: { code: 'VALIDATION', path: 'colour' } } });
    },
  );

  it('answers an array in its order, with the error of a bad element in its place and status 0', () => {
    const { status, output } = calc('schedule', JSON.stringify([schedule, { ...schedule, principal: '-1' }, schedule]));
    expect(status).toBe(0);
    expect(output).toMatchObject([{ totals: {} }, { error: { code: 'INVALID_AMOUNT', path: 'principal' } }, { totals: {} }]);
  });

  it('says what it can do when asked for another verb, and refuses what is not JSON', () => {
    expect(calc('divine', '{}')).toMatchObject({ status: 64, stderr: expect.stringContaining('schedule, apr') as string });
    expect(calc('schedule', '{')).toMatchObject({ status: 2, output: { error: { code: 'VALIDATION' } } });
    expect(calc('schedule', 'null')).toMatchObject({ status: 2, output: { error: { code: 'VALIDATION' } } });
  });

  it('answers 10,000 random schedules in one array: no crash, and every one of them adds up', () => {
    const inputs = fc.sample(termsInput(undefined, 24), { seed: 20261124, numRuns: 10_000 });
    const { output, status } = calc('schedule', JSON.stringify(inputs));
    expect(status).toBe(0);
    let refused = 0;
    for (const [index, answer] of (
      output as { error?: { code: string }; installments: { principal: string; balance: string }[] }[]
    ).entries()) {
      if (answer.error) {
        expect(['DATES_NOT_INCREASING', 'INSTALLMENT_TOO_SMALL']).toContain(answer.error.code);
        refused += 1;
        continue;
      }
      expect(answer.installments).toHaveLength(inputs[index]!.count);
      expect(answer.installments.reduce((sum, row) => sum + fenOf(row.principal), 0)).toBe(fenOf(inputs[index]!.principal));
      expect(answer.installments.at(-1)!.balance).toBe('0.00');
    }
    expect(refused).toBeLessThan(1_000);
  }, 120_000);

  it('answers 2,000 random accounts in one array: no crash, and all money is accounted for', () => {
    const inputs = fc.sample(accountCase, { seed: 20261124, numRuns: 2_000 });
    const { output } = calc('account', JSON.stringify(inputs));
    for (const answer of output as { error?: { code: string; path: string }; status: string }[]) {
      if (answer.error) expect(answer.error.path).toMatch(/^terms/);
      else expect(answer.status).toMatch(/ACTIVE|OVERPAID|CLOSED_OBLIGATIONS_MET/);
    }
  }, 120_000);
});
