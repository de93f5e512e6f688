import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Verdict } from '../services/commands';
import type { CommandMessage } from './inbox';

/** Updates of an application: each names a stored command; the verdict says whether it was applied. */
export const applicationUpdates = {
  SAVE_STEP: defineUpdate<Verdict, [CommandMessage]>('saveStep'),
  SUBMIT: defineUpdate<Verdict, [CommandMessage]>('submit'),
  ACCEPT_OFFER: defineUpdate<Verdict, [CommandMessage]>('acceptOffer'),
  CANCEL: defineUpdate<Verdict, [CommandMessage]>('cancel'),
  SIGN: defineUpdate<Verdict, [CommandMessage]>('sign'),
  REVIEW: defineUpdate<Verdict, [CommandMessage]>('review'),
  REOPEN: defineUpdate<Verdict, [CommandMessage]>('reopen'),
} as const;

export const APPLICATION_UPDATE_DESCRIPTIONS: Readonly<Record<keyof typeof applicationUpdates, string>> = {
  SAVE_STEP: 'A step of the application form was saved',
  SUBMIT: 'The borrower submits the application',
  ACCEPT_OFFER: 'The borrower accepts the offer',
  CANCEL: 'The application is cancelled, free of charge',
  SIGN: 'The borrower signs the contract',
  REVIEW: 'An operator approves, declines or sends back a referred application',
  REOPEN: 'The borrower changes what they entered; what was decided is void',
};

/** For debugging only; products read Postgres. */
export const getApplicationStatus = defineQuery<string>('getApplicationStatus');
