import { defineSearchAttributeKey } from '@temporalio/common';

/** What operators search loans by. Plain text in Temporal: statuses and dates only, never personal data. */
export const searchAttributes = {
  applicationStatus: defineSearchAttributeKey('ApplicationStatus', 'KEYWORD'),
  loanStatus: defineSearchAttributeKey('LoanStatus', 'KEYWORD'),
  delinquencyBucket: defineSearchAttributeKey('DelinquencyBucket', 'KEYWORD'),
  channel: defineSearchAttributeKey('Channel', 'KEYWORD'),
  nextDueOn: defineSearchAttributeKey('NextDueOn', 'DATETIME'),
  needsAttention: defineSearchAttributeKey('NeedsAttention', 'BOOL'),
} as const;

export const ALL_SEARCH_ATTRIBUTES = Object.values(searchAttributes);
