import fc from 'fast-check';
import { brokenLaws, isSane, lifeOf } from '../../support/account-laws';
import { randomLife, withdrawnLife } from '../../support/loan-facts';

/** At least this many lives, and as many more as fit into the time; a mutation run, which begins this file a thousand times, asks for fewer. */
const { lawsLives: LIVES = 1_000, lawsMs: MS = 45_000 } = globalThis as { lawsLives?: number; lawsMs?: number };

describe('the laws of an account, over random lives of every fact, policy and method', () => {
  it('hold on every day between facts: quotes settle to the fen, money and debt are conserved, nothing vanishes by a restructuring, a pause earns nothing', () => {
    const until = Date.now() + MS;
    const check = (seed: number) => {
      fc.assert(
        fc.property(randomLife, (raw) => {
          const life = lifeOf(raw);
          fc.pre(isSane(life));
          expect(brokenLaws(life)).toEqual([]);
        }),
        { seed, numRuns: LIVES / 4 },
      );
    };
    let seed = 1;
    for (; seed <= 4 || Date.now() < until; seed += 1) check(seed);
  });

  it('hold where the borrower withdraws: what is paid back and what is left still add up to the fen', () => {
    fc.assert(
      fc.property(withdrawnLife, (raw) => {
        const life = lifeOf(raw);
        fc.pre(isSane(life));
        expect(brokenLaws(life)).toEqual([]);
      }),
      { seed: 1, numRuns: LIVES / 4 },
    );
  });

  it('hold where flat interest that was paused is carried over by a re-amortization', () => {
    expect(brokenLaws(lifeOf(PAUSED_FLAT))).toEqual([]);
  });
});

/** Found among 20,000 lives: a pause without interest, then arrears spread anew, under flat interest on shifted dates. */
const PAUSED_FLAT = {
  terms: {
    principal: '362093.34',
    disbursedOn: '2025-01-18',
    count: 5,
    method: 'flat',
    interest: { basis: 'periodic', periodsPerYear: 12 },
    interestRounding: { mode: 'down', scale: 2 },
    annualRate: '0.2713',
    every: { months: 2 },
    shift: {
      rule: 'next_working_day',
      interestFollows: 'unshifted',
      holidays: ['2024-05-01', '2024-05-02', '2025-10-01'],
      weekend: [6, 7],
    },
  },
  policy: {
    allocation: {
      due: ['interest', 'fee', 'penalty', 'principal'],
      inAdvance: ['penalty', 'fee', 'interest', 'principal'],
      mode: 'vertical',
    },
    interestOn: 'actual',
    earlyPayment: 'hold_to_due',
    prepayment: 'reduce_installment',
    penalty: { rateMultiplier: '1.5', on: 'principal_and_interest', dayCount: 'ACT/365F', graceDays: 3 },
    overdueInterest: 'accrues',
    payoffInterest: 'to_date',
    payoffFee: '50.00',
  },
  transactions: [
    { id: 'e0', on: '2025-07-24', type: 'hardship_pause', until: '2025-08-11', interest: 'none' },
    { id: 'e1', on: '2025-08-31', type: 're_amortize' },
  ],
  asOf: '2025-01-18',
};
