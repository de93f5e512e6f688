import type { CodeTable } from './code-table-channel';

/** Third-party wallet: answers at once when it can; NOT_FOUND is not a failure; balance and rate limits come back later. */
export const wallet: CodeTable = {
  name: 'wallet',
  send: {
    SUCCESS: 'succeeded',
    PROCESSING: 'accepted',
    ACCOUNT_CLOSED: 'refused',
    NO_FUNDS: 'refused',
    RISK_REJECTED: 'refused',
    NOT_ENOUGH: 'later',
    FREQUENCY_LIMITED: 'later',
  },
  query: {
    SUCCESS: 'succeeded',
    PROCESSING: 'accepted',
    ACCOUNT_CLOSED: 'refused',
    NO_FUNDS: 'refused',
    RISK_REJECTED: 'refused',
    NOT_FOUND: 'not-found',
  },
  close: { CLOSED: 'closed', SUCCESS: 'succeeded', PROCESSING: 'accepted' },
  retryAfterSeconds: 300,
};
