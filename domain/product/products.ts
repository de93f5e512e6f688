import { z } from 'zod';
import { COMPONENTS } from '../money/allocation';
import { businessDate, type BusinessDate } from '../time/dates';
import { DAY_COUNTS } from '../time/day-count';
import { LoanloomError } from '../errors';
import { fenFromYuan, type Fen } from '../money/money';
import { rational } from '../money/rational';
import { REQUIRABLE_FIELDS } from '../application/form';
import { limitsOn } from './limits';
import { PRODUCT_FILES } from './products/index';
import { METHODS } from '../loan/terms';

/**
 * The product catalogue: what may be offered and every rule that a loan lives by, as versioned JSON.
 * A contract pins (id, version), so a rule changes for new loans only. Rates are decimal strings
 * (fractions of one), amounts yuan strings in the files and fen in memory.
 *
 * Not for workflow code (zod): the agenda reads policies inside local activities.
 */
const rate = z.string().refine((text) => isRate(text), 'a rate is a decimal string such as "0.12", from 0 to 10');
const money = z.string().transform((text, context): Fen => {
  try {
    return fenFromYuan(text);
  } catch {
    context.addIssue('an amount is a string in yuan such as "1000.00"');
    return z.NEVER;
  }
});
const date = z.string().transform((text, context): BusinessDate => {
  try {
    return businessDate(text);
  } catch {
    context.addIssue('a date is YYYY-MM-DD');
    return z.NEVER;
  }
});
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time is HH:MM');
const count = (max: number) => z.int().min(0).max(max);

function isRate(text: string): boolean {
  try {
    const value = rational(text);
    return value.numerator >= 0n && value.numerator <= 10n * value.denominator;
  } catch {
    return false;
  }
}

const mode = z.enum(['half_up', 'half_even', 'down', 'up', 'ceiling']);
const order = z.array(z.enum(COMPONENTS)).length(COMPONENTS.length);

/** How accounts of the product take money and penalty; what a file leaves out is the plain account of version 1. */
const accountSchema = z
  .strictObject({
    allocation: z
      .strictObject({ due: order, inAdvance: order, mode: z.enum(['horizontal', 'vertical']) })
      .default({ due: [...COMPONENTS], inAdvance: [...COMPONENTS], mode: 'horizontal' }),
    interestOn: z.enum(['scheduled', 'actual']).default('scheduled'),
    earlyPayment: z.enum(['principal', 'interest_then_principal', 'hold_to_due']).default('hold_to_due'),
    prepayment: z.enum(['reduce_installment', 'reduce_term', 'advance_next']).default('advance_next'),
    penalty: z
      .strictObject({
        rateMultiplier: rate,
        on: z.enum(['principal', 'principal_and_interest']),
        dayCount: z.enum(DAY_COUNTS),
        graceDays: count(60),
        cap: money.nullable(),
      })
      .nullable()
      .default(null),
    overdueInterest: z.enum(['accrues', 'none']).default('none'),
    payoffInterest: z.enum(['to_date', 'to_period_end']).default('to_date'),
    /** A fee for early settlement, a share of the principal settled early, and the most that the law allows. */
    payoffFee: z
      .strictObject({ rate, legalCap: z.strictObject({ rate, source: z.string().min(1) }) })
      .nullable()
      .default(null),
  })
  .prefault({});

const text = z.strictObject({ en: z.string().min(1), 'zh-CN': z.string().min(1) });

const ladderStep = z.strictObject({ daysPastDue: z.int().min(1).max(720), action: z.enum(['SMS', 'MAIL', 'CALL_TASK', 'CHARGE_OFF']) });

const productSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{2,39}$/),
    version: z.int().min(1),
    name: text,
    effectiveFrom: date,
    currency: z.literal('CNY'),
    method: z.enum(METHODS),
    /** The given installment of a balloon loan, as a share of the principal. */
    installmentShare: rate.optional(),
    /** The given principal of each row (fixed_principal), as a share of the principal. */
    principalShare: rate.optional(),
    annualRate: rate,
    interest: z.discriminatedUnion('basis', [
      z.strictObject({ basis: z.literal('periodic'), periodsPerYear: z.literal(12), rounding: mode }),
      z.strictObject({ basis: z.literal('day_count'), convention: z.enum(DAY_COUNTS), rounding: mode }),
    ]),
    amount: z.strictObject({ min: money, max: money }),
    term: z.strictObject({ min: z.int().min(1), max: z.int().max(600) }),
    dueDates: z.strictObject({
      holidayRule: z.enum(['same_day', 'next_working_day', 'previous_working_day']),
      calendar: z.literal('cn-mainland'),
      interestFollows: z.enum(['shifted', 'unshifted']).default('shifted'),
    }),
    fees: z.array(
      z.strictObject({ name: z.string().min(1), amount: money, on: z.enum(['each_installment']), collector: z.string().min(1) }),
    ),
    /** Caps on the all-in yearly cost, oldest first: the last one in force on a day binds on that day. */
    aprCaps: z.array(z.strictObject({ from: date, annualRate: rate, source: z.string().min(1) })).min(1),
    account: accountSchema,
    eligibility: z.strictObject({
      ageMin: count(120),
      ageMax: count(120),
      monthlyIncomeMin: money,
      installmentToIncomeMax: rate,
      referAbove: money,
      /** Applications that one person may have under way at once. */
      openApplicationsMax: z.int().min(1).max(50).default(1),
      /** What an applicant has to state besides identity, income and card. */
      required: z.array(z.enum(REQUIRABLE_FIELDS)).default([]),
    }),
    /** What one operator may decide alone on a loan within thirty days; above it, and whatever raises its rate, takes two. */
    authority: z
      .strictObject({
        charge: money,
        waiver: money,
        discount: money,
        writeOff: money,
        reagePeriods: count(600),
        pauseDays: count(720),
      })
      .prefault({ charge: '100.00', waiver: '500.00', discount: '500.00', writeOff: '0.00', reagePeriods: 24, pauseDays: 90 }),
    /** Who lends, and where a complaint about it goes: on the cost table and in the contract. */
    lender: z.strictObject({ name: text, complaints: text }).prefault({
      name: { 'zh-CN': 'Loanloom 示例消费金融有限公司', en: 'Loanloom Example Consumer Finance Ltd' },
      complaints: {
        'zh-CN': '客服 400-000-0000；金融消费者投诉热线 12378',
        en: 'customer service 400-000-0000; financial consumers’ complaint line 12378',
      },
    }),
    /** The published list of those who bring borrowers or guarantee; who is not on it brings no application. */
    partners: z
      .array(z.strictObject({ id: z.string().regex(/^[a-z][a-z0-9-]{1,39}$/), name: text, role: z.enum(['marketing', 'guarantee']) }))
      .default([]),
    /** The least time for which the cost table is shown before it can be confirmed. */
    disclosure: z.strictObject({ readingSeconds: z.int().min(0).max(600) }).prefault({ readingSeconds: 3 }),
    /** How often a borrower's data are checked, after how many hours of a source's silence people are told, and how long an answer counts. */
    identity: z
      .strictObject({ attemptsMax: z.int().min(1).max(10), slaHours: z.int().min(1).max(240), freshDays: z.int().min(1).max(365) })
      .prefault({ attemptsMax: 3, slaHours: 24, freshDays: 30 }),
    draftValidDays: z.int().min(1).max(365),
    /** How long a referral waits for a person, and above which amount two have to approve it. */
    review: z.strictObject({ validDays: z.int().min(1).max(90), twoAbove: money.default(fenFromYuan('150000.00')) }),
    offer: z.strictObject({
      validHours: z
        .int()
        .min(1)
        .max(24 * 90),
    }),
    reflection: z.strictObject({ hours: count(24 * 14), after: z.enum(['acceptance', 'signing']) }),
    /** The borrower may withdraw for so many days after the payout, and has so many days from then on to pay back. None: no such right. */
    withdrawal: z.strictObject({ days: z.int().min(1).max(30), repayWithinDays: z.int().min(7).max(90) }).optional(),
    signing: z.strictObject({
      validHours: z
        .int()
        .min(1)
        .max(24 * 90),
      /** After how many hours without a seal on a signed contract people are told. */
      sealWithinHours: z.int().min(1).max(240).default(4),
    }),
    payout: z.strictObject({
      slaHours: z
        .int()
        .min(1)
        .max(24 * 30),
      /** How far ahead of its day a channel may date a booking. */
      valueDaysAheadMax: count(30).default(5),
    }),
    reminder: z.strictObject({ daysBefore: z.int().min(1).max(20), at: time }),
    debit: z.strictObject({
      at: time,
      spreadMinutes: z.int().min(1).max(720),
      presentmentDays: z.array(count(365)).min(1).max(30),
      /** Days of the month on which wages usually arrive: a debit that is presented again waits for one that is near. */
      payday: z.strictObject({ daysOfMonth: z.array(z.int().min(1).max(31)).min(1), withinDays: z.int().min(1).max(10) }).optional(),
      queryAfterHours: z.array(z.int().min(1).max(240)).min(1),
    }),
    collections: z.strictObject({
      lawfulHours: z.strictObject({ from: time, to: time }),
      at: time,
      ladder: z.array(ladderStep),
      promise: z.strictObject({ daysMax: z.int().min(1).max(60), checkAt: time, shareMin: rate.default('0.25') }),
    }),
  })
  .superRefine((product, context) => {
    const fail = (path: string[], message: string) => {
      context.addIssue({ code: 'custom', path, message });
    };
    if (product.amount.min > product.amount.max || product.amount.min <= 0) fail(['amount'], 'min must be positive and not above max');
    if (product.term.min > product.term.max) fail(['term'], 'min must not be above max');
    if (product.review.twoAbove < product.eligibility.referAbove)
      fail(['review', 'twoAbove'], 'is not below eligibility.referAbove: what takes two people goes to people');
    if (product.eligibility.ageMin < 18) fail(['eligibility'], 'ageMin is at least 18: minors are not lent to');
    const limits = limitsOn(product.effectiveFrom);
    const monthsMax = product.method === 'interest_first' ? limits?.bulletMonthsMax : limits?.termMonthsMax;
    if (limits && product.amount.max > limits.principalMax) fail(['amount'], `max is above the legal limit (${limits.source})`);
    if (limits && monthsMax !== undefined && product.term.max > monthsMax)
      fail(['term'], `max is above the legal limit (${limits.source})`);
    if (product.eligibility.ageMin > product.eligibility.ageMax) fail(['eligibility'], 'ageMin must not be above ageMax');
    if ((product.method === 'balloon') !== (product.installmentShare !== undefined))
      fail(['installmentShare'], 'belongs to the method balloon, which needs it');
    if ((product.method === 'fixed_principal') !== (product.principalShare !== undefined))
      fail(['principalShare'], 'belongs to the method fixed_principal, which needs it');
    if (product.method === 'flat' && product.interest.basis !== 'periodic') fail(['interest', 'basis'], 'flat interest is periodic');
    if (product.aprCaps.some((cap, index) => index > 0 && cap.from <= (product.aprCaps[index - 1]?.from ?? '')))
      fail(['aprCaps'], 'dates must increase');
    if ((product.aprCaps[0]?.from ?? '') > product.effectiveFrom) fail(['aprCaps'], 'the first cap must be in force when the product is');
    const fee = product.account.payoffFee;
    if (fee && isAbove(fee.rate, fee.legalCap.rate)) fail(['account', 'payoffFee'], `above the legal cap (${fee.legalCap.source})`);
    if (product.account.interestOn === 'actual' && product.account.earlyPayment === 'hold_to_due')
      fail(['account', 'earlyPayment'], 'money cannot wait where interest follows the balance day by day');
    if (product.account.interestOn === 'actual' && product.method === 'flat')
      fail(['account', 'interestOn'], 'flat interest does not follow the balance');
    if (!strictlyIncreasing(product.debit.presentmentDays))
      fail(['debit', 'presentmentDays'], 'days must strictly increase: one presentment a day');
    if (!strictlyIncreasing(product.collections.ladder.map((step) => step.daysPastDue)))
      fail(['collections', 'ladder'], 'daysPastDue must strictly increase');
    const { from, to } = product.collections.lawfulHours;
    if (from < '08:00' || to > '22:00' || from >= to)
      fail(['collections', 'lawfulHours'], 'contacts are lawful between 08:00 and 22:00 only (CBA rules of 2026-01)');
    if (product.collections.at < from || product.collections.at >= to) fail(['collections', 'at'], 'must lie within the lawful hours');
    if (product.collections.promise.checkAt < product.debit.at)
      fail(['collections', 'promise'], 'a promise is checked after the day’s debit');
  });

export type Product = z.output<typeof productSchema>;

function isAbove(a: string, b: string): boolean {
  const [x, y] = [rational(a), rational(b)];
  return x.numerator * y.denominator > y.numerator * x.denominator;
}

function strictlyIncreasing(numbers: readonly number[]): boolean {
  return numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? value));
}

/** Validates one product file; PRODUCT_INVALID names the product, the path and the rule. */
export function parseProduct(raw: unknown): Product {
  const result = productSchema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const id = typeof raw === 'object' && raw !== null && 'id' in raw ? String(raw.id) : 'without id';
  throw new LoanloomError('PRODUCT_INVALID', `product ${id}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`, {
    path: issue?.path.join('.') ?? '',
  });
}

export interface Catalogue {
  /** The pinned version; PRODUCT_NOT_FOUND otherwise. */
  version(id: string, version: number): Product;
  /** The version on offer on a date: the highest one in effect. */
  current(id: string, on: BusinessDate): Product;
  all(): readonly Product[];
}

/** Loads and validates every file at once; two files with one (id, version) are refused. */
export function createCatalogue(files: readonly unknown[] = PRODUCT_FILES): Catalogue {
  const products = files.map(parseProduct);
  const byKey = new Map<string, Product>();
  for (const product of products) {
    const key = `${product.id}@${String(product.version)}`;
    if (byKey.has(key)) throw new LoanloomError('PRODUCT_INVALID', `product ${key} is defined twice`);
    byKey.set(key, product);
  }
  const notFound = (what: string) =>
    new LoanloomError('PRODUCT_NOT_FOUND', `there is no product ${what}; GET /v1/products lists what is on offer`);
  return {
    all: () => products,
    version(id, version) {
      const product = byKey.get(`${id}@${String(version)}`);
      if (!product) throw notFound(`${id.slice(0, 40)} version ${String(version)}`);
      return product;
    },
    current(id, on) {
      const product = products.filter((each) => each.id === id && each.effectiveFrom <= on).sort((a, b) => b.version - a.version)[0];
      if (!product) throw notFound(id.slice(0, 40));
      return product;
    },
  };
}
