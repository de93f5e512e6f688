import consumerInstallment from '../../../domain/product/products/consumer-installment.v1.json';
import { businessDate } from '../../../domain/time/dates';
import { createCatalogue, parseProduct } from '../../../domain/product/products';
import { quote } from '../../../domain/product/offer';
import { fen } from '../../../domain/money/money';
import { transition, APPLICATION_TRANSITIONS, assertTransition } from '../../../domain/states';

type Raw = typeof consumerInstallment;
const changed = (change: (raw: Raw) => void): Raw => {
  const raw = structuredClone(consumerInstallment);
  change(raw);
  return raw;
};

describe('the product catalogue', () => {
  it.each<[string, (raw: Raw) => void, string]>([
    ['a rate that is no decimal', (raw) => (raw.annualRate = '12%'), 'annualRate'],
    ['a term upside down', (raw) => (raw.term = { min: 12, max: 6 }), 'term'],
    ['contacts at night', (raw) => (raw.collections.lawfulHours.to = '23:00'), 'lawfulHours'],
    ['two presentments on one day', (raw) => (raw.debit.presentmentDays = [0, 0]), 'presentmentDays'],
    ['a ladder that does not climb', (raw) => raw.collections.ladder.reverse(), 'ladder'],
    ['an unknown key', (raw) => Object.assign(raw, { gracePeriod: 3 }), 'gracePeriod'],
    ['an amount with three decimals', (raw) => (raw.amount.min = '1000.001'), 'amount.min'],
  ])('refuses %s and names the place', (_what, change, place) => {
    expect(() => parseProduct(changed(change))).toThrow(
      expect.objectContaining({ code: 'PRODUCT_INVALID', message: expect.stringContaining(place) as string }),
    );
  });

  /** One change to a file that is valid, and the exact sentence with which it is refused. */
  const set = (path: string, value: unknown) => (raw: Raw) => {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const target = steps.reduce<Record<string, unknown>>((at, step) => (at[step] ??= {}) as Record<string, unknown>, raw as never);
    if (value === undefined) Reflect.deleteProperty(target, last);
    else target[last] = value;
  };
  const both =
    (...changes: ((raw: Raw) => void)[]) =>
    (raw: Raw) => {
      for (const change of changes) change(raw);
    };
  const actual = both(set('account.interestOn', 'actual'), set('account.earlyPayment', 'principal'));

  it.each<[string, (raw: Raw) => void]>([
    ['amount: min must be positive and not above max', set('amount', { min: '2.00', max: '1.00' })],
    ['amount: min must be positive and not above max', set('amount.min', '0.00')],
    ['term: min must not be above max', set('term', { min: 61, max: 60 })],
    ['eligibility: ageMin must not be above ageMax', set('eligibility.ageMin', 66)],
    ['installmentShare: belongs to the method balloon, which needs it', set('method', 'balloon')],
    ['installmentShare: belongs to the method balloon, which needs it', set('installmentShare', '0.01')],
    ['principalShare: belongs to the method fixed_principal, which needs it', set('method', 'fixed_principal')],
    ['principalShare: belongs to the method fixed_principal, which needs it', set('principalShare', '0.01')],
    [
      'interest.basis: flat interest is periodic',
      both(set('method', 'flat'), set('interest', { basis: 'day_count', convention: 'ACT/360', rounding: 'half_up' })),
    ],
    [
      'aprCaps: dates must increase',
      set('aprCaps', [
        { from: '2026-01-01', annualRate: '0.24', source: 'a' },
        { from: '2026-01-01', annualRate: '0.20', source: 'b' },
      ]),
    ],
    ['aprCaps: the first cap must be in force when the product is', set('effectiveFrom', '2025-12-31')],
    [
      'account.payoffFee: above the legal cap (a law)',
      set('account.payoffFee', { rate: '0.03', legalCap: { rate: '0.0299', source: 'a law' } }),
    ],
    ['account.earlyPayment: money cannot wait where interest follows the balance day by day', set('account.interestOn', 'actual')],
    ['account.interestOn: flat interest does not follow the balance', both(set('method', 'flat'), actual)],
    ['debit.presentmentDays: days must strictly increase: one presentment a day', set('debit.presentmentDays', [0, 2, 2])],
    [
      'collections.ladder: daysPastDue must strictly increase',
      set('collections.ladder', [
        { daysPastDue: 3, action: 'SMS' },
        { daysPastDue: 3, action: 'MAIL' },
      ]),
    ],
    [
      'collections.lawfulHours: contacts are lawful between 08:00 and 22:00 only',
      set('collections.lawfulHours', { from: '07:59', to: '21:00' }),
    ],
    [
      'collections.lawfulHours: contacts are lawful between 08:00 and 22:00 only',
      set('collections.lawfulHours', { from: '08:00', to: '22:01' }),
    ],
    [
      'collections.lawfulHours: contacts are lawful between 08:00 and 22:00 only',
      set('collections.lawfulHours', { from: '10:00', to: '10:00' }),
    ],
    ['collections.at: must lie within the lawful hours', set('collections.at', '07:59')],
    ['collections.at: must lie within the lawful hours', set('collections.at', '21:00')],
    ['collections.promise: a promise is checked after the day’s debit', set('collections.promise.checkAt', '07:59')],
    ['annualRate: a rate is a decimal string such as "0.12", from 0 to 10', set('annualRate', '10.01')],
    ['annualRate: a rate is a decimal string such as "0.12", from 0 to 10', set('annualRate', '-0.01')],
    ['effectiveFrom: a date is YYYY-MM-DD', set('effectiveFrom', '2026-02-30')],
    ['amount.max: an amount is a string in yuan such as "1000.00"', set('amount.max', '1e3')],
    ['debit.at: a time is HH:MM', set('debit.at', '24:00')],
    ['debit.at: a time is HH:MM', set('debit.at', '08:60')],
    ['debit.at: a time is HH:MM', set('debit.at', ' 08:00 ')],
    ['id: ', set('id', 'Consumer')],
    ['id: ', set('id', 'a'.repeat(41))],
    ['id: ', set('id', 'ab')],
    ['version: ', set('version', 0)],
    ['currency: ', set('currency', 'EUR')],
    ['name.en: ', set('name.en', '')],
    ['term.max: ', set('term.max', 601)],
    ['aprCaps: ', set('aprCaps', [])],
    ['eligibility.openApplicationsMax: ', set('eligibility.openApplicationsMax', 0)],
    [
      'account.penalty.graceDays: ',
      set('account.penalty', { rateMultiplier: '1', on: 'principal', dayCount: 'ACT/360', graceDays: 61, cap: null }),
    ],
    ['account.allocation.due: ', set('account.allocation', { due: ['fee'], inAdvance: ['fee'], mode: 'vertical' })],
  ])('refuses with "%s"', (sentence, change) => {
    expect(() => parseProduct(changed(change))).toThrow(
      expect.objectContaining({ code: 'PRODUCT_INVALID', message: expect.stringContaining(`: ${sentence}`) as string }),
    );
  });

  it.each<[string, (raw: Raw) => void]>([
    [
      'one amount, one term, one age',
      both(set('amount', { min: '1.00', max: '1.00' }), set('term', { min: 6, max: 6 }), set('eligibility.ageMin', 65)),
    ],
    ['a rate of ten', set('annualRate', '10')],
    ['a fee at its legal cap', set('account.payoffFee', { rate: '0.03', legalCap: { rate: '0.03', source: 'a law' } })],
    ['the whole lawful day', both(set('collections.lawfulHours', { from: '08:00', to: '22:00' }), set('collections.at', '08:00'))],
    ['a promise checked with the debit', set('collections.promise.checkAt', '08:00')],
    ['interest that follows the balance', actual],
    ['a cap of the day on which the product begins', set('effectiveFrom', '2026-01-01')],
  ])('accepts %s', (_what, change) => {
    expect(parseProduct(changed(change)).id).toBe('consumer-installment');
  });

  it('fills what a file leaves out with the plain account and what one operator may decide alone', () => {
    const { account, authority, payout, eligibility, collections, dueDates } = parseProduct(changed(() => undefined));
    expect(account).toEqual({
      allocation: {
        due: ['penalty', 'fee', 'interest', 'principal'],
        inAdvance: ['penalty', 'fee', 'interest', 'principal'],
        mode: 'horizontal',
      },
      interestOn: 'scheduled',
      earlyPayment: 'hold_to_due',
      prepayment: 'advance_next',
      penalty: null,
      overdueInterest: 'none',
      payoffInterest: 'to_date',
      payoffFee: null,
    });
    expect(authority).toEqual({ charge: 10_000, waiver: 50_000, discount: 50_000, writeOff: 0, reagePeriods: 24, pauseDays: 90 });
    expect([payout.valueDaysAheadMax, eligibility.openApplicationsMax, collections.promise.shareMin, dueDates.interestFollows]).toEqual([
      5,
      1,
      '0.25',
      'shifted',
    ]);
  });

  it('names the product and what is on offer where a product or a file is wrong', () => {
    expect(() => parseProduct(7)).toThrow('product without id');
    expect(() => parseProduct({})).toThrow('product without id');
    expect(() => parseProduct({ id: 'x-y' })).toThrow('product x-y: ');
    const catalogue = createCatalogue([consumerInstallment]);
    expect(catalogue.all().map((each) => each.id)).toEqual(['consumer-installment']);
    expect(() => catalogue.current('nothing', businessDate('2026-06-01'))).toThrow(
      'there is no product nothing; GET /v1/products lists what is on offer',
    );
    expect(() => catalogue.current('consumer-installment', businessDate('2025-12-31'))).toThrow('there is no product consumer-installment');
    expect(() => catalogue.version('consumer-installment', 2)).toThrow('there is no product consumer-installment version 2');
    expect(() => createCatalogue([consumerInstallment, consumerInstallment])).toThrow('product consumer-installment@1 is defined twice');
  });

  it('refuses two files with one version', () => {
    expect(() => createCatalogue([consumerInstallment, consumerInstallment])).toThrow(expect.objectContaining({ code: 'PRODUCT_INVALID' }));
  });

  it('offers the newest version in effect and keeps a contract on its own', () => {
    const second = changed((raw) => Object.assign(raw, { version: 2, effectiveFrom: '2027-01-01', annualRate: '0.10' }));
    const catalogue = createCatalogue([consumerInstallment, second]);
    expect(catalogue.current('consumer-installment', businessDate('2026-12-31')).version).toBe(1);
    expect(catalogue.current('consumer-installment', businessDate('2027-01-01')).version).toBe(2);
    expect(catalogue.version('consumer-installment', 1).annualRate).toBe('0.12');
    expect(() => catalogue.version('consumer-installment', 9)).toThrow(expect.objectContaining({ code: 'PRODUCT_NOT_FOUND' }));
  });

  it('quotes nothing above the cap on the all-in cost', () => {
    const dear = parseProduct(changed((raw) => (raw.annualRate = '0.2401')));
    expect(() => quote({ principal: fen(1_200_000), termMonths: 12 }, dear, businessDate('2026-11-23'))).toThrow(
      expect.objectContaining({ code: 'APR_CAP_EXCEEDED' }),
    );
    const withFee = parseProduct(
      changed((raw) =>
        Object.assign(raw, {
          annualRate: '0.239',
          fees: [{ name: 'service', amount: '5.00', on: 'each_installment', collector: 'lender' }],
        }),
      ),
    );
    expect(() => quote({ principal: fen(1_200_000), termMonths: 12 }, withFee, businessDate('2026-11-23'))).toThrow(
      expect.objectContaining({ code: 'APR_CAP_EXCEEDED' }),
    );
  });
});

describe('state machines', () => {
  it('refuse an illegal jump at compile time and at run time', () => {
    expect(transition(APPLICATION_TRANSITIONS, 'DRAFT', 'SUBMITTED')).toBe('SUBMITTED');
    // @ts-expect-error a draft cannot become an offer
    expect(() => transition(APPLICATION_TRANSITIONS, 'DRAFT', 'OFFERED')).toThrow(expect.objectContaining({ code: 'ILLEGAL_TRANSITION' }));
    expect(() => {
      assertTransition(APPLICATION_TRANSITIONS, 'WITHDRAWN', 'OFFERED');
    }).toThrow(expect.objectContaining({ code: 'ILLEGAL_TRANSITION' }));
  });
});
