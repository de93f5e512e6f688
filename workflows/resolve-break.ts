import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { epochMs, type Instant } from '../domain/dates';
import { asker, database } from './activity-options';
import { BusinessTime } from './business-time';
import { breakChanged } from './resolve-break.messages';

export interface ResolveBreakInput {
  readonly breakId: string;
  readonly now: Instant;
}

/** Works a reconciliation break to its end: recall, questions, age, SLA. See docs/workflows/resolve-break.md. */
export async function resolveBreak(input: ResolveBreakInput): Promise<string> {
  const time = new BusinessTime(input.now);
  let isChanged = false;
  setHandler(breakChanged, () => {
    isChanged = true;
  });
  for (;;) {
    isChanged = false;
    const step = await database.advanceBreak({ breakId: input.breakId, at: time.now() });
    if (step.next === 'DONE') return step.state;
    setCurrentDetails(step.summary);
    const call = { breakId: input.breakId, at: time.now() };
    if (step.next === 'WAIT') await condition(() => isChanged, Math.max(1_000, epochMs(step.until) - Date.now()));
    else if (step.next === 'RECALL') await asker(step.channel).recallForBreak(call);
    else await asker(step.channel).askForBreak(call);
  }
}
