import consumerInstallment from '../../domain/products/consumer-installment.v1.json';
import { businessDate } from '../../domain/dates';
import { createCatalogue, parseProduct } from '../../domain/products';
import { quote } from '../../domain/offer';
import { fen } from '../../domain/money';
import { transition, APPLICATION_TRANSITIONS, assertTransition } from '../../domain/states';

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
