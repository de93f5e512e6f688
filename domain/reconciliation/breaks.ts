import { addDays, type BusinessDate } from '../time/dates';

/**
 * Reconciliation breaks: where channel file, bank statement and our books differ. Codes follow the field's
 * break table; each names who works on it, how many days it may take, and whether it stops a route or the
 * daily close.
 */
export const BREAK_CODES = {
  /** 长款: the channel has a movement that is not ours. */
  LONG: { owner: 'finance', slaDays: 3, urgent: false, meaning: 'the channel moved money that no payment of ours explains' },
  /** 短款: we have a success that the channel's file does not show. */
  SHORT: { owner: 'finance', slaDays: 3, urgent: false, meaning: 'our success is missing in the file after the next day’s file' },
  /** 跨日: missing on our date, expected in the neighbouring file. */
  CUTOFF: { owner: 'finance', slaDays: 1, urgent: false, meaning: 'our success is not in this day’s file: it may stand in the next one' },
  AMOUNT: { owner: 'finance', slaDays: 1, urgent: false, meaning: 'amounts differ' },
  FEE: { owner: 'finance', slaDays: 7, urgent: false, meaning: 'the fee differs from the agreed table' },
  /** Ours is open, the file has it booked: completes itself. */
  CONFIRMED_BY_FILE: { owner: 'payments', slaDays: 1, urgent: false, meaning: 'our payment was open, the file shows it booked' },
  PAID_AFTER_FAILURE: { owner: 'payments', slaDays: 1, urgent: true, meaning: 'the channel moved money for a payment that it had refused' },
  FAILED_AFTER_SUCCESS: { owner: 'payments', slaDays: 1, urgent: true, meaning: 'the file lists our success as failed' },
  DUPLICATE: { owner: 'payments', slaDays: 1, urgent: true, meaning: 'the file lists one number twice' },
  RETURNED: { owner: 'payments', slaDays: 1, urgent: false, meaning: 'a payment came back' },
  PARTY: { owner: 'payments', slaDays: 1, urgent: true, meaning: 'the other side’s account differs' },
  VALUE_DATE: { owner: 'payments', slaDays: 1, urgent: true, meaning: 'the channel dates the payment before its order or far ahead' },
  FILE: { owner: 'payments', slaDays: 1, urgent: false, meaning: 'the day’s file is late, missing, or was refused' },
  BANK: { owner: 'finance', slaDays: 1, urgent: false, meaning: 'the bank statement’s net differs from the channel file’s' },
  INTERNAL: { owner: 'engineering', slaDays: 1, urgent: true, meaning: 'ledger, sub-ledger and loans differ: the day cannot close' },
} as const satisfies Record<string, { owner: string; slaDays: number; urgent: boolean; meaning: string }>;

export type BreakCode = keyof typeof BREAK_CODES;

/** The day by which a break has to be closed. */
export function dueOn(code: BreakCode, openedOn: BusinessDate): BusinessDate {
  return addDays(openedOn, BREAK_CODES[code].slaDays);
}

/** Ages at which suspense is reported: 1, 3 and 7 days. */
export const SUSPENSE_AGES = [1, 3, 7] as const;
