import { advance, observe } from './account/accrual';
import { factsInForce, inValueOrder, type LoanFact } from './account/facts';
import { project } from './account/layout';
import { applyMoney, lendAgain, settleWhatIsPaid, takePaid } from './account/payments';
import { owedOf, payoffOf } from './account/payoff';
import { DEFAULT_POLICY, type AccountPolicy } from './account/policy';
import { report, type Account } from './account/report';
import { changeRate, extendTerm, pause, reage, reamortize } from './account/restructure';
import { resum } from './account/sums';
import { copyState, noSums, openOf, rowsFrom, tally, type State } from './account/state';
import { sumOf } from '../money/allocation';
import type { BusinessDate } from '../time/dates';
import { LoanloomError } from '../errors';
import { fen } from '../money/money';
import { scheduleOf, type Installment } from './schedule';
import type { LoanTerms } from './terms';

export { assertReversals, latestValueDate, inValueOrder, type LoanFact, type FactType } from './account/facts';
export { DEFAULT_POLICY, type AccountPolicy } from './account/policy';
export { owedOn, overdueSinceOn, settledTotals, type Account, type AccountInstallment } from './account/report';

/** A loan's terms, its binding schedule where one is stored, and what its product says about money. */
export interface AccountTerms {
  readonly terms: LoanTerms;
  /** The rows that were signed; by default those that the terms generate. */
  readonly schedule?: readonly Installment[];
  readonly policy?: AccountPolicy;
}

/** The account before its first fact. */
function opened({ terms, schedule, policy = DEFAULT_POLICY }: AccountTerms): State {
  const base = { terms, policy, interest: terms.interest };
  return {
    ...base,
    rows: rowsFrom(base, terms.disbursedOn, schedule ?? scheduleOf(terms), terms.dates),
    cursor: terms.disbursedOn,
    disbursed: false,
    bearing: terms.principal,
    accruedTo: terms.disbursedOn,
    running: 0,
    unscheduled: 0,
    relent: 0,
    surplus: 0,
    penaltyCharged: 0,
    refunded: 0,
    recovered: 0,
    discounted: 0,
    waived: tally(),
    writtenOff: null,
    chargedOffOn: null,
    frozen: [],
    withdrawals: [],
    interestFree: [],
    paused: [],
    allocations: [],
    history: [],
    settledEarly: false,
    remarks: [],
    sums: noSums(),
  };
}

const refuse = (message: string, fact: LoanFact) =>
  new LoanloomError('FACTS_INCONSISTENT', message, { path: 'transactions', key: fact.key });

const remark = (state: State, fact: LoanFact, message: string) => state.remarks.push({ key: fact.key, message });

/** A fee or penalty falls on the first row due on or after its day; after the last due date on the last row. */
function charge(state: State, fact: Extract<LoanFact, { type: 'CHARGE' }>): void {
  const row = state.rows.find((each) => each.dueOn >= fact.valueDate) ?? state.rows.at(-1);
  if (!row || state.writtenOff) throw refuse('there is no installment to charge', fact);
  row.due[fact.component] += fact.amount;
  if (fact.component === 'fee') row.charged += fact.amount;
  state.sums.firstOpen = 0;
  resum(state);
}

/** Takes a waiver off what is due and unpaid of its component, oldest row first: at most what is there. */
function waive(state: State, fact: Extract<LoanFact, { type: 'WAIVER' }>): void {
  let left: number = fact.amount;
  for (const row of state.rows) {
    if (left === 0 || (!row.final && row.dueOn > fact.valueDate && fact.component === 'interest')) break;
    const cut = Math.max(0, Math.min(left, row.due[fact.component] - row.paid[fact.component]));
    row.due[fact.component] -= cut;
    if (fact.component === 'interest') row.earns -= cut;
    if (fact.component === 'fee') row.charged = Math.max(0, row.charged - cut);
    left -= cut;
  }
  if (left > 0) remark(state, fact, `the waiver exceeds the ${fact.component} that is due by ${String(left)} minor units`);
  state.waived[fact.component] += fact.amount - left;
}

/** The borrower withdraws: while they may pay back, nothing counts as late. */
function withdraw(state: State, fact: Extract<LoanFact, { type: 'WITHDRAWAL' }>): void {
  const { key, valueDate, until } = fact;
  pause(state, { key, valueDate, type: 'HARDSHIP_PAUSE', until, interest: 'accrues' });
  state.withdrawals = [...state.withdrawals, { from: valueDate, until }];
}

/** Gives up everything outstanding; the rows to come are dropped. */
function writeOff(state: State, fact: Extract<LoanFact, { type: 'WRITEOFF' }>): void {
  if (state.writtenOff || !state.rows.some((row) => openOf(row) > 0))
    throw refuse('nothing is outstanding that could be written off', fact);
  project(state, state.cursor);
  const owed = owedOf(state, state.cursor);
  for (const row of state.rows) {
    row.due = { ...row.paid };
    row.earns = row.due.interest;
    row.final = true;
  }
  state.writtenOff = { ...owed };
  state.running = 0;
  state.bearing = 0;
  state.settledEarly = true;
  resum(state);
}

type Apply<T extends LoanFact['type']> = (state: State, fact: Extract<LoanFact, { type: T }>) => void;

const HANDLERS: { readonly [T in Exclude<LoanFact['type'], 'REPAYMENT' | 'SETTLEMENT_DISCOUNT' | 'REVERSAL'>]: Apply<T> } = {
  DISBURSEMENT: (state) => {
    state.disbursed = true;
  },
  RATE_CHANGE: changeRate,
  HARDSHIP_PAUSE: pause,
  DEBIT_IN_DOUBT: (state, fact) => {
    state.frozen.push({ since: fact.valueDate, until: fact.until ?? null, kind: 'doubt' });
  },
  WITHDRAWAL: withdraw,
  CHARGE: charge,
  WAIVER: waive,
  REAGE: reage,
  REAMORTIZE: reamortize,
  TERM_EXTENSION: extendTerm,
  CREDIT_BALANCE_REFUND: (state, fact) => {
    const short = Math.max(0, fact.amount - state.surplus);
    if (short > 0) remark(state, fact, 'more was refunded than is overpaid: the difference is owed again');
    state.surplus -= fact.amount - short;
    lendAgain(state, short - takePaid(state, short, fact.valueDate), fact.valueDate);
    state.refunded += fact.amount;
  },
  CHARGE_OFF: (state, fact) => {
    state.chargedOffOn ??= fact.valueDate;
  },
  WRITEOFF: writeOff,
  RECOVERY_REPAYMENT: (state, fact) => {
    applyMoney(state, [fact], undefined, fact.valueDate);
  },
};

/** Those that lay rows out anew, and may find on the way that they cannot. */
const RESTRUCTURING: ReadonlySet<LoanFact['type']> = new Set([
  'RATE_CHANGE',
  'HARDSHIP_PAUSE',
  'WITHDRAWAL',
  'REAGE',
  'REAMORTIZE',
  'TERM_EXTENSION',
]);

/**
 * Applies one fact that is no money. A recorded fact never throws: what it cannot do any more, because of money or
 * decisions learned since, it leaves undone and says so.
 */
function applyFact(state: State, fact: Exclude<LoanFact, { type: 'REPAYMENT' | 'SETTLEMENT_DISCOUNT' | 'REVERSAL' }>): void {
  const handle = HANDLERS[fact.type] as Apply<typeof fact.type>;
  const target = RESTRUCTURING.has(fact.type) ? copyState(state) : state;
  try {
    handle(target, fact);
  } catch (error) {
    if (!(error instanceof LoanloomError) || error.code === 'INTERNAL') throw error;
    remark(state, fact, error.message);
    return;
  }
  if (target !== state) Object.assign(state, target);
}

type Money = Extract<LoanFact, { type: 'REPAYMENT' | 'SETTLEMENT_DISCOUNT' }>;
const isMoney = (fact: LoanFact): fact is Money => fact.type === 'REPAYMENT' || fact.type === 'SETTLEMENT_DISCOUNT';

/** Applies the facts of one day, in their order; the day's money goes in together. */
function applyDay(state: State, facts: readonly LoanFact[], on: BusinessDate): void {
  advance(state, on);
  const money = facts.filter(isMoney);
  for (const fact of facts) {
    if (isMoney(fact)) {
      if (fact === money[0]) applyGroups(state, money, on);
    } else if (fact.type === 'REVERSAL') continue;
    else if (state.disbursed || fact.type === 'DISBURSEMENT' || fact.type === 'RECOVERY_REPAYMENT') applyFact(state, fact);
    else remark(state, fact, `a fact of ${on} precedes the disbursement`);
  }
  settleWhatIsPaid(state, on);
  observe(state, on);
}

/** Discounts work like money as far as something is owed: nobody is ever paid one. */
function discountsOf(state: State, money: readonly Money[], on: BusinessDate): Money[] {
  const discounts = money.filter((fact) => fact.type === 'SETTLEMENT_DISCOUNT');
  if (discounts.length === 0) return [];
  const owed = sumOf(payoffOf(state, on));
  let room = Math.max(0, owed - money.reduce((sum, fact) => (fact.type === 'REPAYMENT' ? sum + fact.amount : sum), 0));
  return discounts.map((fact) => {
    const amount = fen(Math.min(fact.amount, room));
    room -= amount;
    if (amount < fact.amount) remark(state, fact, `the discount exceeds what is owed by ${String(fact.amount - amount)} minor units`);
    return { ...fact, amount };
  });
}

function applyGroups(state: State, money: readonly Money[], on: BusinessDate): void {
  const discounts = discountsOf(state, money, on);
  const taken = [...money.filter((fact) => fact.type === 'REPAYMENT'), ...discounts.filter((fact) => fact.amount > 0)];
  const effectOf = (fact: Money) => (fact.type === 'REPAYMENT' ? fact.effect : undefined);
  for (const effect of [undefined, 'advance_next', 'reduce_installment', 'reduce_term'] as const) {
    const group = taken.filter((fact) => effectOf(fact) === effect);
    if (group.length > 0) applyMoney(state, group, effect, on);
  }
  for (const fact of discounts) state.discounted += fact.amount;
}

/** Facts by day, in the order in which they take effect. */
function byDay(facts: readonly LoanFact[]): [BusinessDate, LoanFact[]][] {
  const days = new Map<BusinessDate, LoanFact[]>();
  for (const fact of facts) {
    const known = days.get(fact.valueDate);
    if (known) known.push(fact);
    else days.set(fact.valueDate, [fact]);
  }
  return [...days];
}

/** A fold that can be continued: facts in, day by day, and the account at any time. */
export interface RunningAccount {
  /** Applies facts in force, none of them on or before a day that was applied already. */
  apply(facts: readonly LoanFact[]): RunningAccount;
  /** The account on a day not before the last fact. */
  on(asOf: BusinessDate): Account;
}

/** Begins a fold. foldAccount is the usual door; this one serves whoever walks through time. */
export function beginAccount(input: AccountTerms): RunningAccount {
  const state = opened(input);
  const running: RunningAccount = {
    apply(facts) {
      for (const [on, day] of byDay(inValueOrder(facts))) applyDay(state, day, on);
      return running;
    },
    on(asOf) {
      const copy = copyState(state);
      advance(copy, asOf);
      project(copy, asOf);
      return report(copy, asOf);
    },
  };
  return running;
}

/**
 * The loan account: one pure fold of the terms and the facts with a value date up to `asOf` (design §4).
 * Quotes, allocation, statements, agenda, daily close, the calculator and the API all read this. The order
 * in which facts arrive never matters, only their value dates.
 *
 * Recorded facts never throw: money before, or without, a disbursement is the borrower's credit; a waiver, a
 * discount or a write-off takes what there is; a restructuring that is not possible leaves the rows as they are.
 * `remarks` says which facts found less than they name.
 */
export function foldAccount(input: AccountTerms & { readonly facts: readonly LoanFact[]; readonly asOf: BusinessDate }): Account {
  return beginAccount(input).apply(factsInForce(input.facts, input.asOf)).on(input.asOf);
}
