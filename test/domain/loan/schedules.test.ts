import fc from 'fast-check';
import { dayCount } from '../../../domain/time/day-count';
import { businessDate, daysInMonth, monthsFromAnchor } from '../../../domain/time/dates';
import { divideRounded } from '../../../domain/money/rational';
import { factor, roundProduct } from '../../../domain/money/rounding';
import { fen } from '../../../domain/money/money';
import { VERBS } from '../../../ops/calc/verbs';
import { fenOf, termsInput } from '../../support/loan-terms';
import { runs } from '../../support/runs';

interface Row {
  number: number;
  dueOn: string;
  principal: string;
  interest: string;
  payment: string;
  balance: string;
}
interface Answer {
  installments: Row[];
  totals: { principal: string; interest: string; payment: string };
  apr: { irrNominal: string | null; effective: string | null };
}

/** The schedule, or undefined where the input is refused with a code: a refusal is an answer too, a crash is none. */
function scheduleOf(input: unknown): Answer | undefined {
  try {
    return VERBS.schedule!(input) as Answer;
  } catch (error) {
    expect(error).toMatchObject({ name: 'LoanloomError', details: { path: expect.any(String) as string } });
    return undefined;
  }
}

describe('every schedule', () => {
  it('has a row per due date, repays exactly the principal, ends on zero, and never a negative part', () => {
    let accepted = 0;
    fc.assert(
      fc.property(termsInput(), (input) => {
        const answer = scheduleOf(input);
        if (!answer) return;
        accepted += 1;
        const rows = answer.installments;
        expect(rows).toHaveLength(input.count);
        expect(rows.reduce((sum, row) => sum + fenOf(row.principal), 0)).toBe(fenOf(input.principal));
        expect(rows.at(-1)!.balance).toBe('0.00');
        let [balance, previous] = [fenOf(input.principal), input.disbursedOn];
        for (const row of rows) {
          expect(fenOf(row.interest)).toBeGreaterThanOrEqual(0);
          expect(fenOf(row.principal)).toBeGreaterThanOrEqual(0);
          expect(fenOf(row.payment)).toBe(fenOf(row.principal) + fenOf(row.interest));
          balance -= fenOf(row.principal);
          expect(fenOf(row.balance)).toBe(balance);
          expect(row.dueOn > previous).toBe(true);
          previous = row.dueOn;
        }
      }),
      { seed: 20261124, numRuns: runs(1_500) },
    );
    expect(accepted).toBeGreaterThan(0.9 * runs(1_500));
  });

  it('keeps its installments equal, but the last, after a grace', () => {
    fc.assert(
      fc.property(termsInput(['equal_installment', 'balloon']), (input) => {
        const answer = scheduleOf(input);
        if (!answer) return;
        const grace = (input.grace as { principalPeriods: number; interestDeferredPeriods: number } | undefined) ?? {
          principalPeriods: 0,
          interestDeferredPeriods: 0,
        };
        const from = Math.max(grace.principalPeriods, grace.interestDeferredPeriods + (grace.interestDeferredPeriods > 0 ? 1 : 0));
        const level = answer.installments.slice(from, -1).filter((row) => row.balance !== '0.00' && row.payment !== '0.00');
        expect(new Set(level.map((row) => row.payment)).size).toBeLessThanOrEqual(1);
      }),
      { seed: 7, numRuns: runs(500) },
    );
  });

  it('takes monthly dates from the anchor day and the number of the period, never from the date before', () => {
    fc.assert(
      fc.property(termsInput(['equal_principal']), (input) => {
        const answer = scheduleOf(Object.fromEntries(Object.entries(input).filter(([name]) => name !== 'shift')));
        answer?.installments.forEach((row, index) => {
          expect(row.dueOn).toBe(monthsFromAnchor(businessDate(input.disbursedOn), (index + 1) * input.every.months));
        });
      }),
    );
  });

  it('scales: ten times the principal, rounded to ten times the coin, gives ten times every figure', () => {
    fc.assert(
      fc.property(termsInput(['equal_installment', 'equal_principal', 'interest_first', 'flat']), (input) => {
        const small = scheduleOf({ ...input, interestRounding: { mode: input.interestRounding.mode, multiple: '0.01' } });
        const large = scheduleOf({
          ...input,
          principal: (Number(input.principal) * 10).toFixed(2),
          interestRounding: { mode: input.interestRounding.mode, multiple: '0.10' },
        });
        expect(large === undefined).toBe(small === undefined);
        small?.installments.forEach((row, index) => {
          const scaled = large!.installments[index]!;
          for (const name of ['principal', 'interest', 'payment', 'balance'] as const)
            expect(fenOf(scaled[name])).toBe(fenOf(row[name]) * 10);
        });
      }),
    );
  });

  it('has a true cost that discounts it back to the principal within half a fen', () => {
    fc.assert(
      fc.property(termsInput(undefined, 36), (input) => {
        const answer = scheduleOf(input);
        if (!answer || answer.apr.effective === null) return;
        const effective = Number(answer.apr.effective);
        const start = businessDate(input.disbursedOn);
        const value = answer.installments.reduce((sum, row) => {
          const years = dayCount('ACT/365F', start, businessDate(row.dueOn)).years;
          return sum + fenOf(row.payment) / (1 + effective) ** (Number(years.numerator) / Number(years.denominator));
        }, 0);
        // Doubles carry fifteen digits: on half a million yuan that is far below half a fen.
        expect(Math.abs(value - fenOf(input.principal))).toBeLessThan(0.5);
      }),
      { seed: 3, numRuns: runs(300) },
    );
  });
});

describe('the edges of a schedule', () => {
  const base = {
    principal: '12000.00',
    annualRate: '0.12',
    disbursedOn: '2026-11-24',
    every: { months: 1 },
    count: 12,
    method: 'equal_installment',
    interest: { basis: 'periodic', periodsPerYear: 12 },
  };

  it('pays 1066.19 a month on 12,000 at 12 % over 12 months (annuity formula: 12000 × 0.01 / (1 − 1.01^−12))', () => {
    const rows = scheduleOf(base)!.installments;
    expect(rows[0]).toMatchObject({ dueOn: '2026-12-24', interest: '120.00', principal: '946.19', payment: '1066.19' });
    expect(rows.at(-1)!.payment).toBe('1066.14');
  });

  it.each([
    ['no interest at all', { annualRate: '0' }, ['1000.00', '0.00']],
    ['a currency without decimals', { minorUnits: 0, principal: '12000' }, ['946', '120']],
    ['a currency with three decimals', { minorUnits: 3, principal: '12000.000' }, ['946.185', '120.000']],
    ['one installment', { count: 1 }, ['12000.00', '120.00']],
  ])('handles %s', (_name, change, [principal, interest]) => {
    expect(scheduleOf({ ...base, ...change })!.installments[0]).toMatchObject({ principal, interest });
  });

  it('handles 600 installments on real days, exactly', () => {
    const rows = scheduleOf({
      ...base,
      count: 600,
      principal: '1000000.00',
      annualRate: '0.045',
      interest: { basis: 'day_count', convention: 'ACT/ACT-ISDA' },
    })!.installments;
    expect(rows).toHaveLength(600);
    expect(rows.at(-1)!.balance).toBe('0.00');
    expect(new Set(rows.slice(0, -1).map((row) => row.payment)).size).toBe(1);
    // The level payment is exact, so after 599 roundings the last differs by less than 599 half fen compounded.
    expect(Math.abs(fenOf(rows.at(-1)!.payment) - fenOf(rows[0]!.payment))).toBeLessThan(600 * 200);
  });

  it('counts a long first period by its days', () => {
    const rows = scheduleOf({ ...base, firstDueOn: '2027-01-24', interest: { basis: 'day_count', convention: 'ACT/360' } })!.installments;
    // 61 days from 24 November to 24 January: 12000 × 0.12 × 61 / 360
    expect(rows[0]).toMatchObject({ dueOn: '2027-01-24', interest: '244.00' });
  });

  it('defers interest without compounding and collects it with the row after the grace', () => {
    const rows = scheduleOf({ ...base, grace: { interestDeferredPeriods: 2 } })!.installments;
    const plain = scheduleOf(base)!.installments;
    expect(rows.slice(0, 2).map((row) => row.interest)).toEqual(['0.00', '0.00']);
    expect(fenOf(rows[2]!.interest)).toBe(plain.slice(0, 3).reduce((sum, row) => sum + fenOf(row.interest), 0));
    expect(rows.map((row) => row.principal)).toEqual(plain.map((row) => row.principal));
  });

  it('lets interest follow the shifted or the unshifted date', () => {
    // 24 January 2027 is a Sunday: the payment moves to Monday the 25th.
    const shift = { rule: 'next_working_day', holidays: [], weekend: [6, 7] };
    const on = { ...base, interest: { basis: 'day_count', convention: 'ACT/360' } };
    const shifted = scheduleOf({ ...on, shift: { ...shift, interestFollows: 'shifted' } })!.installments;
    const unshifted = scheduleOf({ ...on, shift: { ...shift, interestFollows: 'unshifted' } })!.installments;
    expect([shifted[1]!.dueOn, unshifted[1]!.dueOn]).toEqual(['2027-01-25', '2027-01-25']);
    expect(fenOf(shifted[1]!.interest)).toBe(Math.round((fenOf(shifted[0]!.balance) * 0.12 * 32) / 360));
    expect(fenOf(unshifted[1]!.interest)).toBe(Math.round((fenOf(unshifted[0]!.balance) * 0.12 * 31) / 360));
  });

  it.each([
    ['a due date that does not exist', { dueOn: ['2026-02-30'], every: undefined, count: undefined }, 'INVALID_DATE', 'dueOn.0'],
    [
      'due dates that stand still',
      { dueOn: ['2027-01-01', '2027-01-01'], every: undefined, count: undefined },
      'DATES_NOT_INCREASING',
      'dueOn',
    ],
    ['a negative principal', { principal: '-1.00' }, 'INVALID_AMOUNT', 'principal'],
    ['a third of a fen', { principal: '1.001' }, 'INVALID_AMOUNT', 'principal'],
    ['an unknown convention', { interest: { basis: 'day_count', convention: 'ACT/363' } }, 'VALIDATION', 'interest.convention'],
    ['a rate of NaN', { annualRate: 'NaN' }, 'INVALID_RATE', 'annualRate'],
    ['a grace longer than the term', { grace: { principalPeriods: 13 } }, 'GRACE_TOO_LONG', 'grace.principalPeriods'],
    ['an installment below its interest', { installment: { amount: '119.99' } }, 'INSTALLMENT_TOO_SMALL', 'installment'],
    ['an unknown key', { colour: 'red' }, 'VALIDATION', 'colour'],
    ['a daily rate beside an annual one', { interest: { basis: 'daily', dailyRate: '0.0005' } }, 'VALIDATION', 'annualRate'],
  ])('refuses %s by name and place', (_name, change, code, path) => {
    expect(() => VERBS.schedule!({ ...base, ...change })).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ path }) as object }),
    );
  });
});

describe('rounding a product', () => {
  it('gives the same fen on safe integers and on bigint, in every mode, ties included', () => {
    const modes = fc.constantFrom('half_up', 'half_even', 'down', 'up', 'ceiling');
    fc.assert(
      fc.property(
        fc.record({
          amount: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 90_000_000_000 })),
          numerator: fc.integer({ min: 0, max: 40_000 }),
          denominator: fc.constantFrom(1, 2, 4, 8, 100, 1_200, 36_500),
          unit: fc.constantFrom(1, 5, 100),
          mode: modes,
        }),
        ({ amount, numerator, denominator, unit, mode }) => {
          const rate = factor({ numerator: BigInt(numerator), denominator: BigInt(denominator) });
          const slow = divideRounded(BigInt(amount) * BigInt(numerator), BigInt(denominator) * BigInt(unit), mode) * BigInt(unit);
          expect(roundProduct(fen(amount), rate, { mode, unit })).toBe(Number(slow));
        },
      ),
      { numRuns: runs(5_000) },
    );
  });
});

describe('day counts', () => {
  // QuantLib 1.44, Thirty360.USA: the February rule comes before the rule for the 31st.
  it.each([
    ['30/360-US', '2006-02-28', '2006-08-31', 180],
    ['30/360-US', '2007-02-28', '2008-02-29', 360],
    ['30/360-US', '2006-08-31', '2007-02-28', 178],
    ['30/360-US', '2008-02-28', '2008-08-31', 183],
    ['30/360', '2006-08-31', '2007-02-28', 178],
    ['30E/360', '2006-02-28', '2006-08-31', 182],
    ['ACT/ACT-ISDA', '2003-11-01', '2004-05-01', 182],
  ] as const)('%s from %s to %s is %i days', (convention, from, to, days) => {
    expect(dayCount(convention, businessDate(from), businessDate(to)).days).toBe(days);
  });

  it('adds up: a to b and b to c are a to c, for every actual convention', () => {
    const day = fc.integer({ min: 0, max: 20_000 }).map((n) => businessDate(new Date(n * 86_400_000).toISOString().slice(0, 10)));
    fc.assert(
      fc.property(
        fc.array(day, { minLength: 3, maxLength: 3 }),
        fc.constantFrom('ACT/365F', 'ACT/360', 'ACT/364', 'ACT/ACT-ISDA'),
        (days, convention) => {
          const [a, b, c] = [...days].sort() as [(typeof days)[0], (typeof days)[0], (typeof days)[0]];
          const years = (from: typeof a, to: typeof a) => dayCount(convention, from, to).years;
          const [whole, first, second] = [years(a, c), years(a, b), years(b, c)];
          expect(first.numerator * whole.denominator + second.numerator * whole.denominator).toBe(whole.numerator * first.denominator);
        },
      ),
    );
  });

  it('knows the length of every month', () => {
    for (let year = 1900; year < 2200; year += 1)
      for (let month = 1; month <= 12; month += 1) expect(daysInMonth(year, month)).toBe(new Date(Date.UTC(year, month, 0)).getUTCDate());
  });
});
