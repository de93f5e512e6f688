import fc from 'fast-check';
import { foldAccount, overdueSinceOn, owedOn, sumOf, type LoanFact } from '../../domain/account';
import { annualIrr, assertWithinCap, periodIrr } from '../../domain/apr';
import { CN_MAINLAND } from '../../domain/calendar';
import { addDays, businessDate, daysBetween, monthsFromAnchor, type BusinessDate } from '../../domain/dates';
import { fen } from '../../domain/money';
import { rational } from '../../domain/rational';
import { equalInstallmentSchedule, type Installment } from '../../domain/schedule';

function scheduleOf(principal: number, rate: string, count: number, disbursedOn = '2026-01-31'): Installment[] {
  return equalInstallmentSchedule({
    principal: fen(principal),
    annualRate: rational(rate),
    periodsPerYear: 12,
    count,
    disbursedOn: businessDate(disbursedOn),
    interestRounding: 'half_up',
    feePerInstallment: fen(0),
    holidayRule: 'same_day',
    calendar: CN_MAINLAND,
  });
}

const terms = fc.record({
  principal: fc.integer({ min: 100_000, max: 20_000_000 }),
  rate: fc.integer({ min: 0, max: 3_600 }).map((n) => `0.${String(n).padStart(4, '0')}`),
  count: fc.integer({ min: 1, max: 60 }),
});

describe('the equal-installment schedule', () => {
  it('has one row per installment, sums to the principal, and closes to zero', () => {
    fc.assert(
      fc.property(terms, ({ principal, rate, count }) => {
        const rows = scheduleOf(principal, rate, count);
        expect(rows).toHaveLength(count);
        expect(rows.reduce((sum, row) => sum + row.principal, 0)).toBe(principal);
        expect(rows.at(-1)!.balance).toBe(0);
        expect(new Set(rows.slice(0, -1).map((row) => row.payment)).size).toBeLessThanOrEqual(1);
        rows.forEach((row, index) => {
          expect(row.interest).toBeGreaterThanOrEqual(0);
          expect(row.dueOn).toBe(monthsFromAnchor(businessDate('2026-01-31'), index + 1));
        });
      }),
    );
  });

  it('pays 1066.19 a month on 12,000 at 12 % over 12 months (annuity formula, hand-checked: 12000 × 0.01 / (1 − 1.01^−12))', () => {
    const rows = scheduleOf(1_200_000, '0.12', 12, '2026-11-24');
    expect(rows[0]).toMatchObject({ dueOn: '2026-12-24', interest: 12_000, principal: 94_619, payment: 106_619 });
    expect(rows.at(-1)!.payment).toBe(106_614);
  });

  it('refuses a payment that cannot cover its interest in whole fen', () => {
    expect(() => scheduleOf(100, '3.6', 60)).toThrow(expect.objectContaining({ code: 'INSTALLMENT_TOO_SMALL' }));
  });
});

describe('the true yearly cost', () => {
  it('discounts the schedule back to the principal within half a fen', () => {
    fc.assert(
      fc.property(terms, ({ principal, rate, count }) => {
        const payments = scheduleOf(principal, rate, count).map((row) => row.payment);
        const irr = periodIrr(fen(principal), payments);
        const value = payments.reduce(
          (sum, payment, index) =>
            sum.plus(
              irr
                .plus(1)
                .pow(-(index + 1))
                .times(payment),
            ),
          irr.times(0),
        );
        expect(value.minus(principal).abs().lt(0.5)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('is refused one step above the cap and allowed at the cap', () => {
    expect(() => {
      assertWithinCap('0.240000000000', '0.24');
    }).not.toThrow();
    expect(() => {
      assertWithinCap('0.240000000001', '0.24');
    }).toThrow(expect.objectContaining({ code: 'APR_CAP_EXCEEDED' }));
  });

  it('counts fees: 12 × 1.00 more a month on 1,200.00 raises it', () => {
    const plain = scheduleOf(120_000, '0.12', 12).map((row) => row.payment);
    expect(
      Number(
        annualIrr(
          fen(120_000),
          plain.map((payment) => fen(payment + 100)),
          12,
        ),
      ),
    ).toBeGreaterThan(Number(annualIrr(fen(120_000), plain, 12)));
  });
});

const START = businessDate('2026-01-31');

/** A loan and repayments on arbitrary days. */
const history = fc
  .record({
    principal: fc.integer({ min: 100_000, max: 5_000_000 }),
    count: fc.integer({ min: 1, max: 24 }),
    payments: fc.array(
      fc.record({
        day: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constantFrom(0, 20, 40)),
        amount: fc.integer({ min: 1, max: 900_000 }),
      }),
      {
        maxLength: 12,
      },
    ),
  })
  .map(({ principal, count, payments }) => {
    const schedule = scheduleOf(principal, '0.18', count);
    const facts: LoanFact[] = [
      { key: 'disbursement', type: 'DISBURSEMENT', valueDate: START, amount: fen(principal) },
      ...payments.map(({ day, amount }, index): LoanFact => ({
        key: `payment-${String(index).padStart(3, '0')}`,
        type: 'REPAYMENT',
        valueDate: addDays(START, day),
        amount: fen(amount),
      })),
    ];
    return { schedule, facts };
  });
const asOf = fc.oneof(fc.integer({ min: 0, max: 1_200 }), fc.constantFrom(0, 20, 40)).map((day) => addDays(START, day));

describe('the account fold', () => {
  it('allocates exactly what was paid, and never more than is due', () => {
    fc.assert(
      fc.property(history, asOf, ({ schedule, facts }, on) => {
        const account = foldAccount({ schedule, facts, asOf: on });
        const paid = facts.filter((fact) => fact.type === 'REPAYMENT' && fact.valueDate <= on).reduce((sum, fact) => sum + fact.amount, 0);
        expect(account.allocations.reduce((sum, each) => sum + sumOf(each.components) + each.surplus, 0)).toBe(paid);
        for (const row of account.installments) {
          for (const component of ['fee', 'interest', 'principal'] as const) {
            expect(row.paid[component]).toBeGreaterThanOrEqual(0);
            expect(row.paid[component]).toBeLessThanOrEqual(row.due[component]);
          }
        }
      }),
    );
  });

  it('does not depend on the order in which facts arrived', () => {
    fc.assert(
      fc.property(history, asOf, fc.integer(), ({ schedule, facts }, on, seed) => {
        const shuffled = [...facts].sort(
          (a, b) => ((a.key.length * 31 + a.amount * seed) % 7) - ((b.key.length * 31 + b.amount * seed) % 7),
        );
        expect(foldAccount({ schedule, facts: shuffled, asOf: on })).toEqual(foldAccount({ schedule, facts, asOf: on }));
      }),
    );
  });

  it('is settled by a payment of exactly the quoted payoff, on any day', () => {
    fc.assert(
      fc.property(history, asOf, ({ schedule, facts }, on) => {
        const known = facts.filter((fact) => fact.valueDate <= on);
        const { payoff, status } = foldAccount({ schedule, facts: known, asOf: on });
        if (status !== 'ACTIVE') return;
        expect(payoff.total).toBeGreaterThan(0);
        const after = foldAccount({
          schedule,
          facts: [...known, { key: 'zz-payoff', type: 'REPAYMENT', valueDate: on, amount: payoff.total }],
          asOf: addDays(on, 400),
        });
        expect(after.status).toBe('CLOSED_OBLIGATIONS_MET');
        expect(after.overpaid).toBe(0);
        expect(sumOf(after.outstanding)).toBe(0);
      }),
    );
  });

  it('treats two payments of one day as their sum', () => {
    fc.assert(
      fc.property(
        history,
        fc.integer({ min: 0, max: 700 }),
        fc.integer({ min: 2, max: 500_000 }),
        fc.integer({ min: 1, max: 499_999 }),
        ({ schedule, facts }, day, amount, part) => {
          const on = addDays(START, day);
          const known = facts.filter((fact) => fact.type === 'DISBURSEMENT' || fact.valueDate < on);
          const first = part % amount;
          if (first === 0) return;
          const pay = (key: string, value: number): LoanFact => ({ key, type: 'REPAYMENT', valueDate: on, amount: fen(value) });
          const whole = foldAccount({ schedule, facts: [...known, pay('a', amount)], asOf: on });
          const split = foldAccount({ schedule, facts: [...known, pay('a', first), pay('b', amount - first)], asOf: on });
          expect(split.outstanding).toEqual(whole.outstanding);
          expect(split.overpaid).toBe(whole.overpaid);
        },
      ),
    );
  });

  it('earns all of the scheduled interest and no more when everything is paid when due', () => {
    const schedule = scheduleOf(1_200_000, '0.12', 12);
    const facts: LoanFact[] = [
      { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) },
      ...schedule.map((row): LoanFact => ({ key: `r${String(row.number)}`, type: 'REPAYMENT', valueDate: row.dueOn, amount: row.payment })),
    ];
    let previous = 0;
    for (let day = 0; day < 380; day += 1) {
      const { interestAccrued } = foldAccount({ schedule, facts, asOf: addDays(START, day) });
      expect(interestAccrued).toBeGreaterThanOrEqual(previous);
      previous = interestAccrued;
    }
    expect(previous).toBe(schedule.reduce((sum, row) => sum + row.interest, 0));
  });

  it('counts days past due from the oldest unpaid due date: 0 on the day itself, 1 on the next', () => {
    const schedule = scheduleOf(1_200_000, '0.12', 3);
    const facts: LoanFact[] = [{ key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) }];
    const due = schedule[0]!.dueOn;
    const dpd = (days: number) => {
      const account = foldAccount({ schedule, facts, asOf: addDays(due, days) });
      return [account.daysPastDue, account.bucket];
    };
    expect([0, 1, 30, 31, 60, 61, 90, 91].map(dpd)).toEqual([
      [0, 'CURRENT'],
      [1, 'DPD_1_30'],
      [30, 'DPD_1_30'],
      [31, 'DPD_31_60'],
      [60, 'DPD_31_60'],
      [61, 'DPD_61_90'],
      [90, 'DPD_61_90'],
      [91, 'DPD_90_PLUS'],
    ]);
    const account = foldAccount({ schedule, facts, asOf: addDays(due, 40) });
    expect(owedOn(account, due)).toBe(schedule[0]!.payment);
    expect(overdueSinceOn(account, due)).toBeNull();
    expect(overdueSinceOn(account, addDays(due, 1))).toBe(due);
    expect(daysBetween(account.overdueSince!, account.asOf)).toBe(40);
  });

  it('refuses money before a disbursement', () => {
    const facts: LoanFact[] = [
      { key: 'r', type: 'REPAYMENT', valueDate: '2026-01-30' as BusinessDate, amount: fen(1) },
      { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_000_00) },
    ];
    expect(() => foldAccount({ schedule: scheduleOf(100_000, '0.1', 1), facts, asOf: addDays(START, 1) })).toThrow(
      expect.objectContaining({ code: 'FACTS_INCONSISTENT' }),
    );
  });
});
