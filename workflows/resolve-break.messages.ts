import { defineSignal } from '@temporalio/workflow';

/** Something was decided or learned about the break: look again. */
export const breakChanged = defineSignal('breakChanged');
