import { factsInForce } from './account/facts';
import type { Account, LoanFact } from './account';
import { addDays, at, businessDateOf, type BusinessDate, type Instant } from '../time/dates';
import { keys } from '../keys';
import { debitMoment, type Candidate } from './agenda-candidates';
import type { AgendaInput } from './appointment';

/** A borrower's withdrawal after the payout: from when, and until when they may pay back. */
export interface Withdrawal {
  readonly from: BusinessDate;
  readonly until: BusinessDate;
}

/** The withdrawal that is in force on a day; undefined where there is none, or its time to pay back is over. */
export function withdrawalInForce(facts: readonly LoanFact[], on: BusinessDate): Withdrawal | undefined {
  const found = factsInForce(facts, on).findLast((fact) => fact.type === 'WITHDRAWAL');
  if (found?.type !== 'WITHDRAWAL' || on > found.until) return undefined;
  return { from: found.valueDate, until: found.until };
}

/** Days after the withdrawal on which its money is asked for: soon at first, then every week. */
const ASK_DAYS = [0, 1, 2, 4, 7, 10, 14] as const;
const WEEK = 7;

function datesOf({ from, until }: Withdrawal): BusinessDate[] {
  const dates: BusinessDate[] = [];
  for (let index = 0; ; index += 1) {
    const last = ASK_DAYS.at(-1) ?? 0;
    const date = addDays(from, ASK_DAYS[index] ?? last + (index - ASK_DAYS.length + 1) * WEEK);
    // The last day but one: what is booked a day later is still in time.
    if (date >= until) return [...dates, addDays(until, -1)];
    dates.push(date);
  }
}

/**
 * What unwinds a loan whose borrower has withdrawn: debits of what is to be paid back, one a day at most, each under its own
 * date whenever it is performed. What is due by the schedule, reminders and contacts rest meanwhile.
 */
export function withdrawalDebits(input: AgendaInput, withdrawal: Withdrawal): Candidate[] {
  const recorded = new Set(input.events.map((event) => event.key));
  const taken = new Set(input.instructions.filter((each) => each.direction === 'DEBIT').map((each) => each.businessDate));
  const today = businessDateOf(input.now);
  const all = datesOf(withdrawal);
  // Of the days that have passed only the latest is asked for: a loan that wakes late asks once.
  const latest = all.findLast((date) => date <= today);
  return all
    .filter((date) => (latest === undefined || date >= latest) && !taken.has(date) && !recorded.has(keys.debitDay(date)))
    .map((date): Candidate => ({
      kind: 'DEBIT',
      key: keys.debitDay(date),
      at: debitMoment(input, date),
      businessDate: date,
      stopsForHold: true,
      wanted: (account: Account) => (account.payoff.total > 0 ? 'withdrawn: collect principal and the interest of the days' : undefined),
    }));
}

/** When the time to pay back is over, and the contract goes on. */
export const withdrawalEnds = ({ until }: Withdrawal): Instant => at(addDays(until, 1), '00:00');
