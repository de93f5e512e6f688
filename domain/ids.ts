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

/** Task queues, one per group of systems, so that each can become a worker fleet of its own (design §5). */
export const taskQueues = {
  loans: 'loans',
  /** Of workflows that began before each source had a queue of its own. */
  identity: 'identity',
  signature: 'signature',
  identitySource: (check: string) => `identity-${check.toLowerCase().replaceAll('_', '-')}`,
  collections: 'collections',
  batch: 'batch',
  channel: (name: string) => `channel-${name}`,
} as const;
