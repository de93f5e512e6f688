import type { CodeTable } from './code-table-channel';

/** Direct bank link with ISO 20022 status codes: ACSC is settled, RJCT refused, PDNG and ACSP open. */
export const bankdirect: CodeTable = {
  name: 'bankdirect',
  send: { ACSC: 'succeeded', ACSP: 'accepted', PDNG: 'accepted', RJCT: 'refused', AM04: 'refused', LIMT: 'later' },
  query: { ACSC: 'succeeded', ACSP: 'accepted', PDNG: 'accepted', RJCT: 'refused', AM04: 'refused', NOTF: 'not-found' },
  close: { CNCL: 'closed', ACSC: 'succeeded', PDNG: 'accepted' },
  retryAfterSeconds: 900,
};
