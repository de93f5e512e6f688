import { LoanloomError } from './errors';

/**
 * Identities. An application and the loan that it becomes share one id, so `application-<id>` and
 * `loan-<id>` are the two chapters of one life and the loan's id is known before it exists.
 */
export type LoanId = string & { readonly __brand: 'LoanId' };
export type BorrowerId = string & { readonly __brand: 'BorrowerId' };

const ID = /^[0-9a-z][0-9a-z-]{1,47}$/;

function checked(text: string, what: string): string {
  if (!ID.test(text))
    throw new LoanloomError('VALIDATION', `a ${what} id has 2 to 48 lower-case letters, digits and hyphens`, { path: `${what}Id` });
  return text;
}

export function loanId(text: string): LoanId {
  return checked(text, 'loan') as LoanId;
}

export function borrowerId(text: string): BorrowerId {
  return checked(text, 'borrower') as BorrowerId;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new loan id from 12 random bytes (the caller's; 60 bits are used): short enough for channels' order numbers, no letters that look alike. */
export function loanIdFrom(random: Uint8Array): LoanId {
  return loanId([...random.slice(0, 12)].map((byte) => ALPHABET[byte % 32] ?? '0').join(''));
}

/** Temporal workflow ids: business identity only, never a clock, a run id or a random number (design §3). */
export const workflowIds = {
  application: (id: string) => `application-${id}`,
  loan: (id: string) => `loan-${id}`,
  disbursement: (instructionId: string) => `disbursement-${instructionId}`,
  /** A question about it has an id of its own, and so has a presenting after it gave way to another payment. */
  debit: (
    id: string,
    date: string,
    presentment: number,
    more: { query?: number | undefined; round?: number | undefined; resume?: number | undefined } = {},
  ) =>
    `debit-${id}-${date}-${String(presentment)}${more.round ? `-w${String(more.round)}` : ''}${more.resume === undefined ? '' : `-r${String(more.resume)}`}${more.query === undefined ? '' : `-q${String(more.query)}`}`,
  reconciliation: (channel: string, date: string) => `reconciliation-${channel}-${date}`,
  break: (id: string) => `break-${id}`,
  close: (date: string, revision = 0) => (revision === 0 ? `close-${date}` : `close-${date}-r${String(revision)}`),
} as const;

/** How the ids of payments begin, by direction. */
export const PAYMENT_PREFIX = { payout: 'payout-', debit: 'debit-', refund: 'refund-' } as const;

/** Business keys (design §4): UNIQUE in the database, the same however often the step is repeated. */
export const keys = {
  payoutInstruction: (id: string, approval: number) => `${PAYMENT_PREFIX.payout}${id}-${String(approval)}`,
  debitInstruction: (id: string, date: string, presentment: number) => `${PAYMENT_PREFIX.debit}${id}-${date}-${String(presentment)}`,
  refundInstruction: (id: string, serial: number) => `${PAYMENT_PREFIX.refund}${id}-${String(serial)}`,
  /** The channel's order number: at most 35 characters (ISO 20022 EndToEndId). */
  attemptNumber: (instructionId: string, attempt: number) =>
    `${instructionId.replace(/(\d{4})-(\d\d)-(\d\d)/, '$1$2$3')}a${String(attempt)}`,
  disbursement: (instructionId: string) => `disbursement:${instructionId}`,
  repayment: (instructionId: string) => `repayment:${instructionId}`,
  refund: (instructionId: string) => `refund:${instructionId}`,
  /** The fact that a payment came back. */
  returned: (number: string) => `returned:${number}`,
} as const;

/** Task queues, one per group of systems, so that each can become a worker fleet of its own (design §5). */
export const taskQueues = {
  loans: 'loans',
  identity: 'identity',
  collections: 'collections',
  batch: 'batch',
  channel: (name: string) => `channel-${name}`,
} as const;
