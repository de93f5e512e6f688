import { disclosureFrom, disclosureOf, disclosureText, METHOD_NAMES } from '../../../domain/product/disclosure';
import { limitsOn } from '../../../domain/product/limits';
import { assertLawful, assertOffered, capOn, quote, termsFor } from '../../../domain/product/offer';
import { createCatalogue, parseProduct } from '../../../domain/product/products';
import consumerInstallment from '../../../domain/product/products/consumer-installment.v1.json';
import { PRODUCT_FILES } from '../../../domain/product/products/index';
import { fen } from '../../../domain/money/money';
import { businessDate } from '../../../domain/time/dates';

/** Guarantee: nothing is offered that the law does not allow on its day, up to the last fen and month, and the refusal names the rule. */
const fileOf = (id: string) => (PRODUCT_FILES as readonly { id: string }[]).find((file) => file.id === id)!;
const [interestFirst, fixedPrincipal] = [fileOf('consumer-interest-first'), fileOf('consumer-fixed-principal')];
const SOURCE = 'Interim Measures for Internet Loans of Commercial Banks (2020), art. 6';
const ON = businessDate('2026-11-23');
const request = (principal: number, termMonths: number) => ({ principal: fen(principal), termMonths });
const refusal = (act: () => unknown) => {
  try {
    act();
    return 'allowed';
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { path?: string } };
    return [code, message, details.path ?? null];
  }
};
const AMOUNT = ['AMOUNT_NOT_OFFERED', `200000.00 yuan are the most that may be lent (${SOURCE})`, 'principal'];
const tooLong = (months: number) => ['TERM_NOT_OFFERED', `${String(months)} months are the longest lawful term (${SOURCE})`, 'termMonths'];

describe('the law’s limits', () => {
  it('bind from their first day on', () => {
    expect(limitsOn(businessDate('2020-07-16'))).toBeUndefined();
    const limits = { from: '2020-07-17', principalMax: 20_000_000, termMonthsMax: 60, bulletMonthsMax: 12, source: SOURCE };
    expect([limitsOn(businessDate('2020-07-17')), limitsOn(ON)]).toEqual([limits, limits]);
  });

  it.each([
    [20_000_000, 60, '2026-11-23', 'allowed'],
    [20_000_001, 60, '2026-11-23', AMOUNT],
    [20_000_000, 61, '2026-11-23', tooLong(60)],
    [20_000_001, 61, '2020-07-17', AMOUNT],
    [20_000_001, 61, '2020-07-16', 'allowed'],
  ])('make of %d fen over %d months on %s: %j', (principal, months, on, expected) => {
    expect(
      refusal(() => {
        assertLawful(request(principal, months), businessDate(on));
      }),
    ).toEqual(expected);
  });

  it('bind what a product may offer', () => {
    const told = (raw: object) => refusal(() => parseProduct(raw));
    const invalid = (sentence: string, path: string, id = 'consumer-installment') => [
      'PRODUCT_INVALID',
      `product ${id}: ${sentence}`,
      path,
    ];
    const above = `max is above the legal limit (${SOURCE})`;
    const amounts = (max: string) => ({ ...consumerInstallment, amount: { min: '1000.00', max } });
    expect([told(amounts('200000.00')), told(amounts('200000.01'))]).toEqual(['allowed', invalid(`amount: ${above}`, 'amount')]);
    expect(told({ ...consumerInstallment, term: { min: 1, max: 61 } })).toEqual(invalid(`term: ${above}`, 'term'));
    expect(told({ ...interestFirst, term: { min: 1, max: 13 } })).toEqual(invalid(`term: ${above}`, 'term', 'consumer-interest-first'));
    expect(told({ ...interestFirst, term: { min: 1, max: 12 } })).toBe('allowed');
    const early = { effectiveFrom: '2020-07-16', aprCaps: [{ from: '2020-01-01', annualRate: '0.24', source: 'then' }] };
    expect(told({ ...amounts('200000.01'), ...early, term: { min: 1, max: 61 } })).toBe('allowed');
    expect(told({ ...consumerInstallment, eligibility: { ...consumerInstallment.eligibility, ageMin: 17 } })).toEqual(
      invalid('eligibility: ageMin is at least 18: minors are not lent to', 'eligibility'),
    );
    const two = (twoAbove: string) => ({ ...consumerInstallment, review: { ...consumerInstallment.review, twoAbove } });
    expect(told(two('100000.00'))).toBe('allowed');
    expect(told(two('99999.99'))).toEqual(
      invalid('review.twoAbove: is not below eligibility.referAbove: what takes two people goes to people', 'review.twoAbove'),
    );
  });
});

describe('a loan that is repaid at its end', () => {
  const quoted = (product: ReturnType<typeof parseProduct>, months: number) =>
    refusal(() => quote(request(1_200_000, months), product, ON));
  const balloon = createCatalogue().version('consumer-balloon', 1);

  it('is lawful for a year, longer only where less than half is left to the last row', () => {
    // 360.00 a month at 10 %: before the last row 6060.00 of 12000.00 are left after 21 months, 5750.00 after 22.
    expect([12, 13, 22, 23, 24].map((months) => quoted(balloon, months))).toEqual([
      'allowed',
      tooLong(12),
      tooLong(12),
      'allowed',
      'allowed',
    ]);
  });

  it('is one where exactly half is left', () => {
    // Twenty rows of 2.5 % are one half.
    const share = (principalShare: string) => parseProduct({ ...fixedPrincipal, principalShare });
    expect([quoted(share('0.025'), 21), quoted(share('0.0251'), 21), quoted(share('0.025'), 12)]).toEqual([
      tooLong(12),
      'allowed',
      'allowed',
    ]);
  });
});

describe('a product’s own limits', () => {
  it('are named with their place', () => {
    const product = parseProduct(consumerInstallment);
    const offered = (principal: number, months: number) =>
      refusal(() => {
        assertOffered(request(principal, months), product);
      });
    const amount = ['AMOUNT_NOT_OFFERED', 'consumer-installment is offered from 1000.00 to 200000.00 yuan', 'principal'];
    expect([offered(99_999, 12), offered(20_000_001, 12)]).toEqual([amount, amount]);
    expect(offered(100_000, 61)).toEqual(['TERM_NOT_OFFERED', 'consumer-installment is offered for 1 to 60 months', 'termMonths']);
  });

  it('make of a share of the principal an amount to the fen, half up', () => {
    const catalogue = createCatalogue();
    // 5 % of 1000.01 is 50.0005; 3 % of 1000.50 is 30.015.
    expect(termsFor(request(100_001, 12), catalogue.version('consumer-fixed-principal', 1), ON)).toMatchObject({ fixedPrincipal: 5_000 });
    expect(termsFor(request(100_050, 12), catalogue.version('consumer-balloon', 1), ON).installment).toEqual({ amount: 3_002 });
    expect(termsFor(request(100_050, 12), catalogue.version('consumer-installment', 1), ON)).not.toHaveProperty('fixedPrincipal');
  });

  it('need a cap', () => {
    expect(refusal(() => capOn({ ...parseProduct(consumerInstallment), aprCaps: [] }, ON))).toEqual([
      'PRODUCT_INVALID',
      'product consumer-installment names no cap',
      null,
    ]);
  });
});

describe('the table of costs', () => {
  const tableOf = (raw: object) => {
    const product = parseProduct(raw);
    return disclosureOf(product, quote(request(1_200_000, 12), product, ON), ON);
  };

  it.each([
    ['0.1', '10 %'],
    ['0.108', '10.8 %'],
    ['0.1008', '10.08 %'],
    ['0.125', '12.5 %'],
    ['0', '0 %'],
  ])('shows a rate of %s as %s', (annualRate, shown) => {
    expect(tableOf({ ...consumerInstallment, annualRate }).costs[0]!.basis).toEqual({ 'zh-CN': `年利率 ${shown}`, en: `${shown} a year` });
  });

  it('is read back from what was kept as it was written', () => {
    const table = tableOf(consumerInstallment);
    expect(disclosureFrom(disclosureText(table))).toEqual(table);
    expect(disclosureText(table)).toContain('"principal":1200000,"termMonths":12,');
  });

  it('names each method in both languages', () => {
    expect(METHOD_NAMES).toEqual({
      equal_installment: { 'zh-CN': '等额本息', en: 'equal installments' },
      equal_principal: { 'zh-CN': '等额本金', en: 'equal principal' },
      interest_first: { 'zh-CN': '先息后本', en: 'interest first, principal last' },
      balloon: { 'zh-CN': '气球贷', en: 'given installments with a balloon' },
      fixed_principal: { 'zh-CN': '固定本金', en: 'given principal' },
      flat: { 'zh-CN': '固定利息', en: 'flat interest' },
    });
  });
});
