import { z } from 'zod';
import { DEFAULT_POLICY, type AccountPolicy, type LoanFact } from '../../domain/loan/account';
import { COMPONENTS, type AllocationOrder } from '../../domain/money/allocation';
import { DAY_COUNTS } from '../../domain/time/day-count';
import type { BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import type { LoanTerms } from '../../domain/loan/terms';
import { every, termsShape } from './terms-input';
import { join, minorUnits, Reader, rounding, text } from './reading';

const order = z.array(z.enum(COMPONENTS)).max(COMPONENTS.length);
const effect = z.enum(['reduce_installment', 'reduce_term', 'advance_next']);
const recompute = z.strictObject({ rounding });

const policyShape = z.strictObject({
  allocation: z
    .strictObject({ due: order.optional(), inAdvance: order.optional(), mode: z.enum(['horizontal', 'vertical']).default('horizontal') })
    .optional(),
  interestOn: z.enum(['scheduled', 'actual']).default('scheduled'),
  earlyPayment: z.enum(['principal', 'interest_then_principal', 'hold_to_due']).optional(),
  prepayment: z.union([effect, z.strictObject({ effect, recompute: recompute.optional() })]).default('advance_next'),
  recompute: recompute.optional(),
  penalty: z
    .strictObject({
      rateMultiplier: text,
      on: z.enum(['principal', 'principal_and_interest']).default('principal'),
      dayCount: z.enum(DAY_COUNTS).optional(),
      graceDays: z.int().min(0).max(366).default(0),
      cap: text.optional(),
    })
    .optional(),
  overdueInterest: z.enum(['accrues', 'none']).optional(),
  payoffInterest: z.enum(['to_date', 'to_period_end']).default('to_date'),
  payoffFee: z.union([text, z.strictObject({ amount: text }), z.strictObject({ rate: text })]).optional(),
});

const dated = { on: text, id: z.string().min(1).max(100).optional() };
const money = { ...dated, amount: text };

/** The transactions of `account`; docs/calculator.md tells what each does. */
const transactionShape = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('repayment'), ...money }),
  z.strictObject({ type: z.literal('prepayment'), ...money, effect: effect.optional() }),
  z.strictObject({ type: z.literal('reversal'), ...dated, of: z.string().min(1).max(100) }),
  z.strictObject({ type: z.literal('charge'), ...money, component: z.enum(['fee', 'penalty']).default('fee') }),
  z.strictObject({ type: z.literal('waiver'), ...money, component: z.enum(['penalty', 'fee', 'interest']) }),
  z.strictObject({ type: z.literal('rate_change'), ...dated, annualRate: text }),
  z.strictObject({ type: z.literal('re_age'), ...dated, every, count: z.int().min(1).max(600), firstDueOn: text }),
  z.strictObject({ type: z.literal('re_amortize'), ...dated }),
  z.strictObject({ type: z.literal('term_extension'), ...dated, periods: z.int().min(1).max(600) }),
  z.strictObject({ type: z.literal('hardship_pause'), ...dated, until: text, interest: z.enum(['accrues', 'none']).default('accrues') }),
  z.strictObject({ type: z.literal('withdrawal'), ...dated, until: text }),
  z.strictObject({ type: z.literal('debit_in_doubt'), ...dated, until: text.optional() }),
  z.strictObject({ type: z.literal('charge_off'), ...dated }),
  z.strictObject({ type: z.literal('write_off'), ...dated }),
  z.strictObject({ type: z.literal('recovery'), ...money }),
  z.strictObject({ type: z.literal('settlement_discount'), ...money }),
  z.strictObject({ type: z.literal('refund'), ...money }),
]);
type Transaction = z.output<typeof transactionShape>;

export const accountShape = z.strictObject({
  minorUnits: minorUnits.optional(),
  terms: termsShape,
  transactions: z.array(transactionShape).max(10_000).default([]),
  policy: policyShape.default({ interestOn: 'scheduled', prepayment: 'advance_next', payoffInterest: 'to_date' }),
  asOf: text,
});
type PolicyInput = z.output<typeof policyShape>;

function penaltyOf(input: PolicyInput, terms: LoanTerms, read: Reader): AccountPolicy['penalty'] {
  const { penalty } = input;
  if (penalty === undefined) return null;
  const own = terms.interest.basis === 'day_count' ? terms.interest.convention : terms.interest.basis === 'daily' ? null : 'ACT/360';
  return {
    rateMultiplier: read.rate(penalty.rateMultiplier, 'policy.penalty.rateMultiplier'),
    on: penalty.on,
    dayCount: penalty.dayCount ?? own,
    graceDays: penalty.graceDays,
    cap: penalty.cap === undefined ? null : read.amount(penalty.cap, 'policy.penalty.cap'),
  };
}

/** The account policy; what is left out is as in the default product: money ahead pays the coming rows, rows stand. */
export function policyFrom(input: PolicyInput, terms: LoanTerms, read: Reader): AccountPolicy {
  const orders: AllocationOrder = {
    due: input.allocation?.due ?? COMPONENTS,
    inAdvance: input.allocation?.inAdvance ?? input.allocation?.due ?? COMPONENTS,
  };
  for (const name of ['due', 'inAdvance'] as const) {
    if (new Set(orders[name]).size !== COMPONENTS.length)
      throw new LoanloomError('VALIDATION', 'an account’s order names each of the four components once', {
        path: join('policy.allocation', name),
      });
  }
  const wanted = typeof input.prepayment === 'string' ? { effect: input.prepayment, recompute: input.recompute } : input.prepayment;
  const fee = input.payoffFee;
  return {
    allocation: { ...orders, mode: input.allocation?.mode ?? 'horizontal' },
    interestOn: input.interestOn,
    earlyPayment: input.earlyPayment ?? (wanted.effect === 'advance_next' ? DEFAULT_POLICY.earlyPayment : 'interest_then_principal'),
    prepayment: {
      effect: wanted.effect,
      rounding: wanted.recompute === undefined ? null : read.rounding(wanted.recompute.rounding, 'policy.recompute.rounding'),
    },
    penalty: penaltyOf(input, terms, read),
    overdueInterest: input.overdueInterest ?? (input.interestOn === 'actual' ? 'accrues' : 'none'),
    payoffInterest: input.payoffInterest,
    payoffFee:
      fee === undefined
        ? null
        : typeof fee === 'object' && 'rate' in fee
          ? { rate: read.rate(fee.rate, 'policy.payoffFee.rate') }
          : { amount: read.amount(typeof fee === 'string' ? fee : fee.amount, 'policy.payoffFee') },
  };
}

const DISBURSEMENT = 'disbursement';

const TYPES = {
  charge: 'CHARGE',
  waiver: 'WAIVER',
  re_amortize: 'REAMORTIZE',
  charge_off: 'CHARGE_OFF',
  write_off: 'WRITEOFF',
  recovery: 'RECOVERY_REPAYMENT',
  settlement_discount: 'SETTLEMENT_DISCOUNT',
  refund: 'CREDIT_BALANCE_REFUND',
} as const;

/** One transaction as a fact. Its key is its id, or its place in the list. */
function factFrom(
  transaction: Transaction,
  {
    index,
    disbursedOn,
    policy,
    read,
  }: { readonly index: number; readonly disbursedOn: BusinessDate; readonly policy: AccountPolicy; readonly read: Reader },
): LoanFact {
  const at = (name: string) => join('transactions', index, name);
  const valueDate = read.date(transaction.on, at('on'));
  if (valueDate < disbursedOn)
    throw new LoanloomError('FACTS_INCONSISTENT', `a ${transaction.type} of ${valueDate} precedes the disbursement of ${disbursedOn}`, {
      path: at('on'),
    });
  const base = { key: transaction.id ?? String(index).padStart(6, '0'), valueDate };
  const amount = () => read.positive('amount' in transaction ? transaction.amount : '0', at('amount'));
  switch (transaction.type) {
    case 'repayment':
      return { ...base, type: 'REPAYMENT', amount: amount() };
    case 'prepayment':
      return { ...base, type: 'REPAYMENT', amount: amount(), effect: transaction.effect ?? policy.prepayment.effect };
    case 'reversal':
      // The disbursement is part of the terms here; a payout that came back is no loan to calculate.
      if (transaction.of === DISBURSEMENT)
        throw new LoanloomError('NOTHING_TO_REVERSE', 'the disbursement cannot be reversed', { path: at('of') });
      return { ...base, type: 'REVERSAL', of: transaction.of };
    case 'charge':
      return { ...base, type: 'CHARGE', amount: amount(), component: transaction.component };
    case 'waiver':
      return { ...base, type: 'WAIVER', amount: amount(), component: transaction.component };
    case 'rate_change':
      read.rate(transaction.annualRate, at('annualRate'));
      return { ...base, type: 'RATE_CHANGE', annualRate: transaction.annualRate };
    case 're_age':
      return {
        ...base,
        type: 'REAGE',
        every: transaction.every,
        count: transaction.count,
        firstDueOn: read.date(transaction.firstDueOn, at('firstDueOn')),
      };
    case 'term_extension':
      return { ...base, type: 'TERM_EXTENSION', periods: transaction.periods };
    case 'hardship_pause':
      return { ...base, type: 'HARDSHIP_PAUSE', until: read.date(transaction.until, at('until')), interest: transaction.interest };
    case 'withdrawal':
      return { ...base, type: 'WITHDRAWAL', until: read.date(transaction.until, at('until')) };
    case 'debit_in_doubt':
      return {
        ...base,
        type: 'DEBIT_IN_DOUBT',
        ...(transaction.until === undefined ? {} : { until: read.date(transaction.until, at('until')) }),
      };
    case 're_amortize':
    case 'charge_off':
    case 'write_off':
      return { ...base, type: TYPES[transaction.type] };
    case 'recovery':
    case 'settlement_discount':
    case 'refund':
      return { ...base, type: TYPES[transaction.type], amount: amount() };
  }
}

/** All transactions as facts, after the disbursement. Two with one id are refused. */
export function factsFrom(transactions: readonly Transaction[], terms: LoanTerms, policy: AccountPolicy, read: Reader): LoanFact[] {
  const facts = transactions.map((transaction, index) => factFrom(transaction, { index, disbursedOn: terms.disbursedOn, policy, read }));
  const keys = new Set<string>();
  for (const [index, fact] of facts.entries()) {
    if (keys.has(fact.key))
      throw new LoanloomError('VALIDATION', 'two transactions have one id', { path: join('transactions', index, 'id') });
    keys.add(fact.key);
  }
  return [{ key: DISBURSEMENT, type: 'DISBURSEMENT', valueDate: terms.disbursedOn, amount: terms.principal }, ...facts];
}
