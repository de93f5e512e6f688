import { LoanloomError } from './errors';

/**
 * The state machines, as data: the type system, this table and a database trigger generated from it
 * (see migrations) all refuse the same jumps.
 */
export const APPLICATION_TRANSITIONS = {
  DRAFT: ['SUBMITTED', 'WITHDRAWN', 'EXPIRED'],
  SUBMITTED: ['KYC_PENDING', 'WITHDRAWN'],
  /** Back to its borrower where consents were not kept yet when it was submitted. */
  KYC_PENDING: ['DECISION_PENDING', 'DECLINED', 'DRAFT', 'WITHDRAWN'],
  DECISION_PENDING: ['OFFERED', 'FOUR_EYES', 'DECLINED', 'WITHDRAWN'],
  /** Back to its borrower, for another round, while nothing is accepted: a changed answer makes a new decision. */
  FOUR_EYES: ['OFFERED', 'DECLINED', 'DRAFT', 'WITHDRAWN', 'EXPIRED'],
  OFFERED: ['DRAFT', 'REFLECTION_PERIOD', 'AWAITING_SIGNATURE', 'WITHDRAWN', 'EXPIRED'],
  REFLECTION_PERIOD: ['AWAITING_SIGNATURE', 'READY_TO_DISBURSE', 'WITHDRAWN'],
  AWAITING_SIGNATURE: ['SIGNED', 'WITHDRAWN', 'EXPIRED'],
  SIGNED: ['REFLECTION_PERIOD', 'READY_TO_DISBURSE', 'WITHDRAWN'],
  /** Withdrawn while its payout has not begun. */
  READY_TO_DISBURSE: ['DISBURSED', 'WITHDRAWN'],
  DISBURSED: [],
  DECLINED: [],
  WITHDRAWN: [],
  EXPIRED: [],
} as const;

/** Fineract's loan statuses; delinquency is a tag derived by the fold, not a status. */
export const LOAN_TRANSITIONS = {
  APPROVED: ['ACTIVE', 'REJECTED'],
  /** Back to APPROVED when the payout came back: the loan was never paid out after all. */
  ACTIVE: ['CLOSED_OBLIGATIONS_MET', 'OVERPAID', 'CLOSED_WRITTEN_OFF', 'APPROVED'],
  OVERPAID: ['CLOSED_OBLIGATIONS_MET', 'ACTIVE', 'CLOSED_WRITTEN_OFF'],
  /** Open again when a payment came back, or when money arrived that is the borrower's. */
  CLOSED_OBLIGATIONS_MET: ['ACTIVE', 'OVERPAID'],
  CLOSED_WRITTEN_OFF: ['ACTIVE', 'OVERPAID'],
  REJECTED: [],
} as const;

/** A payment instruction: our intent to move money once. MANUAL = past its SLA, a person has the case; queries go on. */
export const INSTRUCTION_TRANSITIONS = {
  CREATED: ['AUTHORIZED', 'FAILED'],
  AUTHORIZED: ['IN_FLIGHT', 'FAILED'],
  IN_FLIGHT: ['SUCCEEDED', 'FAILED', 'MANUAL'],
  MANUAL: ['SUCCEEDED', 'FAILED', 'IN_FLIGHT'],
  FAILED: ['AUTHORIZED'],
  SUCCEEDED: ['RETURNED'],
  RETURNED: [],
} as const;

/** One sending over one channel. Terminal states never downgrade, save SUCCEEDED → RETURNED. */
export const ATTEMPT_TRANSITIONS = {
  SENDING: ['ACCEPTED', 'UNKNOWN', 'SUCCEEDED', 'FAILED'],
  ACCEPTED: ['UNKNOWN', 'SUCCEEDED', 'FAILED'],
  UNKNOWN: ['ACCEPTED', 'SUCCEEDED', 'FAILED'],
  SUCCEEDED: ['RETURNED'],
  FAILED: [],
  RETURNED: [],
} as const;

/** A reconciliation break. PROPOSED: one operator has proposed how to clear it, another has to approve. */
export const BREAK_TRANSITIONS = {
  OPEN: ['PROPOSED', 'HEALED'],
  PROPOSED: ['OPEN', 'CLEARED', 'HEALED'],
  HEALED: [],
  CLEARED: [],
} as const;

export type BreakState = keyof typeof BREAK_TRANSITIONS;
export type ApplicationStatus = keyof typeof APPLICATION_TRANSITIONS;
export type LoanStatus = keyof typeof LOAN_TRANSITIONS;
export type InstructionState = keyof typeof INSTRUCTION_TRANSITIONS;
export type AttemptState = keyof typeof ATTEMPT_TRANSITIONS;

type Table = Readonly<Record<string, readonly string[]>>;

/** The states that `From` may move to: `transition(APPLICATION_TRANSITIONS, 'DRAFT', 'OFFERED')` does not compile. */
export type NextOf<T extends Table, From extends keyof T> = T[From][number];

/** `to`, when the table allows the step; ILLEGAL_TRANSITION otherwise (for values that only the run time knows). */
export function transition<T extends Table, From extends keyof T & string, To extends NextOf<T, From>>(table: T, from: From, to: To): To {
  assertTransition(table, from, to);
  return to;
}

export function canTransition(table: Table, from: string, to: string): boolean {
  return table[from]?.includes(to) ?? false;
}

export function assertTransition(table: Table, from: string, to: string): void {
  if (!canTransition(table, from, to)) {
    throw new LoanloomError('ILLEGAL_TRANSITION', `${from} cannot become ${to}`, { from, to });
  }
}

const statesOf = <T extends Table>(table: T): (keyof T & string)[] => Object.keys(table);

/** Applications whose workflow has ended: nothing follows, or the loan has taken over. */
export const ENDED_APPLICATIONS: readonly ApplicationStatus[] = [
  'READY_TO_DISBURSE',
  ...statesOf(APPLICATION_TRANSITIONS).filter((status) => isTerminal(APPLICATION_TRANSITIONS, status)),
];

/** Instructions that are not decided yet. */
export const OPEN_INSTRUCTIONS: readonly InstructionState[] = ['CREATED', 'AUTHORIZED', 'IN_FLIGHT', 'MANUAL'];

/** Attempts without a final outcome: the money may be on its way. */
export const OPEN_ATTEMPTS: readonly AttemptState[] = ['SENDING', 'ACCEPTED', 'UNKNOWN'];

/** Attempts that moved money, whether or not it came back. */
export const PAID_ATTEMPTS: readonly AttemptState[] = ['SUCCEEDED', 'RETURNED'];

/** Loans whose workflow runs; every other loan's has ended. */
export const OPEN_LOANS: readonly LoanStatus[] = ['APPROVED', 'ACTIVE', 'OVERPAID'];

/** States from which nothing follows. */
export function isTerminal(table: Table, state: string): boolean {
  return (table[state]?.length ?? 0) === 0;
}
