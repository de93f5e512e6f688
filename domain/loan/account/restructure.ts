import { add, NO_COMPONENTS, type Components } from '../../money/allocation';
import { daysBetween, monthsFromAnchor, addDays, type BusinessDate } from '../../time/dates';
import { datesByRule, type DueDate, type Every } from '../../time/due-dates';
import { LoanloomError } from '../../errors';
import { fen, type Fen } from '../../money/money';
import { rational } from '../../money/rational';
import { factor, roundProduct } from '../../money/rounding';
import { periodRates } from '../terms';
import { bearingDays, earnedOfRow, splitInterest } from './interest';
import { feeOwed } from './payoff';
import { resum } from './sums';
import type { LoanFact } from './facts';
import { dropEmptyTail, earnedSoFar, layOutAnew, openRows, relevel } from './layout';
import { addTo, followsBalance, openOf, tally, type Row, type State } from './state';

type FactOf<T extends LoanFact['type']> = Extract<LoanFact, { type: T }>;

const inconsistent = (message: string, fact: LoanFact) =>
  new LoanloomError('FACTS_INCONSISTENT', message, { path: 'transactions', key: fact.key });

/** From the value date on another contract rate; installments to come are computed anew. */
export function changeRate(state: State, fact: FactOf<'RATE_CHANGE'>): void {
  if (state.terms.method === 'flat') throw inconsistent('flat interest has no rate that could change', fact);
  const rate = rational(fact.annualRate, 'transactions');
  splitInterest(state, fact.valueDate);
  const earned = earnedSoFar(state, fact.valueDate);
  state.interest =
    state.interest.basis === 'daily'
      ? { basis: 'daily', dailyRate: { ...rate, denominator: rate.denominator * 365n } }
      : { ...state.interest, annualRate: rate };
  const rows = openRows(state);
  const [first] = rows;
  if (!first) return;
  rerate(state, rows, first.startsOn);
  relevel(state, fact.valueDate, null);
  layOutAnew(state, fact.valueDate, earned);
}

function rerate(state: State, rows: readonly Row[], start: BusinessDate): void {
  const rates = periodRates(state.interest, start, rows);
  for (const [index, row] of rows.entries()) row.rate = rates[index] ?? row.rate;
}

/** A row to be split later, from `startsOn` up to its date. */
function newRow(
  state: State,
  {
    number,
    startsOn,
    date,
    like,
  }: { readonly number: number; readonly startsOn: BusinessDate; readonly date: DueDate; readonly like: Row | undefined },
): Row {
  const isLevel = state.terms.method === 'equal_installment' || state.terms.method === 'balloon' || state.terms.method === 'flat';
  return {
    number,
    dueOn: date.dueOn,
    startsOn,
    accruesTo: date.accruesTo,
    rate: periodRates(state.interest, startsOn, [date])[0] ?? factor({ numerator: 0n, denominator: 1n }),
    level: isLevel ? (like?.level ?? 0) : null,
    share: like?.share ?? 0,
    earns: state.terms.method === 'flat' ? (like?.earns ?? 0) : 0,
    deferred: false,
    counted: { upTo: startsOn, interest: 0 },
    byDays: state.terms.method === 'flat',
    charged: 0,
    dated: [],
    due: tally(),
    paid: tally(),
    final: false,
    relieved: 0,
    penalisedTo: date.dueOn,
  };
}

/** What a row takes that is not the last, where the terms give it: the last one's own level or share is what was left over. */
function given({ terms }: State, row: Row): Pick<Row, 'level' | 'share'> {
  if (terms.method === 'interest_first') return { level: null, share: 0 };
  if (terms.method === 'fixed_principal') return { level: null, share: terms.fixedPrincipal ?? row.share };
  const isGiven = terms.method === 'balloon' && 'amount' in terms.installment;
  return { level: isGiven ? terms.installment.amount : row.level, share: row.share };
}

function append(state: State, dates: readonly BusinessDate[], from: BusinessDate, like: Row | undefined): void {
  let startsOn = from;
  for (const dueOn of dates) {
    state.rows.push(newRow(state, { number: (state.rows.at(-1)?.number ?? 0) + 1, startsOn, date: { dueOn, accruesTo: dueOn }, like }));
    startsOn = dueOn;
  }
}

/** What is unpaid of the rows whose date has passed, taken out of them: they then owe nothing more. */
function takeArrears(state: State, on: BusinessDate): Components {
  let arrears = NO_COMPONENTS;
  for (const row of state.rows) {
    if (!row.final || openOf(row) === 0 || row.dueOn > on) continue;
    arrears = add(arrears, {
      penalty: fen(row.due.penalty - row.paid.penalty),
      fee: fen(row.due.fee - row.paid.fee),
      interest: fen(row.due.interest - row.paid.interest),
      principal: fen(row.due.principal - row.paid.principal),
    });
    row.earns -= row.due.interest - row.paid.interest;
    row.due = { ...row.paid };
  }
  resum(state);
  return arrears;
}

/**
 * Puts arrears that are not principal on the first coming row. Where interest follows the balance it joins
 * the running interest, which that row collects; the earned total stays the same either way.
 */
function carry(state: State, arrears: Components): number {
  const [first] = openRows(state);
  if (!first) return 0;
  first.due.penalty += arrears.penalty;
  first.due.fee += arrears.fee;
  first.charged += arrears.fee;
  if (followsBalance(state)) state.running += arrears.interest;
  return followsBalance(state) ? 0 : arrears.interest;
}

/** Arrears spread over the remaining dates: one annuity of the balance and the unpaid interest (Fineract's re-amortization). */
export function reamortize(state: State, fact: FactOf<'REAMORTIZE'>): void {
  const on = fact.valueDate;
  if (openRows(state).length === 0) throw inconsistent('no due date is left to spread arrears over', fact);
  splitInterest(state, on);
  const earned = earnedSoFar(state, on);
  restoreBearing(state);
  const arrears = takeArrears(state, on);
  const carried = carry(state, arrears);
  relevel(state, on, null, arrears.interest);
  layOutAnew(state, on, earned, carried);
}

/** Overdue principal that had stopped bearing interest bears it again once it has a new date. */
function restoreBearing(state: State): void {
  if (!followsBalance(state) || state.policy.overdueInterest === 'accrues') return;
  for (const row of state.rows) {
    const open = row.due.principal - row.paid.principal;
    if (row.final && open > 0) {
      state.bearing += open;
      row.relieved -= open;
    }
  }
}

/** What was charged on rows that are to be dropped and is unpaid: fees by hand or by date up to `on`, and penalty. */
function chargesOn(rows: readonly Row[], on: BusinessDate): { penalty: number; fee: number } {
  let [penalty, fee] = [0, 0];
  for (const row of rows) {
    penalty += row.due.penalty - row.paid.penalty;
    fee += Math.max(0, feeOwed(row, on) - row.paid.fee);
  }
  return { penalty, fee };
}

/** New dates for everything outstanding: coming rows are dropped, unpaid interest and charges fall on the first new one. */
export function reage(state: State, fact: FactOf<'REAGE'>): void {
  const on = fact.valueDate;
  if (state.writtenOff || !state.rows.some((row) => openOf(row) > 0))
    throw inconsistent('nothing is outstanding that could be re-aged', fact);
  const held = state.rows.filter((row) => row.final).at(-1)?.dueOn ?? on;
  if (fact.firstDueOn <= on || fact.firstDueOn <= held)
    throw inconsistent('the first due date of a re-aged loan must follow the day of re-aging and every installment that is paid', fact);
  splitInterest(state, on);
  const earned = earnedSoFar(state, on);
  restoreBearing(state);
  const dropped = openRows(state);
  const model = dropped[0] ?? state.rows.at(-1);
  const like = model === undefined ? undefined : { ...model, ...given(state, model) };
  const arrears = takeArrears(state, held > on ? held : on);
  const charges = chargesOn(dropped, on);
  const later = dropped.flatMap((row) => row.dated.filter((fee) => fee.on > on));
  const ahead = tally();
  for (const row of dropped) addTo(ahead, row.paid as Components);
  // Principal paid on a row that is dropped stays repaid; the rest of the money moves to the first new row.
  state.unscheduled += ahead.principal;
  state.rows = state.rows.filter((row) => row.final);
  resum(state);
  append(state, datesByRule({ every: fact.every, count: fact.count, firstDueOn: fact.firstDueOn }, on), on, like);
  for (const row of openRows(state)) if (state.terms.method !== 'interest_first') row.share = Math.max(row.share, 1);
  // Levels before anything is put on the rows: a fee that is paid makes none of them paid ahead.
  relevel(state, on, null, arrears.interest);
  const [first] = openRows(state);
  if (first) {
    addTo(first.paid, { ...ahead, principal: 0 } as Components);
    first.due.penalty += ahead.penalty + charges.penalty;
    first.due.fee += ahead.fee + charges.fee;
    first.charged += ahead.fee + charges.fee;
    for (const fee of later) dateFee(state, fee);
    resum(state);
  }
  const carried = carry(state, arrears);
  layOutAnew(state, on, 0, earned + carried);
  dropEmptyTail(state);
}

/** A fee of the terms with a date of its own falls due with the first new row that is due by then, or the last. */
function dateFee(state: State, fee: { readonly on: BusinessDate; readonly amount: number }): void {
  const index = state.rows.findIndex((row) => !row.final && row.dueOn >= fee.on);
  const row = state.rows[index === -1 ? state.rows.length - 1 : index];
  if (!row || row.final) return;
  row.due.fee += fee.amount;
  row.dated = [...row.dated, fee];
}

/** The spacing of the last rows, to continue by. */
function spacingOf(state: State): Every {
  const last = state.rows.at(-1);
  if (!last) return { months: 1 };
  const previous = state.rows.at(-2)?.dueOn ?? state.terms.disbursedOn;
  const months =
    (Number(last.dueOn.slice(0, 4)) - Number(previous.slice(0, 4))) * 12 + Number(last.dueOn.slice(5, 7)) - Number(previous.slice(5, 7));
  const anchor = Math.max(...state.rows.map((row) => Number(row.dueOn.slice(8, 10))));
  return months > 0 && monthsFromAnchor(previous, months, anchor) === last.dueOn ? { months } : { days: daysBetween(previous, last.dueOn) };
}

/** More rows at the end; the installments to come are computed anew over all of them. */
export function extendTerm(state: State, fact: FactOf<'TERM_EXTENSION'>): void {
  const on = fact.valueDate;
  const last = state.rows.at(-1);
  if (!last || last.final) throw inconsistent('a term is extended before its last due date; after it, re-age', fact);
  splitInterest(state, on);
  const earned = earnedSoFar(state, on);
  const every = spacingOf(state);
  const anchorDay = Math.max(...state.rows.map((row) => Number(row.dueOn.slice(8, 10))));
  const dates = Array.from({ length: fact.periods }, (_, index) =>
    'months' in every
      ? monthsFromAnchor(last.dueOn, every.months * (index + 1), anchorDay)
      : addDays(last.dueOn, ('weeks' in every ? every.weeks * 7 : every.days) * (index + 1)),
  );
  Object.assign(last, given(state, last));
  append(state, dates, last.accruesTo, last);
  relevel(state, on, null);
  layOutAnew(state, on, earned);
}

/** Hardship: days past due and penalty stand still; with interest `none`, standing rows lose the interest of those days. */
export function pause(state: State, fact: FactOf<'HARDSHIP_PAUSE'>): void {
  const { valueDate: from, until } = fact;
  if (until <= from) throw inconsistent('a pause ends after it begins', fact);
  state.frozen.push({ since: from, until, kind: 'hardship' });
  if (fact.interest === 'accrues') return;
  const before = state.interestFree;
  const kept = followsBalance(state) ? [] : earnedByRows(state, from);
  state.interestFree = [...before, { from, until }];
  for (const { row, earned, days } of kept) {
    const start = row.counted.upTo > from ? row.counted.upTo : from;
    const left = bearingDays(state, start, row.accruesTo);
    if (left === days) continue;
    // What is earned by now stays; of the rest, the days of the pause earn nothing.
    const rest = Math.max(0, row.earns - earned);
    const part = factor({ numerator: BigInt(days - left), denominator: BigInt(days) });
    const cut = Math.min(rest, roundProduct(rest as Fen, part, state.terms.interestRounding));
    row.counted = { upTo: start, interest: earned };
    row.earns -= cut;
    // What was paid for it already stays on the row: a credit that the payoff takes into account.
    row.due.interest -= Math.max(0, Math.min(cut, row.due.interest - row.paid.interest));
    row.byDays = true;
  }
}

/** What the rows that are not over have earned by `on`, and the days that were to bear the rest of their interest. */
function earnedByRows(state: State, on: BusinessDate): { row: Row; earned: number; days: number }[] {
  let balance = state.rows.reduce((sum, row) => sum + row.due.principal, 0);
  return state.rows.flatMap((row) => {
    const own = balance;
    balance -= row.due.principal;
    if (row.final || row.accruesTo <= on) return [];
    const start = row.counted.upTo > on ? row.counted.upTo : on;
    return [{ row, earned: earnedOfRow(state, row, own, on), days: bearingDays(state, start, row.accruesTo) }];
  });
}
