import { effectiveRate, rateText, trueCost, usActuarialRate, xirr } from '../../../domain/loan/apr';
import { exactAnnuity } from '../../../domain/loan/annuity';
import type { Installment } from '../../../domain/loan/schedule';
import type { LoanTerms, TermFee } from '../../../domain/loan/terms';
import { fen } from '../../../domain/money/money';
import { D } from '../../../domain/money/roots';
import { factor } from '../../../domain/money/rounding';
import { businessDate } from '../../../domain/time/dates';
import { lifeTold } from '../../support/ten-day-loan';

/** Guarantee: the true cost counts every fee on its day, by rates that can be checked by compounding them. */
const day = businessDate;
const { terms } = lifeTold({ asOf: '2026-01-01' });
const row = (dueOn: string, payment: number): Installment => ({
  number: 1,
  dueOn: day(dueOn),
  payment: fen(payment),
  principal: fen(payment),
  interest: fen(0),
  fee: fen(0),
  balance: fen(0),
});
const costOf = (principal: number, rows: readonly Installment[], fees: readonly TermFee[] = [], more: Partial<LoanTerms> = {}) =>
  trueCost({ ...terms, principal: fen(principal), fees, periodsPerYear: { numerator: 12n, denominator: 1n }, ...more }, rows);
const fee = (amount: number, on: string): TermFee => ({ name: 'fee', amount: fen(amount), on: on as TermFee['on'] });
const YEAR = '2027-01-01';

describe('the true cost', () => {
  it.each<[string, ReturnType<typeof costOf>, string]>([
    ['1100.00 for 1000.00', costOf(100_000, [row(YEAR, 110_000)]), '0.1000000000000000'],
    ['a fee kept at disbursement', costOf(110_000, [row(YEAR, 110_000)], [fee(10_000, 'disbursement')]), '0.1000000000000000'],
    ['a fee on the date of the disbursement', costOf(110_000, [row(YEAR, 110_000)], [fee(10_000, '2026-01-01')]), '0.1000000000000000'],
    ['a fee on the due date', costOf(100_000, [row(YEAR, 100_000)], [fee(10_000, YEAR)]), '0.1000000000000000'],
    [
      'fees that the installments hold already',
      costOf(100_000, [row(YEAR, 110_000)], [fee(500, 'each_installment')]),
      '0.1000000000000000',
    ],
    ['nothing', costOf(100_000, [row(YEAR, 100_000)]), '0.0000000000000000'],
    // A tenth of the debt after one year, 1100.00 after two: ten per cent, whatever order the dates came in.
    [
      'a fee with the second of two rows',
      costOf(100_000, [row(YEAR, 10_000), row('2028-01-01', 100_000)], [fee(10_000, '2028-01-01')]),
      '0.1000000000000000',
    ],
  ])('of %s is ten per cent a year, or nothing', (_name, { effective, irrNominal }, expected) => {
    expect(effective).toBe(expected);
    expect(irrNominal).toBe(new D(expected).times(12).toFixed(16));
  });

  it('has no nominal rate where a fee has a date of its own or periods are unequal, and still an effective one', () => {
    // 50.00 half a year before: 181 days of 365.
    const own = costOf(100_000, [row(YEAR, 105_000)], [fee(5_000, '2026-07-01')]);
    expect(own.irrNominal).toBeNull();
    const rate = Number(own.effective);
    expect(Math.abs(1_000 - 50 / (1 + rate) ** (181 / 365) - 1_050 / (1 + rate))).toBeLessThan(1e-9);
    expect(costOf(100_000, [row(YEAR, 110_000)], [], { periodsPerYear: null })).toEqual({
      irrNominal: null,
      effective: '0.1000000000000000',
    });
    // A third of a period a year: the rate of the period over three.
    const third = { periodsPerYear: { numerator: 1n, denominator: 4n } };
    expect(costOf(100_000, [row(YEAR, 110_000)], [], third).irrNominal).toBe('0.0250000000000000');
  });

  it('is not told where it exceeds a million, and every other fault is', () => {
    // A fen becomes 1000.00 in a day: 99,999 a day can be told, the year’s rate cannot.
    const steep = costOf(100_000, [row('2026-01-02', 100_000)], [fee(99_999, 'disbursement')]);
    expect(steep).toEqual({ irrNominal: '1199988.0000000000000000', effective: null });
    const nothing = {
      code: 'INVALID_AMOUNT',
      message: 'the fees at disbursement leave nothing to the borrower',
      details: { path: 'fees' },
    };
    for (const kept of [100_000, 100_001])
      expect(() => costOf(100_000, [row(YEAR, 110_000)], [fee(kept, 'disbursement')])).toThrow(expect.objectContaining(nothing));
    expect(() => costOf(100_000, [])).toThrow(expect.objectContaining({ code: 'RATE_NO_SIGN_CHANGE' }));
  });
});

describe('an effective rate', () => {
  const flow = (amount: number, numerator: number, denominator = 1) => ({
    amount: BigInt(amount),
    time: { numerator: BigInt(numerator), denominator: BigInt(denominator) },
  });

  it.each([
    ['from the start', [flow(-1_000, 0), flow(1_100, 1)]],
    ['from half a year before', [flow(-1_000, -1, 2), flow(1_100, 1, 2)]],
    ['in any order', [flow(1_210, 3, 2), flow(-1_000, -1, 2)]],
    ['with different fractions', [flow(-1_000, -1, 3), flow(0, 1, 2), flow(1_100, 2, 3)]],
    ['from the earliest of several', [flow(100, 0), flow(-1_000, -1), flow(1_100, 1)]],
  ])('counted %s is ten per cent', (_name, flows) => {
    expect(rateText(effectiveRate(flows))).toBe('0.1000000000000000');
  });

  it('needs flows', () => {
    expect(() => xirr([], 'ACT/365F')).toThrow(
      expect.objectContaining({ code: 'RATE_NO_SIGN_CHANGE', message: 'a rate needs flows', details: { path: 'flows' } }),
    );
  });

  it('is printed with sixteen decimals, and without a sign where nothing but noughts are left', () => {
    expect(['-1e-20', '0', '-0.1', '-10', '0.00000000000000005'].map((text) => rateText(new D(text)))).toEqual([
      '0.0000000000000000',
      '0.0000000000000000',
      '-0.1000000000000000',
      '-10.0000000000000000',
      '0.0000000000000001',
    ]);
  });
});

describe('the US actuarial rate', () => {
  const paid = (amount: number, unitPeriods: number, numerator = 0n, denominator = 1n) => ({
    amount: fen(amount),
    unitPeriods,
    fraction: { numerator, denominator },
  });
  const exact = (financed: number, ...payments: ReturnType<typeof paid>[]) => usActuarialRate(fen(financed), payments, 12).toFixed(30);

  it.each([
    ['1100.00 after one unit-period', exact(100_000, paid(110_000, 1)), '1.2'],
    // 1000.00 × (1 + 0.1 / 2): simple within a unit-period.
    ['1050.00 after half of one', exact(100_000, paid(105_000, 0, 1n, 2n)), '1.2'],
    // 1000.00 × 1.1 × 1.05.
    ['1155.00 after one and a half', exact(100_000, paid(115_500, 1, 1n, 2n)), '1.2'],
    ['100.00 and then 1100.00', exact(100_000, paid(10_000, 1), paid(110_000, 2)), '1.2'],
    ['as much as was lent', exact(100_000, paid(100_000, 1)), '0'],
    ['half of what was lent', exact(100_000, paid(50_000, 1)), '-6'],
  ])('of %s balances to thirty digits', (_name, rate, expected) => {
    expect(rate).toBe(new D(expected).toFixed(30));
  });

  it('is refused by name where nothing is paid, or no rate in range balances', () => {
    const none = { code: 'RATE_NO_SIGN_CHANGE', message: 'a rate needs at least one payment', details: { path: 'payments' } };
    expect(() => exact(100_000)).toThrow(expect.objectContaining(none));
    expect(() => exact(100_000, paid(0, 1))).toThrow(expect.objectContaining(none));
    expect(exact(100_000, paid(0, 1), paid(110_000, 1))).toBe(new D('1.2').toFixed(30));
    const lost = {
      code: 'RATE_NOT_FOUND',
      message: 'no rate between −1 and 1,000,000 balances the payments',
      details: { path: 'payments' },
    };
    // Above the range; and paid on the very day, where no rate changes anything.
    for (const [financed, payment] of [
      [1, paid(10_000_000, 1)],
      [100_000, paid(90_000, 0)],
      [100_000, paid(110_000, 0)],
    ] as const)
      expect(() => exact(financed, payment)).toThrow(expect.objectContaining(lost));
  });
});

describe('the exact annuity', () => {
  const tenth = () => factor({ numerator: 1n, denominator: 10n });
  const nought = factor({ numerator: 0n, denominator: 1n });
  const HALF_UP = { mode: 'half_up', unit: 1 } as const;

  it('repays what is lent, period by period, by the rate of each', () => {
    // 2100.00 at ten per cent over two periods: 1210.00, of which 210.00 and 110.00 are interest.
    expect(exactAnnuity(fen(210_000), [tenth(), tenth()], HALF_UP)).toBe(121_000);
    const shared = tenth();
    expect(exactAnnuity(fen(210_000), [shared, shared], HALF_UP)).toBe(121_000);
    // 1000.00 grow to 1100.00 once: two of 550.00. 2100.00 less 1100.00 grow to 1100.00.
    expect(exactAnnuity(fen(100_000), [tenth(), nought], HALF_UP)).toBe(55_000);
    expect(exactAnnuity(fen(210_000), [nought, tenth()], HALF_UP)).toBe(110_000);
    expect(exactAnnuity(fen(100_000), [nought, nought], HALF_UP)).toBe(50_000);
    expect(exactAnnuity(fen(100_000), [tenth()], HALF_UP)).toBe(110_000);
  });
});
