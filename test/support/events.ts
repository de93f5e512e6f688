import type { LoanEvent } from '../../domain/loan/loan-events';

/** An event that holds what a test is about and not always all that its kind has: the agenda reads no more. */
export const anEvent = (event: Omit<LoanEvent, 'data'> & { readonly data: object }): LoanEvent => event as LoanEvent;
