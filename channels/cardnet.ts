import type { CodeTable } from './code-table-channel';

/** Card network: 00 on sending means accepted, not done; only a query tells. 03–05 are in doubt by the network's own rules. */
export const cardnet: CodeTable = {
  name: 'cardnet',
  send: {
    '00': 'accepted',
    '03': 'accepted',
    '04': 'accepted',
    '05': 'accepted',
    '14': 'refused',
    '51': 'refused',
    '57': 'refused',
    '61': 'later',
    '96': 'later',
  },
  query: { '00': 'succeeded', '05': 'accepted', '14': 'refused', '51': 'refused', '57': 'refused', '34': 'not-found' },
  close: { C0: 'closed', '00': 'succeeded', '05': 'accepted' },
  retryAfterSeconds: 600,
};
