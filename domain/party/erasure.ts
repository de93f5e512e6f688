import { isTerminal, APPLICATION_TRANSITIONS, OPEN_LOANS, type ApplicationStatus, type LoanStatus } from '../states';
import { monthsFromAnchor, type BusinessDate } from '../time/dates';

/** How long what was done for a customer has to be kept after the business ended: ten years (Anti-Money-Laundering Law of 2024, art. 34). */
const RETENTION_MONTHS = 120;

/** What there is about a person, as far as it decides when their data may go. */
export interface Dealings {
  readonly applications: readonly { readonly id: string; readonly status: ApplicationStatus }[];
  readonly loans: readonly { readonly id: string; readonly status: LoanStatus; readonly endedOn: BusinessDate | null }[];
  readonly today: BusinessDate;
}

export type ErasurePlan =
  /** Something goes on that needs the data: `what` names it. */
  | { readonly kind: 'NOT_YET'; readonly what: string }
  /** Locked now, erased on a day: today where nothing has to be kept. */
  | { readonly kind: 'ERASE'; readonly on: BusinessDate; readonly why: string };

/**
 * When a person's data may be erased who asks for it (PIPL art. 47): never while something goes on; for who had a loan, when
 * the law's time of keeping is over; for everybody else at once. An application goes on until it has ended, or is a loan.
 */
export function planErasure({ applications, loans, today }: Dealings): ErasurePlan {
  const lent = new Set(loans.map(({ id }) => id));
  const open = applications.find(({ id, status }) => !lent.has(id) && !isTerminal(APPLICATION_TRANSITIONS, status));
  if (open) return { kind: 'NOT_YET', what: `application ${open.id} is ${open.status}` };
  const running = loans.find(({ status }) => OPEN_LOANS.includes(status));
  if (running) return { kind: 'NOT_YET', what: `loan ${running.id} is ${running.status}` };
  const ends = loans.map(({ endedOn }) => endedOn ?? today).sort();
  const last = ends.at(-1);
  if (last === undefined) return { kind: 'ERASE', on: today, why: 'nothing of it has to be kept' };
  return { kind: 'ERASE', on: monthsFromAnchor(last, RETENTION_MONTHS), why: 'a loan’s records are kept for ten years after its end' };
}
