import { workflowInfo } from '@temporalio/workflow';
import { addDays, businessDateOf, instant, type BusinessDate } from '../domain/time/dates';
import { batch } from './activity-options';
import { saying } from './details';

export interface CloseBusinessDayInput {
  /** Close every open day up to and including this one; by default yesterday. */
  readonly through?: BusinessDate;
}

/** Closes business days in order and catches up on missed ones. See docs/workflows/close-business-day.md. */
export async function closeBusinessDay(input: CloseBusinessDayInput = {}): Promise<{ closed: number }> {
  const through = input.through ?? addDays(businessDateOf(instant(workflowInfo().startTime)), -1);
  return saying(batch.closeThrough, `close every day up to ${through}`, { through });
}
