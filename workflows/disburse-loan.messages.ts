import { defineSignal } from '@temporalio/workflow';

/** An operator wants the channel to be asked now instead of at the next interval. */
export const queryNow = defineSignal('queryNow');
