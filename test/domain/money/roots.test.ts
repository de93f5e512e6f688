import fc from 'fast-check';
import { D, uniqueRate } from '../../../domain/money/roots';
import { runs } from '../../support/runs';

/** Guarantee: the one rate that balances flows is found to all its digits wherever it lies, and where there is none, or more than one, that is said. */
const flow = (amount: number | bigint, numerator: number, denominator = 1) => ({
  amount: BigInt(amount),
  time: { numerator: BigInt(numerator), denominator: BigInt(denominator) },
});
/** Flows of the periods 0, 1, 2 …: the coefficients of a polynomial in 1 + i, highest power first. */
const periods = (...amounts: number[]) => amounts.map((amount, period) => flow(amount, period));
const found = (...flows: ReturnType<typeof flow>[]) => uniqueRate(flows).toFixed(25);
const refused = (act: () => unknown) => {
  try {
    act();
    return 'found';
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: object };
    return { code, message, details };
  }
};

describe('the rate of flows', () => {
  it.each<[string, string, string]>([
    ['one period', found(...periods(-1_000, 1_100)), '0.1'],
    ['what was lent', found(...periods(-1_000, 1_000)), '0'],
    ['nearly all that is lost', found(...periods(-1_000_000, 1)), '-0.999999'],
    ['a rate just within range', found(...periods(-1, 1_000_000)), '999999'],
    ['money that the borrower pays first', found(...periods(1_000, -1_100)), '0.1'],
    ['flows in any order', found(flow(1_210, 2), flow(-1_000, 0)), '0.1'],
    ['two flows of one moment', found(flow(-1_000, 0), flow(500, 1), flow(600, 1)), '0.1'],
    ['flows of one moment that cancel out', found(flow(-1_000, 0), flow(700, 1), flow(-700, 1), flow(1_210, 2)), '0.1'],
    ['halves of a period', found(flow(-1_000, 0), flow(1_210, 4, 2), flow(0, 1, 2)), '0.1'],
    ['thirds and quarters', found(flow(-1_000, 1, 4), flow(1_000, 4, 3)), '0'],
    ['half a period', found(flow(-1_000, 0), flow(1_100, 1, 2)), '0.21'],
  ])('of %s is exact', (_name, rate, expected) => {
    expect(rate).toBe(new D(expected).toFixed(25));
  });

  it('is found where the times have no small common denominator', () => {
    const rate = Number(uniqueRate([flow(-1_000, 1, 999_983), flow(1_100, 1_000_003, 1_000_033)]));
    const years = 1_000_003 / 1_000_033 - 1 / 999_983;
    expect(Math.abs((1 + rate) ** years - 1.1)).toBeLessThan(1e-12);
  });

  it('is found where a polynomial only touches nothing, once or three times over', () => {
    // (x − 1.1)² and (x − 1.1)³, by ten thousand.
    expect(Math.abs(Number(uniqueRate(periods(-10_000, 22_000, -12_100))) - 0.1)).toBeLessThan(1e-6);
    expect(Math.abs(Number(uniqueRate(periods(-10_000, 33_000, -36_300, 13_310))) - 0.1)).toBeLessThan(1e-4);
  });

  it('is found where signs change three times and one root exists, wherever it lies', () => {
    // (x − r)(x² − 2x + 2): the second factor has no root.
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000 }), (hundredths) => {
        const r = hundredths;
        // 100x³ − (200 + r)x² + (200 + 2r)x − 2r, r in hundredths.
        const rate = uniqueRate(periods(-100, 200 + r, -(200 + 2 * r), 2 * r));
        expect(rate.plus(1).times(100).minus(r).abs().lt('1e-20')).toBe(true);
      }),
      { seed: 8, numRuns: runs(300) },
    );
  });
});

describe('no single rate', () => {
  const message = 'the flows never change sign: money must go out and come back for a rate to exist';
  const details = { path: 'flows' };

  it('is there where money goes one way only, or where none is left', () => {
    const never = { code: 'RATE_NO_SIGN_CHANGE', message, details };
    expect([refused(() => uniqueRate(periods(1, 2, 3))), refused(() => uniqueRate([])), refused(() => uniqueRate(periods(0, 0)))]).toEqual([
      never,
      never,
      never,
    ]);
    expect(refused(() => uniqueRate([flow(5, 1), flow(-5, 1)], 'here'))).toEqual({ ...never, details: { path: 'here' } });
  });

  it('is there where the flows balance at none, or beyond a million', () => {
    const none = { code: 'RATE_NOT_FOUND', message: 'no rate between −1 and 1,000,000 balances the flows', details };
    expect(refused(() => uniqueRate(periods(-100, 200, -200)))).toEqual(none);
    expect(refused(() => uniqueRate(periods(-1, 1_000_002)))).toEqual(none);
  });

  it.each([
    // (x − 1.1)(x − 1.2), and with (x − 1.3) as a third.
    [[-100, 230, -132], '0.100000, 0.200000'],
    [[-1_000, 3_600, -4_310, 1_716], '0.100000, 0.200000, 0.300000'],
    // (x − 0.5)(x − 2): one below nothing, one above.
    [[-100, 250, -100], '-0.500000, 1.00000'],
    // (x − 1)²(x − 2): a touch counts beside a root.
    [[-1, 4, -5, 2], '0.00000, 1.00000'],
  ])('is there where %j balance at %s', (flows, rates) => {
    const refusal = refused(() => uniqueRate(periods(...flows)));
    expect(refusal).toMatchObject({ code: 'RATE_NOT_UNIQUE', details });
    const [, named] = /^more than one rate balances the flows: (.*)$/.exec((refusal as { message: string }).message) ?? [];
    const near = (text: string) => text.split(', ').map((each) => Number(each).toFixed(4).replace('-0.0000', '0.0000'));
    expect(near(named ?? '')).toEqual(near(rates));
  });
});
