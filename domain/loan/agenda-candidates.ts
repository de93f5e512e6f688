import { overdueSinceOn, owedOn, type Account, type AccountInstallment } from './account';
import { sumOf } from '../money/allocation';
import type { AgendaInput, AppointmentKind } from './appointment';
import { addDays, at, daysBetween, epochMs, instant, type BusinessDate, type Instant } from '../time/dates';
import { spreadMinutes } from '../time/spread';
import { disbursementOf } from './loan-account';
import type { LoanEvent } from './loan-events';
import { keys } from '../keys';

/** The scheduled debit of a date is its presentment 1; payments that the borrower asks for count on from 2. */
export const SCHEDULED_PRESENTMENT = 1;

/** Whether a debit is ours by the calendar; what the borrower asked for is theirs, and no hold stops it. */
export function isScheduled(presentment: number): boolean {
  return presentment === SCHEDULED_PRESENTMENT;
}

/** A moment that the product's rules name. `wanted` says why the account calls for it, or undefined when it does not. */
export interface Candidate {
  readonly kind: AppointmentKind;
  readonly key: string;
  readonly at: Instant;
  readonly businessDate: BusinessDate;
  readonly wanted: (account: Account) => string | undefined;
  readonly stopsForHold: boolean;
  readonly contact?: boolean;
  readonly action?: 'SMS' | 'MAIL' | 'CALL_TASK';
  /** REMIND, CONTACT, DEBIT: the due date and the installment that it is about. */
  readonly dueOn?: BusinessDate;
  readonly installment?: number;
  /** CONTACT, CHARGE_OFF: the ladder's step. DEBIT: days after the due date. */
  readonly daysPastDue?: number;
}

/** Same moment: what settles an account comes before what presses for payment. */
const PRIORITY: Partial<Record<AppointmentKind, number>> = { REMIND: 0, DEBIT: 1, CHECK_PROMISE: 2, CONTACT: 3, CHARGE_OFF: 4 };

function reminders(input: AgendaInput, rows: readonly AccountInstallment[], recorded: ReadonlySet<string>): Candidate[] {
  const { reminder } = input.product;
  const disbursedOn = disbursementOf(input.facts)?.valueDate;
  const payouts = input.facts.filter((fact) => fact.type === 'DISBURSEMENT').length;
  return rows.flatMap((row): Candidate[] => {
    // By the due date and the payout: a re-aged row, or the row of another payout, is reminded of anew.
    const key = payouts > 1 ? keys.remindOfPayout(row.dueOn, payouts) : keys.remind(row.dueOn);
    const date = addDays(row.dueOn, -reminder.daysBefore);
    if (recorded.has(key) || (disbursedOn && date < disbursedOn)) return [];
    return [
      {
        kind: 'REMIND',
        key,
        dueOn: row.dueOn,
        installment: row.number,
        at: at(date, reminder.at),
        businessDate: date,
        stopsForHold: true,
        wanted: (account) => {
          const open = account.installments.find((each) => each.dueOn === row.dueOn);
          return open && sumOf(open.outstanding) > 0 ? `remind of installment ${String(row.number)}` : undefined;
        },
      },
    ];
  });
}

/** The first payday from `date` on, where one is near enough; else the date itself. */
export function alignedToPayday(
  date: BusinessDate,
  payday: { daysOfMonth: readonly number[]; withinDays: number } | undefined,
): BusinessDate {
  if (payday === undefined) return date;
  for (let days = 0; days <= payday.withinDays; days += 1) {
    const day = addDays(date, days);
    if (payday.daysOfMonth.includes(Number(day.slice(8, 10)))) return day;
  }
  return date;
}

/** When a debit of a date is presented: spread over the product's minutes by the loan's own id. */
export function debitMoment({ loanId, product: { debit } }: Pick<AgendaInput, 'loanId' | 'product'>, date: BusinessDate): Instant {
  return instant(epochMs(at(date, debit.at)) + spreadMinutes(loanId, debit.spreadMinutes) * 60_000);
}

/** Presentments of every due date, one a day at most: the debit of a day collects arrears and what is due. */
function debits(input: AgendaInput, rows: readonly AccountInstallment[], recorded: ReadonlySet<string>): Candidate[] {
  const { debit } = input.product;
  const taken = new Set(
    input.instructions
      .filter((each) => each.direction === 'DEBIT' && each.presentment === SCHEDULED_PRESENTMENT)
      .map((each) => each.businessDate),
  );
  // The latest installment of those whose presentments fall on one day.
  const dates = new Map<BusinessDate, AccountInstallment>();
  for (const row of rows) {
    for (const days of debit.presentmentDays) {
      // The due date itself is the contract's; only what is presented again may wait for a payday.
      const planned = addDays(row.dueOn, days);
      const date = days === 0 ? planned : alignedToPayday(planned, debit.payday);
      if (!taken.has(date) && !recorded.has(keys.debitDay(date))) dates.set(date, row);
    }
  }
  return [...dates].map(([date, row]) => ({
    kind: 'DEBIT',
    key: keys.debitDay(date),
    dueOn: row.dueOn,
    installment: row.number,
    daysPastDue: daysBetween(row.dueOn, date),
    at: debitMoment(input, date),
    businessDate: date,
    stopsForHold: true,
    wanted: (account) => {
      const owed = owedOn(account, date);
      const since = overdueSinceOn(account, date);
      if (owed === 0) return undefined;
      return since ? `debit what is owed, ${String(daysBetween(since, date))} days past due` : 'debit what is due';
    },
  }));
}

interface PromiseMade {
  readonly id: string;
  readonly madeAt: Instant;
  readonly dueOn: BusinessDate;
  readonly resolvedAt: Instant | undefined;
}

function isOutcomeOf(promiseId: string, event: LoanEvent): boolean {
  const isOutcome = event.kind === 'PROMISE_KEPT' || event.kind === 'PROMISE_PARTIAL' || event.kind === 'PROMISE_BROKEN';
  return isOutcome && event.data.promiseId === promiseId;
}

function promisesOf(events: readonly LoanEvent[]): PromiseMade[] {
  return events
    .filter((event) => event.kind === 'PROMISE_MADE')
    .map(({ at: madeAt, data: { promiseId: id, dueOn } }) => {
      return { id, madeAt, dueOn, resolvedAt: events.find((other) => isOutcomeOf(id, other))?.at };
    });
}

export function openPromise(events: readonly LoanEvent[]): { id: string; dueOn: BusinessDate } | undefined {
  return promisesOf(events).find((promise) => promise.resolvedAt === undefined);
}

function promiseChecks(input: AgendaInput, promises: readonly PromiseMade[]): Candidate[] {
  return promises
    .filter((promise) => promise.resolvedAt === undefined)
    .map((promise) => ({
      kind: 'CHECK_PROMISE',
      key: keys.promiseResolved(promise.id),
      at: at(promise.dueOn, input.product.collections.promise.checkAt),
      businessDate: promise.dueOn,
      stopsForHold: false,
      wanted: () => `see whether the promise for ${promise.dueOn} was kept`,
    }));
}

/**
 * The collection ladder of each due date that may become the oldest unpaid one. A step is wanted when,
 * on its date, the loan is late since exactly that due date; an open promise silences the steps
 * between its making and its check.
 */
function ladder(
  input: AgendaInput,
  rows: readonly AccountInstallment[],
  recorded: ReadonlySet<string>,
  promises: readonly PromiseMade[],
): Candidate[] {
  const { collections } = input.product;
  const promised = (moment: Instant) =>
    promises.some((promise) => promise.madeAt <= moment && moment < (promise.resolvedAt ?? at(promise.dueOn, collections.promise.checkAt)));
  const chargedOff = input.events.some((event) => event.kind === 'CHARGED_OFF');
  return rows.flatMap((row) =>
    collections.ladder.flatMap((step): Candidate[] => {
      const isContact = step.action !== 'CHARGE_OFF';
      const key = isContact ? keys.contact(row.dueOn, step.daysPastDue) : 'charge-off';
      const date = addDays(row.dueOn, step.daysPastDue);
      const moment = at(date, collections.at);
      if (recorded.has(key) || (isContact && promised(moment)) || (!isContact && chargedOff)) return [];
      return [
        {
          kind: isContact ? 'CONTACT' : 'CHARGE_OFF',
          key,
          dueOn: row.dueOn,
          installment: row.number,
          daysPastDue: step.daysPastDue,
          at: moment,
          businessDate: date,
          stopsForHold: true,
          contact: isContact,
          ...(step.action === 'CHARGE_OFF' ? {} : { action: step.action }),
          wanted: (account) => {
            if (overdueSinceOn(account, date) !== row.dueOn) return undefined;
            return `${isContact ? step.action : 'charge off'} at ${String(step.daysPastDue)} days past due`;
          },
        },
      ];
    }),
  );
}

/**
 * The moment up to which the loan has decided: what lies before it was performed or was not wanted. A contact counts
 * by the time that its ladder names, not by the lawful moment to which it was moved: what was missed meanwhile is still to be done.
 */
export function decidedUpTo(events: readonly LoanEvent[], contactsAt: string): Instant | undefined {
  let latest: Instant | undefined;
  for (const event of events) {
    const planned =
      event.kind === 'CONTACTED' ? at(event.businessDate, contactsAt) : 'plannedAt' in event.data ? event.data.plannedAt : undefined;
    if (planned !== undefined && (latest === undefined || planned > latest)) latest = planned;
  }
  return latest;
}

/** Every candidate that is not behind the loan, earliest first. `rows` are the account's installments, restructured ones included. */
export function candidates(input: AgendaInput, rows: readonly AccountInstallment[]): Candidate[] {
  const recorded = new Set(input.events.map((event) => event.key));
  const promises = promisesOf(input.events);
  const decided = decidedUpTo(input.events, input.product.collections.at);
  const all = [
    ...reminders(input, rows, recorded),
    ...debits(input, rows, recorded),
    ...promiseChecks(input, promises),
    ...ladder(input, rows, recorded, promises),
  ];
  return all
    .filter((candidate) => decided === undefined || candidate.kind === 'CHECK_PROMISE' || candidate.at >= decided)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : (PRIORITY[a.kind] ?? 9) - (PRIORITY[b.kind] ?? 9)));
}
