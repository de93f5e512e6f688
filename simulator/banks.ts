/** Three banks with different words for the same things, as real ones have. */
export interface Bank {
  readonly name: string;
  /** true: a new payment is only taken in; it is done when it is first asked about. */
  readonly doneOnQuery: boolean;
  readonly codes: {
    readonly done: string;
    readonly taken: string;
    readonly refused: string;
    readonly noFunds: string;
    readonly noBalance: string;
    readonly rateLimited: string;
    readonly notFound: string;
    readonly closed: string;
  };
}

export const BANKS: readonly Bank[] = [
  {
    name: 'wallet',
    doneOnQuery: false,
    codes: {
      done: 'SUCCESS',
      taken: 'PROCESSING',
      refused: 'ACCOUNT_CLOSED',
      noFunds: 'NO_FUNDS',
      noBalance: 'NOT_ENOUGH',
      rateLimited: 'FREQUENCY_LIMITED',
      notFound: 'NOT_FOUND',
      closed: 'CLOSED',
    },
  },
  {
    name: 'cardnet',
    doneOnQuery: true,
    codes: { done: '00', taken: '00', refused: '14', noFunds: '51', noBalance: '61', rateLimited: '96', notFound: '34', closed: 'C0' },
  },
  {
    name: 'bankdirect',
    doneOnQuery: true,
    codes: {
      done: 'ACSC',
      taken: 'PDNG',
      refused: 'RJCT',
      noFunds: 'AM04',
      noBalance: 'LIMT',
      rateLimited: 'LIMT',
      notFound: 'NOTF',
      closed: 'CNCL',
    },
  },
];
