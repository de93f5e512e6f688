import fc from 'fast-check';
import { assertWithinCap, irr } from '../../../domain/loan/apr';
import { businessDate } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import { capOn, quote } from '../../../domain/product/offer';
import { createCatalogue, parseProduct } from '../../../domain/product/products';
import { PRODUCT_FILES } from '../../../domain/product/products/index';
import { VERBS } from '../../../ops/calc/verbs';
import { runs } from '../../support/runs';

const rate = (input: object) => Number((VERBS.apr!(input) as { rate: string }).rate);
const irrOf = (...flows: number[]) => rate({ method: 'irr', flows: flows.map((flow) => flow.toFixed(2)) });

describe('a rate', () => {
  it('balances its flows, whatever they are, where there is one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100_000, max: 90_000_000 }),
        fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 60 }),
        (advanced, payments) => {
          if (payments.every((payment) => payment === 0)) return;
          const found = irr([BigInt(-advanced), ...payments.map(BigInt)]);
          const value = payments.reduce(
            (sum, payment, index) =>
              sum.plus(
                found
                  .plus(1)
                  .pow(-(index + 1))
                  .times(payment),
              ),
            found.times(0),
          );
          expect(value.minus(advanced).abs().lt('1e-12')).toBe(true);
        },
      ),
      { seed: 11, numRuns: runs(200) },
    );
  });

  it('is found where flows change sign twice and one root exists', () => {
    const found = irrOf(-1000, 2000, -500, 100);
    const value = [-1000, 2000, -500, 100].reduce((sum, flow, index) => sum + flow / (1 + found) ** index, 0);
    expect(Math.abs(value)).toBeLessThan(1e-9);
  });

  it.each([
    ['never change sign', [1, 2, 3], 'RATE_NO_SIGN_CHANGE'],
    // (x − 1.1)(x − 1.2) with x = 1 + i: roots at 10 % and 20 %.
    ['have two roots', [-100, 230, -132], 'RATE_NOT_UNIQUE'],
    // x² − 2x + 2 has no real root.
    ['have no root', [-100, 200, -200], 'RATE_NOT_FOUND'],
  ])('is refused by name where flows %s', (_name, flows, code) => {
    expect(() => irrOf(...flows)).toThrow(expect.objectContaining({ code, details: { path: 'flows' } }));
  });

  it('counts years from the earliest flow, in any order', () => {
    const flows = [
      { amount: '-10000', on: '2008-01-01' },
      { amount: '2750', on: '2008-03-01' },
      { amount: '4250', on: '2008-10-30' },
      { amount: '3250', on: '2009-02-15' },
      { amount: '2750', on: '2009-04-01' },
    ];
    const xirr = { method: 'xirr', dayCount: 'ACT/365F' };
    expect(rate({ ...xirr, flows: [...flows].reverse() })).toBe(rate({ ...xirr, flows }));
  });
});

describe('the cap on the true cost', () => {
  it('allows equality and refuses one step above', () => {
    expect(() => {
      assertWithinCap('0.2400000000000000', '0.24');
    }).not.toThrow();
    expect(() => {
      assertWithinCap('0.2400000000000001', '0.24');
    }).toThrow(expect.objectContaining({ code: 'APR_CAP_EXCEEDED' }));
  });

  it('is exact to the last fen: the dearest fee under the cap is offered, one fen more is not', () => {
    const [file] = PRODUCT_FILES as [Record<string, unknown>];
    const offer = (feeFen: number) => {
      const fees = [{ name: 'service', amount: (feeFen / 100).toFixed(2), on: 'each_installment', collector: 'the lender' }];
      return () => quote({ principal: fen(1_200_000), termMonths: 12 }, parseProduct({ ...file, fees }), businessDate('2026-11-24'));
    };
    let [allowed, refused] = [0, 200_000];
    while (refused - allowed > 1) {
      const middle = Math.floor((allowed + refused) / 2);
      try {
        offer(middle)();
        allowed = middle;
      } catch {
        refused = middle;
      }
    }
    expect(Number(offer(allowed)().apr)).toBeLessThanOrEqual(0.24);
    expect(offer(allowed + 1)).toThrow(expect.objectContaining({ code: 'APR_CAP_EXCEEDED' }));
    expect(allowed).toBeGreaterThan(0);
  });

  it('is the one in force on the day: a stricter cap binds from its own date on, at signing too', () => {
    const [file] = PRODUCT_FILES as [Record<string, unknown>];
    const aprCaps = [
      { from: '2026-01-01', annualRate: '0.24', source: 'old' },
      { from: '2027-01-01', annualRate: '0.11', source: 'new' },
    ];
    const product = parseProduct({ ...file, aprCaps });
    expect([capOn(product, businessDate('2026-12-31')).source, capOn(product, businessDate('2027-01-01')).source]).toEqual(['old', 'new']);
    const request = { principal: fen(1_200_000), termMonths: 12 };
    expect(quote(request, product, businessDate('2026-12-31')).apr).toMatch(/^0\.1/);
    expect(() => quote(request, product, businessDate('2027-01-01'))).toThrow(expect.objectContaining({ code: 'APR_CAP_EXCEEDED' }));
  });
});

describe('the catalogue', () => {
  it('offers every method, each within its cap', () => {
    const products = createCatalogue().all();
    expect(new Set(products.map((product) => product.method)).size).toBe(6);
    for (const product of products) {
      const { apr } = quote({ principal: fen(1_000_000), termMonths: Math.min(12, product.term.max) }, product, businessDate('2026-11-24'));
      expect(Number(apr)).toBeLessThanOrEqual(0.24);
    }
  });
});
