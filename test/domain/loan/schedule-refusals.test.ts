import { levelPayment, scheduleOf, tooSmall, totals } from '../../../domain/loan/schedule';
import { fen } from '../../../domain/money/money';
import { factor } from '../../../domain/money/rounding';
import { lifeTold } from '../../support/ten-day-loan';

/** Guarantee: what cannot be repaid is refused with the place to mend, and the last rows take what is left, to the fen. */
describe('a schedule', () => {
  const { terms } = lifeTold({ asOf: '2026-01-01' });
  const refused = (code: string, message: string, details: object) => expect.objectContaining({ code, message, details }) as Error;

  it('refuses what cannot be repaid, with the place to mend', () => {
    const grace = (name: 'principalPeriods' | 'interestDeferredPeriods', periods: number) => () =>
      scheduleOf({ ...terms, grace: { principalPeriods: 0, interestDeferredPeriods: 0, [name]: periods } });
    for (const name of ['principalPeriods', 'interestDeferredPeriods'] as const) {
      expect(grace(name, 4)).toThrow(refused('GRACE_TOO_LONG', 'a grace of 4 periods leaves no row of 4', { path: `grace.${name}` }));
      expect(
        grace(name, 3)()
          .map((row) => row.balance)
          .at(-1),
      ).toBe(0);
    }
    const given = (amount: number) => () => scheduleOf({ ...terms, method: 'balloon', installment: { amount: fen(amount) } });
    expect(given(5_999)).toThrow(
      refused('INSTALLMENT_TOO_SMALL', 'an installment of 5999 does not cover the interest of 6000 in row 1 (minor units)', {
        path: 'installment',
        row: 1,
      }),
    );
    expect(given(6_000)().map((row) => row.principal)).toEqual([0, 0, 0, 1_200_000]);
    expect(tooSmall(fen(1), fen(2), 3)).toMatchObject({
      message: 'an installment of 1 does not cover the interest of 2 in row 3 (minor units)',
    });
  });

  it('refuses a basis that does not go with its method', () => {
    expect(() => scheduleOf({ ...terms, method: 'flat' })).toThrow(
      refused('VALIDATION', 'flat interest is counted by equal periods', { path: 'interest.basis' }),
    );
    const rounding = { mode: 'half_up', unit: 1 } as const;
    const periodic = { ...terms, installment: { annuity: 'periodic', periodsPerYear: 12, rounding } } as const;
    expect(() => levelPayment(periodic, fen(100), [factor({ numerator: 1n, denominator: 10n })])).toThrow(
      refused('VALIDATION', 'a periodic annuity needs an annual rate', { path: 'installment.annuity' }),
    );
  });

  it('sums up to what is paid', () => {
    const fees = [{ name: 'f', amount: fen(500), on: 'each_installment' as const }];
    expect(totals(scheduleOf({ ...terms, fees }))).toEqual({ principal: 1_200_000, interest: 15_000, fee: 2_000, payment: 1_217_000 });
    expect(totals([])).toEqual({ principal: 0, interest: 0, fee: 0, payment: 0 });
  });

  it('takes of a balance that is smaller than its share no more than there is', () => {
    const rows = scheduleOf({ ...terms, method: 'fixed_principal', fixedPrincipal: fen(700_000) });
    expect(rows.map((row) => [row.principal, row.interest, row.balance])).toEqual([
      [700_000, 6_000, 500_000],
      [500_000, 2_500, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('of flat interest takes in all what the terms come to, the last row what rounding left', () => {
    // 100.00 at 10 % a year is 0.83 a month, and 2.50 in three: 0.83, 0.83 and 0.84.
    const flat = { ...terms, method: 'flat', principal: fen(10_000), dates: terms.dates.slice(0, 3) } as const;
    const interest = { basis: 'periodic', annualRate: { numerator: 1n, denominator: 10n }, periodsPerYear: 12 } as const;
    const rows = scheduleOf({ ...flat, interest, installment: { annuity: 'exact', rounding: { mode: 'half_up', unit: 1 } } });
    expect(rows.map((row) => row.interest)).toEqual([83, 83, 84]);
    // (100.00 + 3 × 0.83) / 3 is 34.16 a row.
    expect(rows.map((row) => row.payment)).toEqual([3_416, 3_416, 3_418]);
  });
});
