import { dayNumber, daysBetween, type BusinessDate } from './dates';
import { LoanloomError } from './errors';
import { fen, minus, plus, smaller, ZERO, type Fen } from './money';
import { divideRounded } from './rational';
import type { Installment } from './schedule';

/** What moved money on a loan. Facts are never changed; `valueDate` decides their effect, `key` orders facts of one day. */
export interface LoanFact {
  readonly key: string;
  readonly type: 'DISBURSEMENT' | 'REPAYMENT';
  readonly valueDate: BusinessDate;
  readonly amount: Fen;
}

export interface Components {
  readonly penalty: Fen;
  readonly fee: Fen;
  readonly interest: Fen;
  readonly principal: Fen;
}

export const NO_COMPONENTS: Components = { penalty: ZERO, fee: ZERO, interest: ZERO, principal: ZERO };

/** Order in which one installment takes money. */
export const ALLOCATION_ORDER = ['penalty', 'fee', 'interest', 'principal'] as const;

export interface AccountInstallment {
  readonly number: number;
  readonly dueOn: BusinessDate;
  readonly due: Components;
  readonly paid: Components;
  readonly outstanding: Components;
  readonly daysPastDue: number;
}

/** Where one repayment went; components plus surplus = its amount. */
export interface Allocation {
  readonly key: string;
  readonly components: Components;
  readonly surplus: Fen;
}

export type Bucket = 'CURRENT' | 'DPD_1_30' | 'DPD_31_60' | 'DPD_61_90' | 'DPD_90_PLUS';

export interface Account {
  readonly asOf: BusinessDate;
  readonly status: 'APPROVED' | 'ACTIVE' | 'OVERPAID' | 'CLOSED_OBLIGATIONS_MET';
  readonly installments: readonly AccountInstallment[];
  readonly outstanding: Components;
  /** Due on or before `asOf` and not paid. */
  readonly owedNow: Fen;
  readonly overdueSince: BusinessDate | null;
  readonly daysPastDue: number;
  readonly bucket: Bucket;
  /** Surplus over everything owed: a liability of ours. */
  readonly overpaid: Fen;
  readonly nextDue: { readonly number: number; readonly dueOn: BusinessDate; readonly amount: Fen } | null;
  /** What settles the loan on `asOf`: principal, interest to date, and fees due. */
  readonly payoff: Components & { readonly total: Fen };
  /** Contract interest earned up to `asOf`, whether or not due or paid. */
  readonly interestAccrued: Fen;
  readonly allocations: readonly Allocation[];
}

interface Row {
  readonly number: number;
  readonly dueOn: BusinessDate;
  readonly startsOn: BusinessDate;
  due: Components;
  paid: Components;
  /** Settled before its due date: its interest was fixed on that day and is earned in full. */
  settledEarly: boolean;
}

export function bucketOf(daysPastDue: number): Bucket {
  if (daysPastDue <= 0) return 'CURRENT';
  if (daysPastDue <= 30) return 'DPD_1_30';
  if (daysPastDue <= 60) return 'DPD_31_60';
  return daysPastDue <= 90 ? 'DPD_61_90' : 'DPD_90_PLUS';
}

export function sumOf(components: Components): Fen {
  return plus(components.penalty, components.fee, components.interest, components.principal);
}

function add(a: Components, b: Components): Components {
  return {
    penalty: plus(a.penalty, b.penalty),
    fee: plus(a.fee, b.fee),
    interest: plus(a.interest, b.interest),
    principal: plus(a.principal, b.principal),
  };
}

function outstandingOf(row: Row): Components {
  return {
    penalty: minus(row.due.penalty, row.paid.penalty),
    fee: minus(row.due.fee, row.paid.fee),
    interest: minus(row.due.interest, row.paid.interest),
    principal: minus(row.due.principal, row.paid.principal),
  };
}

/** Pays into one row in allocation order; returns what went where and what is left. */
function payInto(row: Row, money: Fen): { taken: Components; left: Fen } {
  const open = outstandingOf(row);
  const taken = { ...NO_COMPONENTS } as Record<keyof Components, Fen>;
  let left = money;
  for (const component of ALLOCATION_ORDER) {
    taken[component] = smaller(left, open[component]);
    left = minus(left, taken[component]);
  }
  row.paid = add(row.paid, taken);
  return { taken, left };
}

/** Interest of a row earned by `on`: its scheduled interest by days of its period, half up; all of it from the due date. */
function earnedInterest(row: Row, on: BusinessDate): Fen {
  if (on >= row.dueOn || row.settledEarly) return row.due.interest;
  if (on <= row.startsOn) return ZERO;
  const days = BigInt(daysBetween(row.startsOn, on));
  return fen(divideRounded(BigInt(row.due.interest) * days, BigInt(daysBetween(row.startsOn, row.dueOn)), 'half_up'));
}

/**
 * What would settle everything on a date: rows due in full, later rows their principal, and interest only
 * as far as it is earned. Interest that was paid ahead and is not earned counts towards the principal.
 */
function payoffOf(rows: readonly Row[], on: BusinessDate): Components {
  let owed = NO_COMPONENTS;
  for (const row of rows) {
    const open = outstandingOf(row);
    if (row.dueOn <= on || row.settledEarly) owed = add(owed, open);
    else
      owed = add(owed, {
        penalty: ZERO,
        fee: minus(ZERO, row.paid.fee),
        interest: minus(earnedInterest(row, on), row.paid.interest),
        principal: open.principal,
      });
  }
  return owed;
}

/** Early settlement: later rows owe what was earned and no fee, then every row is paid in full. Returns what went where; a negative component gives back what was paid ahead. */
function settleEarly(rows: Row[], on: BusinessDate): Components {
  let taken = NO_COMPONENTS;
  for (const row of rows) {
    if (!row.settledEarly) row.due = { penalty: ZERO, fee: ZERO, interest: earnedInterest(row, on), principal: row.due.principal };
    row.settledEarly = true;
    taken = add(taken, outstandingOf(row));
    row.paid = row.due;
  }
  return taken;
}

/**
 * The repayments of one day, taken together, so that splitting a payment changes nothing: what is due,
 * oldest installment first; then, where it suffices, early settlement; else coming installments in order
 * (they count as paid). What is left over is a liability.
 */
function applyDay(rows: Row[], day: readonly LoanFact[]): Allocation[] {
  const valueDate = day[0]?.valueDate;
  if (valueDate === undefined) return [];
  let left = plus(...day.map((fact) => fact.amount));
  let components = NO_COMPONENTS;
  const take = (row: Row) => {
    const result = payInto(row, left);
    components = add(components, result.taken);
    left = result.left;
  };
  for (const row of rows) if (row.dueOn <= valueDate && left > 0) take(row);
  const later = rows.filter((row) => row.dueOn > valueDate);
  if (left > 0 && later.length > 0) {
    const payoff = sumOf(payoffOf(later, valueDate));
    if (left >= payoff) {
      components = add(components, settleEarly(later, valueDate));
      left = minus(left, payoff);
    } else {
      for (const row of later) if (left > 0) take(row);
    }
  }
  return shareOut(day, components);
}

/** Attributes a day's allocation to its facts in their order; what no component takes is surplus. */
function shareOut(day: readonly LoanFact[], components: Components): Allocation[] {
  const open = { ...components } as Record<keyof Components, Fen>;
  return day.map((fact) => {
    const taken = { ...NO_COMPONENTS } as Record<keyof Components, Fen>;
    let left = fact.amount;
    for (const component of ALLOCATION_ORDER) {
      taken[component] = smaller(left, open[component]);
      open[component] = minus(open[component], taken[component]);
      left = minus(left, taken[component]);
    }
    return { key: fact.key, components: taken, surplus: left };
  });
}

function allocateAll(rows: Row[], repayments: readonly LoanFact[]): Allocation[] {
  const days = new Map<BusinessDate, LoanFact[]>();
  for (const fact of repayments) days.set(fact.valueDate, [...(days.get(fact.valueDate) ?? []), fact]);
  return [...days.values()].flatMap((day) => applyDay(rows, day));
}

/** Everything that repayments have settled so far, and the surplus: two of these subtracted are what one fact changed. */
export function settledTotals(account: Account): Components & { readonly surplus: Fen } {
  const paid = account.installments.reduce((total, row) => add(total, row.paid), NO_COMPONENTS);
  return { ...paid, surplus: account.overpaid };
}

/**
 * What was due by `date` and is still unpaid as far as `account` knows: the figure for work that is done
 * late under its own date, where money received since must not be asked for again.
 */
export function owedOn(account: Account, date: BusinessDate): Fen {
  return plus(...account.installments.filter((row) => row.dueOn <= date).map((row) => sumOf(row.outstanding)));
}

/** The oldest due date before `date` with money still open; null when nothing is late. */
export function overdueSinceOn(account: Account, date: BusinessDate): BusinessDate | null {
  return account.installments.find((row) => row.dueOn < date && sumOf(row.outstanding) > 0)?.dueOn ?? null;
}

/** Facts in the order in which they take effect: by value date, disbursement first, then by key; arrival order never matters. */
export function inValueOrder<T extends LoanFact>(facts: readonly T[]): T[] {
  const rank = (fact: LoanFact) => (fact.type === 'DISBURSEMENT' ? 0 : 1);
  return [...facts].sort(
    (a, b) => dayNumber(a.valueDate) - dayNumber(b.valueDate) || rank(a) - rank(b) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );
}

/**
 * The loan account: one pure fold of the schedule and the facts with a value date up to `asOf`
 * (design §4). Quotes, allocation, statements, agenda, daily close and API all read this.
 * FACTS_INCONSISTENT for money before, or without, a disbursement.
 */
export function foldAccount(input: {
  readonly schedule: readonly Installment[];
  readonly facts: readonly LoanFact[];
  readonly asOf: BusinessDate;
}): Account {
  const { schedule, asOf } = input;
  const facts = inValueOrder(input.facts.filter((fact) => fact.valueDate <= asOf));
  const [disbursement] = facts;
  if (disbursement && disbursement.type !== 'DISBURSEMENT') {
    throw new LoanloomError('FACTS_INCONSISTENT', `a repayment of ${disbursement.valueDate} precedes the disbursement`, {
      path: 'transactions',
    });
  }
  const rows: Row[] = schedule.map((row, index) => ({
    number: row.number,
    dueOn: row.dueOn,
    startsOn: schedule[index - 1]?.dueOn ?? disbursement?.valueDate ?? row.dueOn,
    due: { penalty: ZERO, fee: row.fee, interest: row.interest, principal: row.principal },
    paid: NO_COMPONENTS,
    settledEarly: false,
  }));
  const allocations = disbursement ? allocateAll(rows, facts.slice(1)) : [];
  return summarise(rows, allocations, disbursement !== undefined, asOf);
}

function summarise(rows: readonly Row[], allocations: readonly Allocation[], disbursed: boolean, asOf: BusinessDate): Account {
  const installments = rows.map((row): AccountInstallment => {
    const outstanding = outstandingOf(row);
    const late = disbursed && sumOf(outstanding) > 0 ? daysBetween(row.dueOn, asOf) : 0;
    return { number: row.number, dueOn: row.dueOn, due: row.due, paid: row.paid, outstanding, daysPastDue: Math.max(0, late) };
  });
  const open = disbursed ? installments.filter((row) => sumOf(row.outstanding) > 0) : [];
  const outstanding = open.reduce((total, row) => add(total, row.outstanding), NO_COMPONENTS);
  const owedNow = plus(...open.filter((row) => row.dueOn <= asOf).map((row) => sumOf(row.outstanding)));
  const oldest = open[0];
  const overdueSince = oldest && oldest.dueOn < asOf ? oldest.dueOn : null;
  const daysPastDue = overdueSince ? daysBetween(overdueSince, asOf) : 0;
  const overpaid = plus(...allocations.map((allocation) => allocation.surplus));
  const next = open.find((row) => row.dueOn > asOf) ?? oldest;
  const payoff = disbursed ? payoffOf(rows, asOf) : NO_COMPONENTS;
  return {
    asOf,
    status: !disbursed ? 'APPROVED' : open.length > 0 ? 'ACTIVE' : overpaid > 0 ? 'OVERPAID' : 'CLOSED_OBLIGATIONS_MET',
    installments,
    outstanding,
    owedNow,
    overdueSince,
    daysPastDue,
    bucket: bucketOf(daysPastDue),
    overpaid,
    nextDue: next ? { number: next.number, dueOn: next.dueOn, amount: sumOf(next.outstanding) } : null,
    payoff: { ...payoff, total: sumOf(payoff) },
    interestAccrued: disbursed ? plus(...rows.map((row) => earnedInterest(row, asOf))) : ZERO,
    allocations,
  };
}
