import fc from 'fast-check';
import { beginAccount, foldAccount, inValueOrder } from '../../../domain/loan/account';
import { addDays, businessDate, daysBetween } from '../../../domain/time/dates';
import { factsFrom, accountShape, policyFrom } from '../../../ops/calc/account-input';
import { formOf, Reader } from '../../../ops/calc/reading';
import { termsFrom } from '../../../ops/calc/terms-input';
import { VERBS } from '../../../ops/calc/verbs';
import { accountCase, eventfulCase, type AccountCase } from '../../support/loan-facts';
import { fenOf } from '../../support/loan-terms';
import { runs } from '../../support/runs';

type Components = Record<'penalty' | 'fee' | 'interest' | 'principal', string>;
interface Account {
  status: string;
  installments: { number: number; dueOn: string; due: Components; paid: Components; outstanding: Components; daysPastDue: number }[];
  outstanding: Components & { total: string };
  payoff: Components & { on: string; total: string };
  overpaid: string;
  nextDue: { number: number; dueOn: string; amount: string } | null;
  daysPastDue: number;
  bucket: string;
  bucketHistory: { from: string; bucket: string }[];
  prepaidPrincipal: string;
  interestAccrued: string;
  penaltyAccrued: string;
  writtenOff: Components | null;
  recovered: string;
  discounted: string;
}
const NAMES = ['penalty', 'fee', 'interest', 'principal'] as const;
const total = (components: Components) => NAMES.reduce((sum, name) => sum + fenOf(components[name]), 0);

/** The account, or undefined where the terms themselves are refused. */
function accountOf(input: object): Account | undefined {
  try {
    return VERBS.account!(input) as Account;
  } catch (error) {
    expect(error).toMatchObject({ name: 'LoanloomError', details: { path: expect.stringMatching(/^terms/) as string } });
    return undefined;
  }
}
const known = (input: AccountCase) => input.transactions.filter((each) => each.on <= input.asOf);

describe('every account', () => {
  it('accounts for all money: what was paid is allocated, prepaid or overpaid, and no part is paid beyond what is due', () => {
    fc.assert(
      fc.property(accountCase, (input) => {
        const account = accountOf(input);
        if (!account) return;
        const paid = known(input).reduce((sum, each) => sum + fenOf(each.amount), 0);
        const allocated = account.installments.reduce((sum, row) => sum + total(row.paid), 0);
        expect(allocated + fenOf(account.prepaidPrincipal) + fenOf(account.overpaid)).toBe(paid);
        let principal = fenOf(account.prepaidPrincipal);
        for (const row of account.installments) {
          principal += fenOf(row.due.principal);
          for (const name of NAMES) {
            expect(fenOf(row.paid[name])).toBeGreaterThanOrEqual(0);
            expect(fenOf(row.outstanding[name])).toBeGreaterThanOrEqual(0);
            expect(fenOf(row.paid[name]) + fenOf(row.outstanding[name])).toBe(fenOf(row.due[name]));
          }
        }
        expect(principal).toBe(fenOf(input.terms.principal));
      }),
      { seed: 20261124, numRuns: runs(2_000) },
    );
  });

  it('does not depend on the order in which facts arrive, only on their value dates', () => {
    fc.assert(
      fc.property(accountCase, fc.infiniteStream(fc.integer({ min: 0, max: 1_000 })), (input, order) => {
        const shuffled = input.transactions
          .map((each) => ({ each, at: order.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each);
        expect(accountOf({ ...input, transactions: shuffled })).toEqual(accountOf(input));
      }),
      { seed: 1, numRuns: runs(300) },
    );
  });

  it('continues: folding a first part and then the rest is folding all', () => {
    fc.assert(
      fc.property(accountCase, fc.integer({ min: 0, max: 8 }), (raw, cut) => {
        const input = formOf(accountShape, raw);
        const read = new Reader(2);
        try {
          const terms = termsFrom(input.terms);
          const policy = policyFrom(input.policy, terms, read);
          const asOf = businessDate(input.asOf);
          const facts = inValueOrder(factsFrom(input.transactions, terms, policy, read)).filter((fact) => fact.valueDate <= asOf);
          const boundary = facts[Math.min(cut, facts.length - 1)]!.valueDate;
          const running = beginAccount({ terms, policy }).apply(facts.filter((fact) => fact.valueDate < boundary));
          running.on(boundary);
          running.apply(facts.filter((fact) => fact.valueDate >= boundary));
          expect(running.on(asOf)).toEqual(foldAccount({ terms, policy, facts, asOf }));
        } catch (error) {
          expect(error).toMatchObject({ name: 'LoanloomError' });
        }
      }),
      { seed: 5, numRuns: runs(500) },
    );
  });

  it('is settled by its own payoff quote: the quote is what the posting does', () => {
    fc.assert(
      fc.property(accountCase, (input) => {
        const before = accountOf(input);
        if (!before || fenOf(before.payoff.total) <= 0) return;
        // With interest to the period's end, money paid earlier on the same day has lowered that interest.
        if (
          (input.policy as { payoffInterest: string }).payoffInterest === 'to_period_end' &&
          known(input).some((each) => each.on === input.asOf)
        )
          return;
        const payment = { id: 'payoff', on: input.asOf, type: 'repayment', amount: before.payoff.total };
        const after = accountOf({ ...input, transactions: [...known(input), payment] })!;
        expect(total(after.outstanding)).toBe(0);
        expect(after.payoff.total).toBe('0.00');
        expect(['CLOSED_OBLIGATIONS_MET', 'OVERPAID']).toContain(after.status);
        expect(after.overpaid).toBe(before.overpaid);
        expect(after.daysPastDue).toBe(0);
      }),
      { seed: 9, numRuns: runs(1_000) },
    );
  });

  it('stays settled: nothing is earned or owed after a payoff', () => {
    fc.assert(
      fc.property(accountCase, fc.integer({ min: 1, max: 400 }), (input, later) => {
        const before = accountOf(input);
        if (!before || fenOf(before.payoff.total) <= 0) return;
        if (known(input).some((each) => each.on === input.asOf)) return;
        const transactions = [...known(input), { id: 'payoff', on: input.asOf, type: 'repayment', amount: before.payoff.total }];
        const at = accountOf({ ...input, transactions })!;
        const after = accountOf({ ...input, transactions, asOf: addDays(businessDate(input.asOf), later) })!;
        expect(after.interestAccrued).toBe(at.interestAccrued);
        expect(after.outstanding.total).toBe('0.00');
        expect(after.bucket).toBe('CURRENT');
      }),
      { seed: 13, numRuns: runs(300) },
    );
  });

  it('does not care whether a day’s money comes at once or in two parts', () => {
    fc.assert(
      fc.property(accountCase, fc.integer({ min: 1, max: 99 }), (input, percent) => {
        const [first, ...rest] = input.transactions;
        if (!first || fenOf(first.amount) < 2) return;
        const part = Math.max(1, Math.min(fenOf(first.amount) - 1, Math.floor((fenOf(first.amount) * percent) / 100)));
        const parts = [
          { ...first, amount: (part / 100).toFixed(2) },
          { ...first, id: 'p0b', amount: ((fenOf(first.amount) - part) / 100).toFixed(2) },
        ];
        expect(accountOf({ ...input, transactions: [...parts, ...rest] })).toEqual(accountOf(input));
      }),
      { seed: 17, numRuns: runs(500) },
    );
  });

  it('returns to the start when every fact is reversed', () => {
    fc.assert(
      fc.property(accountCase, (input) => {
        const plain = accountOf({ ...input, transactions: [] });
        const reversals = known(input).map((each) => ({ on: each.on, type: 'reversal', of: each.id }));
        expect(accountOf({ ...input, transactions: [...known(input), ...reversals] })).toEqual(plain);
      }),
      { seed: 21, numRuns: runs(300) },
    );
  });

  it('earns its interest steadily: never less on a later day while nothing else happens', () => {
    fc.assert(
      fc.property(accountCase, fc.integer({ min: 1, max: 60 }), (input, days) => {
        const today = accountOf({ ...input, transactions: [] });
        const later = accountOf({ ...input, transactions: [], asOf: addDays(businessDate(input.asOf), days) });
        if (!today || !later) return;
        expect(fenOf(later.interestAccrued)).toBeGreaterThanOrEqual(fenOf(today.interestAccrued));
        expect(fenOf(later.penaltyAccrued)).toBeGreaterThanOrEqual(fenOf(today.penaltyAccrued));
      }),
      { seed: 25, numRuns: runs(500) },
    );
  });
});

describe('whatever happens to a loan', () => {
  const isCash = (each: { type: string; on: string }) => ['repayment', 'settlement_discount', 'recovery'].includes(each.type);

  it('keeps every row and all money consistent through charges, waivers, restructurings, pauses, reversals and write-offs', () => {
    let [folded, refused] = [0, 0];
    fc.assert(
      fc.property(eventfulCase, (input) => {
        let account: Account;
        try {
          account = VERBS.account!(input) as Account;
          folded += 1;
        } catch (error) {
          expect(error).toMatchObject({
            name: 'LoanloomError',
            details: { path: expect.stringMatching(/^(terms|transactions)/) as string },
          });
          refused += 1;
          return;
        }
        const inForce = (input.transactions as { id: string; type: string; on: string; amount?: string; of?: string }[]).filter(
          (each) => each.on <= input.asOf,
        );
        const reversed = new Set(inForce.flatMap((each) => each.of ?? []));
        const cash = inForce.filter((each) => isCash(each) && !reversed.has(each.id)).reduce((sum, each) => sum + fenOf(each.amount!), 0);
        const allocated = account.installments.reduce((sum, row) => sum + total(row.paid), 0);
        // A discount beyond what is owed forgives no more than that.
        const forgiven = inForce
          .filter((each) => each.type === 'settlement_discount' && !reversed.has(each.id))
          .reduce((sum, each) => sum + fenOf(each.amount!), 0);
        expect(fenOf(account.discounted)).toBeLessThanOrEqual(forgiven);
        expect(allocated + fenOf(account.prepaidPrincipal) + fenOf(account.overpaid) + fenOf(account.recovered)).toBe(
          cash - forgiven + fenOf(account.discounted),
        );
        let [principal, previous] = [fenOf(account.prepaidPrincipal) + fenOf(account.writtenOff?.principal ?? '0'), ''];
        for (const row of account.installments) {
          principal += fenOf(row.due.principal);
          expect(row.dueOn > previous).toBe(true);
          previous = row.dueOn;
          for (const name of NAMES) {
            expect(fenOf(row.paid[name])).toBeGreaterThanOrEqual(0);
            expect(fenOf(row.outstanding[name])).toBeGreaterThanOrEqual(0);
          }
        }
        expect(principal).toBe(fenOf(input.terms.principal));
        expect(fenOf(account.payoff.principal)).toBeGreaterThanOrEqual(0);
      }),
      { seed: 20261124, numRuns: runs(1_500) },
    );
    expect(folded).toBeGreaterThan(refused);
  });
});

describe('an account, case by case', () => {
  const terms = {
    principal: '12000.00',
    annualRate: '0.12',
    disbursedOn: '2026-01-15',
    every: { months: 1 },
    count: 12,
    method: 'equal_installment',
    interest: { basis: 'periodic', periodsPerYear: 12 },
  };
  const penalty = { rateMultiplier: '1.5', on: 'principal', dayCount: 'ACT/360', graceDays: 0 };
  const at = (asOf: string, transactions: object[] = [], policy: object = {}) =>
    VERBS.account!({ terms, asOf, transactions, policy }) as Account;
  const pay = (on: string, amount: string) => ({ on, type: 'repayment', amount });

  it('charges penalty at 1.5 times the contract rate on overdue principal by days (946.19 × 0.12 × 1.5 × 10 / 360 = 4.73)', () => {
    const account = at('2026-02-25', [], { penalty });
    expect(account.installments[0]).toMatchObject({ due: { penalty: '4.73' }, daysPastDue: 10 });
    expect(at('2026-02-25', [], { penalty: { ...penalty, graceDays: 3 } }).penaltyAccrued).toBe('3.31');
    expect(at('2026-02-18', [], { penalty: { ...penalty, graceDays: 3 } }).penaltyAccrued).toBe('0.00');
    expect(at('2027-02-25', [], { penalty: { ...penalty, cap: '50.00' } }).penaltyAccrued).toBe('50.00');
  });

  it('does not compound penalty, and counts interest only where the product says so', () => {
    const plain = at('2026-04-26', [], { penalty });
    const both = at('2026-04-26', [], { penalty: { ...penalty, on: 'principal_and_interest' } });
    // Row 1 is 70 days late: 946.19 × 0.18 × 70 / 360 and (946.19 + 120.00) × 0.18 × 70 / 360.
    expect([plain.installments[0]!.due.penalty, both.installments[0]!.due.penalty]).toEqual(['33.12', '37.32']);
  });

  it('counts days past due from the oldest unpaid date, and keeps the history of buckets', () => {
    const account = at('2026-05-20', [pay('2026-04-01', '1066.19')]);
    expect(account).toMatchObject({ daysPastDue: 66, bucket: 'DPD_61_90' });
    expect(account.bucketHistory).toEqual([
      { from: '2026-01-15', bucket: 'CURRENT' },
      { from: '2026-02-16', bucket: 'DPD_1_30' },
      { from: '2026-03-18', bucket: 'DPD_31_60' },
      { from: '2026-04-01', bucket: 'DPD_1_30' },
      { from: '2026-04-15', bucket: 'DPD_31_60' },
      { from: '2026-05-15', bucket: 'DPD_61_90' },
    ]);
  });

  it('freezes days past due and penalty while a debit is in doubt, and shows the true days once it is resolved', () => {
    const doubt = { on: '2026-02-20', type: 'debit_in_doubt' };
    const open = at('2026-03-10', [doubt], { penalty });
    expect(open).toMatchObject({ daysPastDue: 5, penaltyAccrued: at('2026-02-20', [], { penalty }).penaltyAccrued });
    const resolved = at('2026-03-10', [{ ...doubt, until: '2026-03-02' }], { penalty });
    expect(resolved.daysPastDue).toBe(23);
    // Five days before the doubt and eight after it: 946.19 × 0.18 × 5 / 360 + … × 8 / 360
    expect(resolved.penaltyAccrued).toBe('6.15');
  });

  it('stops the clock for hardship: no days, no penalty, and no interest where that was agreed', () => {
    const pause = { on: '2026-02-20', type: 'hardship_pause', until: '2026-03-22', interest: 'none' };
    const account = at('2026-04-01', [pause], { penalty });
    expect(account.daysPastDue).toBe(daysBetween(businessDate('2026-02-15'), businessDate('2026-04-01')) - 30);
    expect(fenOf(account.installments[1]!.due.interest)).toBeLessThan(fenOf(at('2026-04-01').installments[1]!.due.interest));
  });

  it('re-folds a payment that is entered late under its own date', () => {
    const late = at('2026-03-01', [pay('2026-02-15', '1066.19')]);
    expect(late).toMatchObject({ daysPastDue: 0, bucket: 'CURRENT' });
  });

  it('undoes a returned payment from its return on, and not before', () => {
    const facts = [
      { ...pay('2026-02-15', '1066.19'), id: 'first' },
      { on: '2026-02-19', type: 'reversal', of: 'first' },
    ];
    expect(at('2026-02-18', facts).daysPastDue).toBe(0);
    expect(at('2026-02-19', facts).daysPastDue).toBe(4);
  });

  it('reduces the installment by the exact annuity of what is left, or the term with the installment kept', () => {
    const early = [pay('2026-02-15', '1066.19'), pay('2026-02-16', '5000.00')];
    const policy = { interestOn: 'actual', earlyPayment: 'interest_then_principal', overdueInterest: 'none' };
    const lower = at('2026-02-16', early, { ...policy, prepayment: 'reduce_installment' });
    const shorter = at('2026-02-16', early, { ...policy, prepayment: 'reduce_term' });
    expect(lower.installments).toHaveLength(12);
    const levels = lower.installments.slice(1, -1).map((row) => total(row.due));
    expect(Math.max(...levels) - Math.min(...levels)).toBe(0);
    expect(levels[0]).toBeLessThan(106_619);
    expect(shorter.installments.length).toBeLessThan(12);
    expect(shorter.installments.slice(2, -1).every((row) => total(row.due) === 106_619)).toBe(true);
    for (const account of [lower, shorter]) {
      const principal = account.installments.reduce((sum, row) => sum + fenOf(row.due.principal), 0);
      expect(principal + fenOf(account.prepaidPrincipal)).toBe(1_200_000);
    }
  });

  it('counts a coming installment as paid when principal takes all of it, and collects the interest that still ran with the next', () => {
    const account = at('2026-01-25', [pay('2026-01-25', '1066.19')], {
      interestOn: 'actual',
      earlyPayment: 'principal',
      prepayment: 'advance_next',
    });
    expect(account.installments[0]).toMatchObject({ due: { principal: '1066.19', interest: '0.00' }, outstanding: { principal: '0.00' } });
    // 12000.00 × 1 % × 10/31 + 10933.81 × 1 % × 21/31 + 10933.81 × 1 %
    expect(account.installments[1]!.due.interest).toBe('222.12');
  });

  it('keeps what flat interest has earned when the loan is re-aged or its arrears are spread', () => {
    const flat = (transactions: object[]) =>
      VERBS.account!({ terms: { ...terms, method: 'flat' }, asOf: '2026-03-01', transactions }) as Account;
    const on = '2026-03-01';
    const plain = flat([]);
    for (const each of [
      { on, type: 're_amortize' },
      { on, type: 're_age', every: { months: 1 }, count: 6, firstDueOn: '2026-04-01' },
    ])
      expect(flat([each])).toMatchObject({ payoff: plain.payoff, interestAccrued: plain.interestAccrued });
  });

  it('is not closed by less than its payoff: a fee or period-end interest is not avoided by prepaying the principal', () => {
    for (const policy of [
      { prepayment: 'reduce_term', payoffInterest: 'to_period_end' },
      { prepayment: 'reduce_installment', payoffFee: '50.00' },
    ]) {
      const quoted = fenOf(at('2026-01-25', [], policy).payoff.total);
      const short = at('2026-01-25', [pay('2026-01-25', ((quoted - 1_000) / 100).toFixed(2))], policy);
      expect(short).toMatchObject({ status: 'ACTIVE', overpaid: '0.00' });
      expect(at('2026-01-25', [pay('2026-01-25', (quoted / 100).toFixed(2))], policy).status).toBe('CLOSED_OBLIGATIONS_MET');
    }
  });

  it('leaves a given principal as it is when a part is prepaid: the last row falls', () => {
    const given = { ...terms, method: 'fixed_principal', fixedPrincipal: '800.00' };
    const account = VERBS.account!({
      terms: given,
      asOf: '2026-01-20',
      transactions: [pay('2026-01-20', '500.00')],
      policy: { prepayment: 'reduce_installment', earlyPayment: 'principal' },
    }) as Account;
    expect(account.installments.map((row) => row.due.principal)).toEqual([...Array<string>(11).fill('800.00'), '2700.00']);
  });

  it('has one history of buckets, whatever day it is asked on, after a doubt or a pause', () => {
    const doubt = { on: '2026-02-20', type: 'debit_in_doubt', until: '2026-03-25' };
    const histories = ['2026-03-25', '2026-03-26', '2026-04-01'].map((asOf) => at(asOf, [doubt]).bucketHistory);
    expect(histories[0]!.at(-1)).toEqual({ from: '2026-03-25', bucket: 'DPD_31_60' });
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).toEqual(histories[0]);
  });

  it('gives new installments after a rate change, a longer term, re-amortization and re-aging, and loses no principal', () => {
    const missed = [pay('2026-02-15', '1066.19')];
    const on = '2026-04-20';
    const base = at(on, missed);
    const cases = {
      rate: at(on, [...missed, { on, type: 'rate_change', annualRate: '0.06' }]),
      longer: at(on, [...missed, { on, type: 'term_extension', periods: 6 }]),
      spread: at(on, [...missed, { on, type: 're_amortize' }]),
      aged: at(on, [...missed, { on, type: 're_age', every: { months: 1 }, count: 18, firstDueOn: '2026-05-15' }]),
    };
    for (const account of Object.values(cases)) {
      const principal = account.installments.reduce((sum, row) => sum + fenOf(row.due.principal), 0);
      expect(principal).toBe(1_200_000);
      expect(account.payoff.principal).toBe(base.payoff.principal);
      expect(account.payoff.interest).toBe(base.payoff.interest);
    }
    const level = (account: Account) => total(account.installments.at(-2)!.due);
    expect(level(cases.rate)).toBeLessThan(level(base));
    expect(level(cases.longer)).toBeLessThan(level(base));
    expect(cases.longer.installments).toHaveLength(18);
    expect(cases.spread).toMatchObject({ daysPastDue: 0, bucket: 'CURRENT' });
    expect(level(cases.spread)).toBeGreaterThan(level(base));
    expect(cases.aged).toMatchObject({ daysPastDue: 0, nextDue: { dueOn: '2026-05-15' } });
    expect(cases.aged.installments.at(-1)!.dueOn).toBe('2027-10-15');
  });

  it('charges and waives, gives discounts, writes off and books recoveries', () => {
    const on = '2026-03-01';
    const charged = at(on, [{ on, type: 'charge', amount: '20.00', component: 'fee' }]);
    expect(charged.installments[1]!.due.fee).toBe('20.00');
    expect(at(on, [{ on, type: 'waiver', amount: '100.00', component: 'interest' }]).installments[0]!.outstanding.interest).toBe('20.00');
    const quoted = at(on).payoff.total;
    const paid = pay(on, (Number(quoted) - 500).toFixed(2));
    const settled = at(on, [paid, { on, type: 'settlement_discount', amount: '500.00' }]);
    expect(settled).toMatchObject({ status: 'CLOSED_OBLIGATIONS_MET', discounted: '500.00', overpaid: '0.00' });
    const given = at('2026-08-01', [
      { on, type: 'write_off' },
      { on: '2026-06-01', type: 'recovery', amount: '300.00' },
    ]);
    expect(given).toMatchObject({
      status: 'CLOSED_WRITTEN_OFF',
      writtenOff: { principal: '12000.00' },
      recovered: '300.00',
      outstanding: { total: '0.00' },
    });
    const over = [pay(on, '20000.00')];
    const surplus = at(on, over).overpaid;
    expect(at(on, [...over, { on, type: 'refund', amount: surplus }])).toMatchObject({
      overpaid: '0.00',
      status: 'CLOSED_OBLIGATIONS_MET',
    });
  });

  it('quotes a payoff with interest to date or to the period’s end, and with a fee', () => {
    // On 1 March 14 of the 28 days from 15 February have passed on 12000.00 − nothing repaid; row 1 is overdue.
    const toDate = at('2026-03-01').payoff;
    const toEnd = at('2026-03-01', [], { payoffInterest: 'to_period_end' }).payoff;
    expect(toDate).toMatchObject({ principal: '12000.00', interest: '175.27', total: '12175.27' });
    expect(toEnd.interest).toBe('230.54');
    // One per cent of what is not due yet: 12000.00 less the row of this very day.
    expect(at('2026-03-01', [], { payoffFee: { rate: '0.01' } }).payoff.fee).toBe('110.53');
  });

  it.each([
    ['a payment before the disbursement', [pay('2026-01-14', '1.00')], 'FACTS_INCONSISTENT', 'transactions.0.on'],
    ['a reversal of nothing', [{ on: '2026-02-01', type: 'reversal', of: 'ghost' }], 'NOTHING_TO_REVERSE', 'transactions.0.of'],
    ['a negative payment', [pay('2026-02-01', '-1.00')], 'INVALID_AMOUNT', 'transactions.0.amount'],
    ['a payment of a third of a fen', [pay('2026-02-01', '0.003')], 'INVALID_AMOUNT', 'transactions.0.amount'],
    [
      'a reversal twice',
      [
        { on: '2026-02-01', type: 'charge', id: 'c', amount: '1.00', component: 'fee' },
        ...['x', 'y'].map((id) => ({ on: '2026-02-02', type: 'reversal', id, of: 'c' })),
      ],
      'NOTHING_TO_REVERSE',
      'transactions.2.of',
    ],
  ])('refuses %s by name and place', (_name, transactions, code, path) => {
    expect(() => at('2026-03-01', transactions)).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ path }) as object }),
    );
  });

  it('takes of a waiver what is due, and says that the rest found nothing', () => {
    const account = at('2026-03-01', [{ on: '2026-02-20', id: 'w', type: 'waiver', amount: '999.00', component: 'interest' }]);
    expect(account).toMatchObject({
      waived: { interest: '120.00' },
      remarks: [{ id: 'w', message: expect.stringContaining('exceeds') as string }],
    });
  });

  it('lends again what was refunded beyond the surplus', () => {
    const account = at('2026-02-20', [{ on: '2026-02-20', id: 'r', type: 'refund', amount: '1.00' }]);
    expect(account).toMatchObject({ outstanding: { principal: '12001.00' }, remarks: [{ id: 'r' }] });
  });

  it('counts a recovery before a write-off as the repayment that it is', () => {
    const [recovery, repayment] = ['recovery', 'repayment'].map((type) => at('2026-02-20', [{ on: '2026-02-20', type, amount: '1.00' }]));
    expect(recovery).toEqual(repayment);
  });

  it('forgives by a discount at most what is owed: nobody is paid one', () => {
    const account = at('2026-02-20', [{ on: '2026-02-20', id: 'd', type: 'settlement_discount', amount: '12500.00' }]);
    expect(account).toMatchObject({ overpaid: '0.00', outstanding: { total: '0.00' }, remarks: [{ id: 'd' }] });
    expect(Number(account.discounted)).toBeLessThan(12_500);
  });

  it('takes money after a write-off for a recovery up to what was written off', () => {
    const account = at('2026-03-01', [
      { on: '2026-02-20', type: 'write_off' },
      { on: '2026-02-21', type: 'repayment', amount: '20000.00' },
    ]);
    expect(Number(account.recovered) + Number(account.overpaid)).toBe(20_000);
    expect(account.recovered).toBe(
      Object.values(account.writtenOff!)
        .reduce((sum, each) => sum + Number(each), 0)
        .toFixed(2),
    );
  });
});
