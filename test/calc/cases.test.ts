import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERBS } from '../../ops/calc/verbs';

interface Case {
  readonly id: string;
  readonly verb: string;
  readonly input: unknown;
  readonly expected: Record<string, unknown>;
}

const read = (name: string): Case[] => JSON.parse(readFileSync(join(__dirname, 'cases', `${name}.json`), 'utf8')) as Case[];

/** What the case's source prints, compared with ours; `path` names the first place that differs. */
function differences(expected: unknown, actual: unknown, path = ''): string[] {
  if (Array.isArray(expected))
    return expected.flatMap((each, index) => differences(each, (actual as unknown[] | undefined)?.[index], `${path}[${String(index)}]`));
  if (typeof expected === 'object' && expected !== null)
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(value, (actual as Record<string, unknown> | undefined)?.[name], `${path}.${name}`),
    );
  return expected === actual ? [] : [`${path}: expected ${String(expected)}, got ${String(actual)}`];
}

function answerOf(each: Case): unknown {
  const answer = VERBS[each.verb]!(each.input) as Record<string, Record<string, string>>;
  if (each.verb !== 'allocate' || !('total' in each.expected)) return answer;
  const sum = (name: string) => (Number(answer.due![name]) + Number(answer.notYetDue![name])).toFixed(2);
  return { total: Object.fromEntries(Object.keys(answer.due!).map((name) => [name, sum(name)])) };
}

const RATE = /^-?\d+\.\d{12,}$/;

/** Rates within a tolerance, everything else to the letter. */
function expectCase(each: Case): void {
  const { tolerance, ...expected } = each.expected;
  const answer = answerOf(each);
  const near = Number(tolerance ?? 1e-10);
  const faults = differences(expected, answer).filter((line) => {
    const [, wanted, got] = /expected (\S+), got (\S+)$/.exec(line) ?? [];
    const isRate = tolerance !== undefined || (RATE.test(wanted ?? '') && RATE.test(got ?? ''));
    return !isRate || Math.abs(Number(wanted) - Number(got)) > near * Math.max(1, Math.abs(Number(wanted)));
  });
  expect(faults).toEqual([]);
}

describe('figures from outside', () => {
  it.each(read('outside').map((each) => [each.id, each] as const))('%s', (_id, each) => {
    expectCase(each);
  });
});

/** Printed tables of apache/fineract's end-to-end features, as facts, each with its source beside it. */
describe('accounts as Fineract prints them', () => {
  it.each(read('fineract').map((each) => [each.id, each] as const))('%s', (_id, each) => {
    expectCase(each);
  });
});

/** From an implementation of the contract in exact fractions that was written without sight of this one. */
describe('an independent implementation', () => {
  it.each(read('oracle').map((each) => [each.id, each] as const))('%s', (_id, each) => {
    expectCase(each);
  });
});
